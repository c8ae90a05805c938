from django.urls import path

from encore.jobs import views

app_name = "jobs"
urlpatterns = [
    path("jobs/", views.waiting, name="waiting"),
    path("jobs/let-out/", views.let_out, name="let-out"),
    path("jobs/<int:job>/", views.decide, name="decide"),
]
