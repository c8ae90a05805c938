from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "encore.accounts"
    label = "accounts"

    def ready(self) -> None:
        import encore.accounts.tasks  # noqa: F401, PLC0415 - work that comes again and again makes itself known
