from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "encore.channels"
    label = "channels"
