from django.urls import path

from encore.running import views

app_name = "running"
urlpatterns = [
    path("health/", views.monitor, name="monitor"),
    path("house/health/", views.overview, name="overview"),
]
