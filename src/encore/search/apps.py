from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "encore.search"
    label = "search"
