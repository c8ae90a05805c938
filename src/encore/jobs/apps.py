from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "encore.jobs"
    label = "jobs"
