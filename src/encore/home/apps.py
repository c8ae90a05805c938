from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "encore.home"
    label = "home"
