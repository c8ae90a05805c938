"""The lists of what people are told inside, and of what goes out."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.channels import queries
from encore.channels.models import TRANSPORTS, Inbox, Message, State
from encore.channels.wordings import wordings
from encore.engine import Edition
from encore.ledger.kinds import label_of
from encore.ledger.nouns import Key, Page, pages
from encore.ledger.queries import state_label
from encore.web import language
from encore.web.tables import Choice, Column, Days, Table, Text


class Item(NamedTuple):
    """What somebody was told, the page of what it is about, as far as they may see it, and the edition that names its duty."""

    told: Inbox
    page: Page | None
    edition: Edition | None

    @property
    def label(self) -> str:
        label = label_of(self.told.kind)
        if self.told.noun == "contract" and self.told.detail.isdecimal():
            return _("%(what)s: %(number)s at once") % {"what": label, "number": self.told.detail}
        return f"{label}: {state_label(self.told.detail)}" if self.told.kind == "duty.corrected" else label

    @property
    def duty(self) -> str:
        return language.duty_label(self.edition, self.told.duty) if self.edition and self.told.duty else ""

    @property
    def clause(self) -> str:
        duty = self.edition.duties.get(self.told.duty) if self.edition else None
        return duty.clause if duty else ""

    @property
    def is_missed(self) -> bool:
        return self.told.kind == "duty.breached"


def inbox(person: User) -> Table[Inbox, Item]:
    def load(rows: list[Inbox]) -> list[Item]:
        known = pages((Key(row.noun, row.noun_id) for row in rows), person)
        editions: Mapping[int, Edition] = queries.editions({row.contract for row in rows if row.contract and row.duty})
        return [
            Item(row, known.get(Key(row.noun, row.noun_id)), editions.get(row.contract) if row.contract else None)
            for row in rows
        ]

    return Table(
        name="inbox",
        caption=_("What you have been told"),
        sort="-at",
        columns=(
            Column("at", _("When"), lambda row: row.told.at, "moment", sort="at"),
            Column("what", _("What"), lambda row: row.label),
            Column(
                "about",
                _("About"),
                lambda row: row.page.reference if row.page else "",
                link=lambda row: row.page.url if row.page else "",
            ),
            Column("duty", _("Duty"), lambda row: row.duty),
            Column("read", _("Read"), lambda row: row.told.read_at, "moment"),
        ),
        filters=(
            Choice("kind", _("What"), _kinds(person), lambda kind: Q(kind=kind)),
            Days("at", _("When"), "at"),
        ),
        load=load,
    )


def _kinds(person: User) -> list[tuple[str, Text]]:
    return [(kind, label_of(kind)) for kind in queries.kinds_told(person)]


# --- outside ----------------------------------------------------------------------------------------------------------


class Outgoing(NamedTuple):
    """A message, and the page of what it is about, as far as the reader may see that."""

    message: Message
    page: Page | None
    is_owner: bool

    @property
    def title(self) -> str:
        return title_of(self.message)

    @property
    def to(self) -> str:
        """Shown to whom the message belongs to only."""
        return self.message.masked if self.is_owner else ""


def title_of(message: Message) -> str:
    known = wordings().get(message.wording)
    return language.reading(known.titles) if known else str(_("Message that came in"))


REASONS: Final[Mapping[str, Text]] = {
    "no_address": _("there is no address for this way"),
    "opted_out": _("the recipient wants no more of these"),
    "too_late": _("it would have come too late"),
    "quiet_hours": _("it would have come too late, after the quiet hours"),
    "recipient_limit": _("the recipient has had as many as one may have"),
    "ceiling": _("the ceiling for a day was reached"),
    "not_taken": _("the other side would not take it"),
    "not_reached": _("the other side could not be reached, however often it was tried"),
    "broke_off": _("it broke off on its way, and did not go out"),
    "provider": _("the provider says that it did not arrive"),
}


def messages(user: User) -> Table[Message, Outgoing]:
    def load(rows: list[Message]) -> list[Outgoing]:
        known = pages((Key(row.noun, row.noun_id) for row in rows if row.noun_id), user)
        return [
            Outgoing(
                row,
                known.get(Key(row.noun, row.noun_id)) if row.noun_id else None,
                row.owner_id == user.organisation_id,
            )
            for row in rows
        ]

    return Table(
        name="messages",
        caption=_("Messages"),
        sort="-queued",
        columns=(
            Column(
                "number",
                _("Number"),
                lambda row: row.message.reference,
                link=lambda row: reverse("channels:message", args=[row.message.reference]),
            ),
            Column("queued", _("Queued"), lambda row: row.message.queued_at, "moment", sort="queued_at"),
            Column("what", _("What"), lambda row: row.title),
            Column(
                "about",
                _("About"),
                lambda row: row.page.reference if row.page else "",
                link=lambda row: row.page.url if row.page else "",
            ),
            Column("transport", _("Way"), lambda row: row.message.get_transport_display()),
            Column("to", _("Recipient"), lambda row: row.to),
            Column("state", _("State"), lambda row: row.message.get_state_display(), "badge"),
            Column("reason", _("Why not"), lambda row: REASONS.get(row.message.reason, ""), is_shown=False),
            Column("sent", _("Sent"), lambda row: row.message.sent_at, "moment", is_shown=False),
            Column("cost", _("Cost"), lambda row: row.message.cost, "money", total="cost"),
        ),
        filters=(
            Choice("state", _("State"), list(State.choices), lambda state: Q(state=state)),
            Choice("transport", _("Way"), list(TRANSPORTS), lambda transport: Q(transport=transport)),
            Choice("reason", _("Why not"), list(REASONS.items()), lambda reason: Q(reason=reason)),
            Days("queued", _("Queued"), "queued_at"),
        ),
        load=load,
    )
