from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "encore.approvals"
    label = "approvals"
