from django.urls import path

from encore.statistics import views

app_name = "statistics"
urlpatterns = [
    path("numbers/", views.methods, name="methods"),
    path("board/<str:reference>/kept/", views.kept, name="kept"),
]
