"""What is printed for the rooms of a house: cards whose picture leads guests to their room's page."""

from collections.abc import Iterable
from io import BytesIO
from typing import Final

import segno
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from encore.accounts.models import User
from encore.accounts.rights import Sight, sight
from encore.documents.paper import Paper
from encore.documents.register import Reader, document
from encore.venues.models import Room, Venue

_GUESTS: Final = ("zh-hans", "en")  # what cards are read in, whoever prints them
_TEMPLATE: Final = "venues/cards.typ"


def _runs_it(user: User) -> bool:
    return sight("room_session", user) == Sight.OWN


@document("room-cards", gettext_lazy("Cards for the rooms"), noun="venue", template=_TEMPLATE, may=_runs_it)
def cards(venue: Venue, reader: Reader) -> Paper:
    """A card for each room that is open, several on a page, to be cut apart."""
    return _paper(venue, venue.rooms.filter(is_active=True).order_by("code"), reader)


@document("room-card", gettext_lazy("Card for the room"), noun="room", template=_TEMPLATE, may=_runs_it)
def card(room: Room, reader: Reader) -> Paper:
    return _paper(room.venue, [room] if room.is_active else [], reader)


def _paper(venue: Venue, rooms: Iterable[Room], reader: Reader) -> Paper:
    entrance = f"{reader.site}{reverse('venues:enter')}"
    form = {
        "venue": venue.name,
        "address": venue.address,
        "entrance": entrance.partition("://")[2],
        "words": {language: _words(language) for language in _GUESTS},
        "none": _("No room is open: there is no card to print."),
        "cards": [
            {"room": room.label, "code": f"{room.short_code[:3]} {room.short_code[3:]}", "qr": _picture(room, reader)}
            for room in rooms
        ],
    }
    return Paper(title=_("Cards for the rooms"), organisation=venue.owner.name, form=form)


def _words(language: str) -> dict[str, str]:
    with override(language):
        return {
            "title": _("Something wrong? Tell us."),
            "use": _(
                "Scan to tell us what is wrong in your room, and to see what we do about it. You need no account."
            ),
            "typed": _("Or open {address} and type:"),
            "code": _("Code of your room"),
            "minors": _("No alcohol for anybody under 18."),
        }


def _picture(room: Room, reader: Reader) -> str:
    """Of level M, with its quiet zone of four modules."""
    drawn = BytesIO()
    address = f"{reader.site}{reverse('complaints:intake', args=[room.token])}"
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", border=4)
    return drawn.getvalue().decode()
