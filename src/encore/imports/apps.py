from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "encore.imports"
    label = "imports"
