from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    name = "encore.statistics"
    label = "statistics"
