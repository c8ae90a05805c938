from django.urls import path

from encore.documents import views

app_name = "documents"
urlpatterns = [
    path("documents/", views.register, name="register"),
    path("documents/<slug:noun>/<str:reference>/", views.of_row, name="of-row"),
    path("documents/<slug:noun>/<str:reference>/<slug:document>.<slug:form>", views.paper, name="paper"),
]
