from django.urls import path

from encore.contracts import views

app_name = "contracts"
urlpatterns = [
    path("contracts/<str:reference>/text/", views.text, name="text"),
    path("contracts/<str:reference>/text.md", views.text_markdown, name="text-markdown"),
    path("contracts/<str:reference>/record/", views.record, name="record"),
    path("contracts/<str:reference>/recordable/", views.recordable, name="recordable"),
    path("contracts/<str:reference>/happened/", views.happened, name="happened"),
    path("contracts/<str:reference>/matters/", views.matters, name="matters"),
    path("matters/<str:reference>/", views.matter, name="matter"),
    path("editions/", views.editions, name="editions"),
    path("editions/<slug:id>/", views.edition, name="edition"),
    path("editions/<slug:id>/text.md", views.edition_markdown, name="edition-markdown"),
    path("editions/<slug:left>/compare/<slug:right>/", views.compared, name="compared"),
]
