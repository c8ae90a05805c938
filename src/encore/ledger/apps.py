from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class LedgerConfig(AppConfig):
    name = "encore.ledger"
    label = "ledger"
    records = ("event.annulled", "event.annulment_asked")

    def ready(self) -> None:
        autodiscover_modules("tasks")  # where packages say which events they want to hear of
