"""The lists of complaints: what their columns are, and what they can be searched and filtered by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import workload
from encore.complaints.models import IS_OPEN, Authority, Complaint
from encore.complaints.workload import Waiting
from encore.contracts.models import Contract
from encore.engine import Edition
from encore.ledger.models import Clock
from encore.web import language
from encore.web.tables import Choice, Column, Days, R, Table, Text

Editions = Mapping[int, Edition]


@dataclass(frozen=True)
class Asker:
    """Who asks for a list, when, and what they can choose from; `day_ends` and `next_shift_ends` are moments to come."""

    user: User
    editions: Editions
    contracts: Sequence[Contract]
    people: Sequence[User]
    rooms: Sequence[tuple[int, str]]
    at: datetime
    day_ends: datetime
    shift_began: datetime
    next_shift_ends: datetime

    def is_due(self, when: str) -> Q:
        match when:
            case "overdue":
                return workload.is_overdue(self.at)
            case "today":
                return workload.is_due_until(self.at, self.day_ends)
        return workload.is_due_until(self.at, self.next_shift_ends)

    def is_whose(self, whose: str) -> Q:
        match whose:
            case "mine":
                return Q(responsible=self.user) & IS_OPEN
            case "department":
                return workload.of_department(self.user, self.editions)
        return Q(responsible=None) & IS_OPEN


WHOSE: Final[Sequence[tuple[str, Text]]] = (
    ("mine", _("mine")),
    ("department", _("my department's")),
    ("nobody", _("nobody's yet")),
)
WHEN: Final[Sequence[tuple[str, Text]]] = (
    ("overdue", _("overdue")),
    ("today", _("due today")),
    ("next-shift", _("due until the next shift ends")),
)
IS: Final[Mapping[str, tuple[Text, Q]]] = {
    "open": (_("open"), IS_OPEN),
    "free": (_("open, and no clock runs"), workload.without_clock()),
    "reopened": (_("reopened"), IS_OPEN & Q(reopened_at__isnull=False)),
    "archived": (_("archived"), Q(archived_at__isnull=False)),
    "void": (_("taken back or merged"), Q(withdrawn_at__isnull=False) | Q(merged_at__isnull=False)),
}


def waiting(asker: Asker) -> Table[Clock, Waiting]:
    """What burns next: each complaint once, by the clock that runs out first."""
    user, editions = asker.user, asker.editions

    def on_complaints(condition: Q) -> Q:
        return Q(noun_id__in=workload.complaints(user, list(editions)).filter(condition).values("pk"))

    return Table(
        name="burning",
        caption=_("Complaints that wait"),
        sort="due",
        columns=(
            Column("due", _("Time left"), lambda row: row.clock.due_at, "clock", lambda row: row.clock, sort="due_at"),
            Column("number", _("Number"), lambda row: row.complaint.reference, link=lambda row: _page(row.complaint)),
            Column("duty", _("Duty"), lambda row: language.duty_label(row.edition, row.clock.duty)),
            Column(
                "clause",
                _("Clause"),
                lambda row: row.clock.clause,
                "clause",
                lambda row: (row.edition, row.clock.clause),
            ),
            Column("others", _("More clocks"), lambda row: row.others, "number", is_shown=False),
            Column("severity", _("Level"), _word("severity", lambda row: (row.edition, row.complaint)), "badge"),
            Column(
                "stage", _("Stage"), _word("stage", lambda row: (row.edition, row.complaint)), "badge", is_shown=False
            ),
            Column(
                "category",
                _("Category"),
                _word("category", lambda row: (row.edition, row.complaint)),
                "badge",
                is_shown=False,
            ),
            Column("responsible", _("Answers for it"), lambda row: _name(row.complaint)),
            Column("room", _("Room"), lambda row: row.complaint.room, is_shown=False),
            Column("received", _("Received"), lambda row: row.complaint.received_at, "moment", is_shown=False),
            Column(
                "opened", _("Runs since"), lambda row: row.clock.opened_at, "moment", sort="opened_at", is_shown=False
            ),
            Column("text", _("What the guest says"), lambda row: row.complaint.text, "excerpt"),
        ),
        filters=(
            Choice("when", _("Due when"), WHEN, asker.is_due),
            *_filters(asker, on_complaints),
            Choice("duty", _("Duty"), _duties(editions), lambda duty: Q(duty=duty)),
            Days("due", _("Due"), "due_at"),
        ),
        search=lambda words: on_complaints(workload.answering(words, user)),
        search_hint=_("number, room or words"),
        load=lambda clocks: workload.with_complaints(user, editions, clocks),
    )


def every(asker: Asker) -> Table[Complaint, Complaint]:
    """All of them, the latest first."""
    editions = asker.editions
    return Table(
        name="complaints",
        caption=_("All complaints"),
        sort="-received",
        columns=(
            Column("number", _("Number"), lambda row: row.reference, link=_page),
            Column("received", _("Received"), lambda row: row.received_at, "moment", sort="received_at"),
            Column("stage", _("Stage"), _word("stage", lambda row: (editions[row.contract_id], row)), "badge"),
            Column("severity", _("Level"), _word("severity", lambda row: (editions[row.contract_id], row)), "badge"),
            Column("category", _("Category"), _word("category", lambda row: (editions[row.contract_id], row)), "badge"),
            Column(
                "channel",
                _("Channel"),
                lambda row: language.row_label(editions[row.contract_id], "channel", row.channel),
                is_shown=False,
            ),
            Column("room", _("Room"), lambda row: row.room),
            Column("responsible", _("Answers for it"), _name, is_shown=False),
            Column(
                "resolved", _("Finished"), lambda row: row.resolved_at, "moment", sort="resolved_at", is_shown=False
            ),
            Column(
                "archived", _("Archived"), lambda row: row.archived_at, "moment", sort="archived_at", is_shown=False
            ),
            Column("text", _("What the guest says"), lambda row: row.text, "excerpt"),
        ),
        filters=(
            Choice(
                "is", _("How it stands"), [(key, label) for key, (label, _where) in IS.items()], lambda key: IS[key][1]
            ),
            *_filters(asker, lambda condition: condition),
            Choice(
                "came",
                _("New in the shift"),
                [("shift", _("in this shift"))],
                lambda _key: Q(received_at__gte=asker.shift_began),
            ),
            Days("received", _("Received"), "received_at"),
        ),
        search=lambda words: workload.answering(words, asker.user),
        search_hint=_("number, room or words"),
    )


def _page(complaint: Complaint) -> str:
    return _address(complaint.reference)


@lru_cache(maxsize=4096)  # a list asks for fifty, and Django looks each of them up anew
def _address(reference: str) -> str:
    return reverse("complaints:complaint", args=[reference])


def _name(complaint: Complaint) -> str:
    return complaint.responsible.name if complaint.responsible else ""


def _word(vocabulary: str, about: Callable[[R], tuple[Edition, Complaint]]) -> Callable[[R], str]:
    """What the edition calls the level, the category or the stage that a complaint has, if it has been given one."""

    def word(row: R) -> str:
        edition, complaint = about(row)
        key = getattr(complaint, vocabulary)
        return language.row_label(edition, vocabulary, key) if key else ""

    return word


def _filters(asker: Asker, of: Callable[[Q], Q]) -> tuple[Choice, ...]:
    """What complaints are filtered by in every list."""
    vocabularies = (
        ("stage", _("Stage")), ("severity", _("Level")), ("category", _("Category")), ("channel", _("Channel")),
    )  # fmt: skip
    people = [(str(one.pk), one.name) for one in asker.people]
    rooms = [(str(number), label) for number, label in asker.rooms]
    contracts = [(str(one.pk), one.reference) for one in asker.contracts]
    return (
        Choice("whose", _("Whose"), WHOSE, lambda whose: of(asker.is_whose(whose))),
        *(Choice(name, title, _words(asker.editions, name), _has(name, of)) for name, title in vocabularies),
        Choice("room", _("Room"), rooms, _has("place", of)),
        Choice("responsible", _("Answers for it"), people, lambda key: of(Q(responsible=int(key)) & IS_OPEN)),
        Choice("authority", _("Passed on by"), Authority.choices, _has("authority", of)),
        *([Choice("contract", _("Contract"), contracts, _has("contract", of))] if len(contracts) > 1 else ()),
    )


def _has(field: str, of: Callable[[Q], Q]) -> Callable[[str], Q]:
    return lambda key: of(Q(**{field: key}))


def _words(editions: Editions, vocabulary: str) -> list[tuple[str, Text]]:
    rows = {key: row for edition in editions.values() for key, row in edition.vocabulary[vocabulary].items()}
    return [(key, language.reading(row.label)) for key, row in rows.items()]


def _duties(editions: Editions) -> list[tuple[str, Text]]:
    labels = {
        duty: language.duty_label(edition, duty)
        for edition in editions.values()
        for duty, row in edition.duties.items()
    }
    return list(labels.items())
