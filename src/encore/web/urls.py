from django.urls import path
from django.views.i18n import set_language

from encore.web import views

app_name = "web"
urlpatterns = [
    path("kit/", views.kit, name="kit"),
    path("theme/", views.set_theme, name="set-theme"),
    path("language/", set_language, name="set-language"),
]
