from django.urls import path

from encore.contracts import views

app_name = "contracts"
urlpatterns = [
    path("contracts/<str:reference>/text/", views.text, name="text"),
    path("contracts/<str:reference>/text.md", views.text_markdown, name="text-markdown"),
    path("editions/", views.editions, name="editions"),
    path("editions/<slug:id>/", views.edition, name="edition"),
    path("editions/<slug:id>/text.md", views.edition_markdown, name="edition-markdown"),
    path("editions/<slug:left>/compare/<slug:right>/", views.compared, name="compared"),
]
