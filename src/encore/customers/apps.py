from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "encore.customers"
    label = "customers"
