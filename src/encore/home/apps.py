from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    name = "encore.home"
    label = "home"

    def ready(self) -> None:
        from encore.accounts.models import User  # noqa: PLC0415 - models can be imported only now
        from encore.accounts.rights import Sight, may, sight  # noqa: PLC0415
        from encore.home import first_hour  # noqa: PLC0415
        from encore.web.navigation import Way, register  # noqa: PLC0415

        def may_begin(user: User) -> bool:
            return may("home.begin", user)

        def has_contracts(user: User) -> bool:
            return sight("contract", user) != Sight.WITHHELD

        register(Way("start", _("First steps"), "home:start", "start", 5, may_begin, only_while=first_hour.IS_ON))
        register(Way("board", _("Board"), "home:board", "board", 10, has_contracts))
