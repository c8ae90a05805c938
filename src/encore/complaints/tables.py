"""The lists of complaints: what their columns are, and what they can be searched and filtered by."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import queries
from encore.complaints.models import Complaint
from encore.complaints.queries import Burning
from encore.engine import Edition
from encore.ledger.models import Clock
from encore.web import language
from encore.web.tables import Choice, Column, Days, R, Table

Editions = Mapping[int, Edition]


def burning(user: User, editions: Editions) -> Table[Clock, Burning]:
    """What burns next."""

    def on_complaints(condition: Q) -> Q:
        return Q(noun_id__in=Complaint.objects.filter(condition).values("pk"))

    return Table(
        name="burning",
        caption=_("Clocks that run on complaints"),
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
            Column("severity", _("Level"), _word("severity", lambda row: (row.edition, row.complaint)), "badge"),
            Column(
                "category",
                _("Category"),
                _word("category", lambda row: (row.edition, row.complaint)),
                "badge",
                is_shown=False,
            ),
            Column("room", _("Room"), lambda row: row.complaint.room, is_shown=False),
            Column("received", _("Received"), lambda row: row.complaint.received_at, "moment", is_shown=False),
            Column(
                "opened", _("Runs since"), lambda row: row.clock.opened_at, "moment", sort="opened_at", is_shown=False
            ),
            Column("text", _("What the guest says"), lambda row: row.complaint.text, "excerpt"),
        ),
        filters=(
            *_vocabularies(editions, on_complaints),
            Choice("duty", _("Duty"), _duties(editions), lambda duty: Q(duty=duty)),
            Days("due", _("Due"), "due_at"),
        ),
        search=lambda words: on_complaints(queries.answering(words)),
        search_hint=_("number, room or words"),
        load=lambda clocks: queries.with_complaints(user, editions, clocks),
    )


def every(editions: Editions) -> Table[Complaint, Complaint]:
    """All of them, the latest first."""
    return Table(
        name="complaints",
        caption=_("All complaints"),
        sort="-received",
        columns=(
            Column("number", _("Number"), lambda row: row.reference, link=_page),
            Column("received", _("Received"), lambda row: row.received_at, "moment", sort="received_at"),
            Column("severity", _("Level"), _word("severity", lambda row: (editions[row.contract_id], row)), "badge"),
            Column("category", _("Category"), _word("category", lambda row: (editions[row.contract_id], row)), "badge"),
            Column(
                "channel",
                _("Channel"),
                lambda row: language.row_label(editions[row.contract_id], "channel", row.channel),
                is_shown=False,
            ),
            Column("room", _("Room"), lambda row: row.room),
            Column(
                "resolved", _("Finished"), lambda row: row.resolved_at, "moment", sort="resolved_at", is_shown=False
            ),
            Column(
                "archived", _("Archived"), lambda row: row.archived_at, "moment", sort="archived_at", is_shown=False
            ),
            Column("text", _("What the guest says"), lambda row: row.text, "excerpt"),
        ),
        filters=(*_vocabularies(editions, lambda condition: condition), Days("received", _("Received"), "received_at")),
        search=queries.answering,
        search_hint=_("number, room or words"),
    )


def _page(complaint: Complaint) -> str:
    return _address(complaint.reference)


@lru_cache(maxsize=4096)  # a list asks for fifty, and Django looks each of them up anew
def _address(reference: str) -> str:
    return reverse("complaints:complaint", args=[reference])


def _word(vocabulary: str, about: Callable[[R], tuple[Edition, Complaint]]) -> Callable[[R], str]:
    """What the edition calls the level or the category that a complaint has, if it has been given one."""

    def word(row: R) -> str:
        edition, complaint = about(row)
        key = getattr(complaint, vocabulary)
        return language.row_label(edition, vocabulary, key) if key else ""

    return word


def _vocabularies(editions: Editions, of: Callable[[Q], Q]) -> tuple[Choice, ...]:
    return tuple(
        Choice(name, title, _words(editions, name), _has(name, of))
        for name, title in (("severity", _("Level")), ("category", _("Category")))
    )


def _has(vocabulary: str, of: Callable[[Q], Q]) -> Callable[[str], Q]:
    return lambda key: of(Q(**{vocabulary: key}))


def _words(editions: Editions, vocabulary: str) -> list[tuple[str, str]]:
    rows = {key: row for edition in editions.values() for key, row in edition.vocabulary[vocabulary].items()}
    return [(key, language.reading(row.label)) for key, row in rows.items()]


def _duties(editions: Editions) -> list[tuple[str, str]]:
    labels = {
        duty: language.duty_label(edition, duty)
        for edition in editions.values()
        for duty, row in edition.duties.items()
    }
    return list(labels.items())
