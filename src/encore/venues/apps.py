from django.apps import AppConfig


class VenuesConfig(AppConfig):
    name = "encore.venues"
    label = "venues"
