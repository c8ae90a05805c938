from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "encore.people"
    label = "people"
    records = (
        "person.invited", "person.joined", "person.appointed", "post.ended", "promoter.admitted", "promoter.assigned",
        "promoter.assignment_ended", "qualification.recorded", "handler.appointed", "handler.ended",
    )  # fmt: skip

    def ready(self) -> None:
        from encore.accounts.models import User  # noqa: PLC0415 - models can be imported only now
        from encore.accounts.rights import Sight, may, sight  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.people import queries  # noqa: PLC0415
        from encore.people.models import Assignment  # noqa: PLC0415
        from encore.search.register import register as search  # noqa: PLC0415
        from encore.web.navigation import Way  # noqa: PLC0415
        from encore.web.navigation import register as register_way  # noqa: PLC0415

        register(Noun("person", User, _("person"), "people:person", queries.visible_to))
        search("person", queries.searched, User.objects.all)
        register_way(Way("people", _("People"), "people:list", "people", 80, lambda user: may("people.invite", user)))
        register(Noun("assignment", Assignment, _("assignment"), "people:assignment", queries.assignments_visible_to))
        register_way(
            Way(
                "promoters",
                _("Promoters"),
                "people:promoters",
                "promoters",
                60,
                lambda user: sight("assignment", user) != Sight.WITHHELD and user.post != "promoter",
            )
        )
        register_way(Way("sight", _("Who sees what"), "people:sight", "sight", 90, lambda user: True))
