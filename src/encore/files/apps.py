from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "encore.files"
    label = "files"
