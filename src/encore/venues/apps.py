from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VenuesConfig(AppConfig):
    name = "encore.venues"
    label = "venues"
    records = (
        "venue.opened", "venue.changed", "hours.set", "shift.set", "shift.dropped", "room.opened", "room.closed_down",
        "room.renewed", "product.listed", "product.delisted", "session.opened", "session.closed",
    )  # fmt: skip

    def ready(self) -> None:
        from encore.accounts.models import User  # noqa: PLC0415 - models can be imported only now
        from encore.accounts.rights import Sight, sight  # noqa: PLC0415
        from encore.ledger.nouns import Noun, register  # noqa: PLC0415
        from encore.search.register import register as search  # noqa: PLC0415
        from encore.venues import queries  # noqa: PLC0415
        from encore.venues.models import Product, Room, RoomSession, Venue  # noqa: PLC0415
        from encore.web import navigation  # noqa: PLC0415

        register(Noun("venue", Venue, _("venue"), "venues:venue", queries.visible_to))
        register(Noun("room", Room, _("room"), "venues:room", queries.rooms_visible_to))
        search("room", queries.room_searched, queries.rooms_searched)
        register(Noun("product", Product, _("product"), "venues:product", queries.products_visible_to))
        register(Noun("room_session", RoomSession, _("room session"), "venues:session", queries.sessions_visible_to))

        def sees_venues(user: User) -> bool:
            return sight("venue", user) != Sight.WITHHELD

        navigation.register(navigation.Way("venues", _("Venue"), "venues:list", "venues", 40, sees_venues))
