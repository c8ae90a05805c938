from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RunningConfig(AppConfig):
    name = "encore.running"
    label = "running"

    def ready(self) -> None:
        from encore.accounts.rights import may  # noqa: PLC0415 - models can be imported only now
        from encore.web import navigation  # noqa: PLC0415

        navigation.register(
            navigation.Way(
                "running",
                _("How the house runs"),
                "running:overview",
                "running",
                85,
                lambda user: may("running.look_after", user),
            )
        )
