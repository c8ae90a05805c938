from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "encore.people"
    label = "people"
    records = ("person.invited", "person.joined", "person.appointed", "post.ended")

    def ready(self) -> None:
        from encore.accounts.models import User  # noqa: PLC0415 - models can be imported only now
        from encore.accounts.rights import may  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.people import queries  # noqa: PLC0415
        from encore.web.navigation import Way  # noqa: PLC0415
        from encore.web.navigation import register as register_way  # noqa: PLC0415

        register(Noun("person", User, _("person"), "people:person", queries.visible_to))
        register_way(Way("people", _("People"), "people:list", "people", 80, lambda user: may("people.invite", user)))
        register_way(Way("sight", _("Who sees what"), "people:sight", "sight", 90, lambda user: True))
