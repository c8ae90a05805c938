"""The pages of the desk, one beside the other."""

from collections.abc import Iterator
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.accounts.rights import may
from encore.web.tables import Text

_TABS: Final = (
    ("queue", _("What burns next"), ""),
    ("every", _("All complaints"), ""),
    ("register", _("Take a complaint in"), "complaints.receive"),
    ("board", _("By stage"), ""),
    ("handover", _("Handover"), "complaints.hand_over"),
    ("supervise", _("People"), "complaints.supervise"),
    ("hand-on", _("Absence"), "complaints.hand_on"),
    ("phrases", _("Phrases"), "complaints.take_up"),
    ("paper", _("Forms on paper"), "complaints.reserve_paper"),
    ("review", _("Review"), "complaints.take_up"),
)


def tabs(user: User, here: str) -> list[tuple[Text, str, bool]]:
    """Those that this person may open: what each is called, where it is, and whether it is the present one."""
    return list(_tabs(user, here))


def _tabs(user: User, here: str) -> Iterator[tuple[Text, str, bool]]:
    for name, label, act in _TABS:
        if not act or may(act, user):
            yield label, reverse(f"complaints:{name}"), name == here
