from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "encore.accounts"
    label = "accounts"
