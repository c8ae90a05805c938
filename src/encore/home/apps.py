from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    name = "encore.home"
    label = "home"

    def ready(self) -> None:
        from encore.accounts.models import User  # noqa: PLC0415 - models can be imported only now
        from encore.accounts.rights import Sight, sight  # noqa: PLC0415
        from encore.web.navigation import Way, register  # noqa: PLC0415

        def has_contracts(user: User) -> bool:
            return sight("contract", user) != Sight.WITHHELD

        register(Way("board", _("Board"), "home:board", "board", 10, has_contracts))
        register(Way("reminders", _("Reminders"), "home:reminders", "reminders", 15, has_contracts))
