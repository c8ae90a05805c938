from django.urls import path

from encore.imports import views

app_name = "imports"
urlpatterns = [
    path("imports/", views.batches, name="list"),
    path("imports/new/", views.upload, name="upload"),
    path("imports/template/", views.template, name="template"),
    path("imports/<str:reference>/", views.batch, name="batch"),
    path("imports/<str:reference>/sheet/", views.faulty, name="faulty"),
    path("imports/<str:reference>/<slug:name>/", views.act, name="act"),
]
