from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "encore.documents"
    label = "documents"
