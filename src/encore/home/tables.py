"""The rows behind the numbers of the board."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from encore.engine import Edition
from encore.home import queries
from encore.ledger.models import Clock
from encore.ledger.nouns import Page
from encore.web import language
from encore.web.tables import Choice, Column, Days, Table, Text

COLUMNS: dict[str, Text] = {
    "running": _("running"),
    "suspended": _("suspended"),
    "kept": _("kept in time"),
    "late": _("done late"),
    "missed": _("overdue or missed"),
    "dropped": _("no longer owed"),
}


class Row(NamedTuple):
    """A clock, and the page of what it runs on; none where the reader may not see it."""

    clock: Clock
    page: Page | None


def clocks(edition: Edition, load: Callable[[list[Clock]], list[Row]], now: datetime) -> Table[Clock, Row]:
    return Table(
        name="clocks",
        caption=_("Clocks of the contract"),
        sort="due",
        columns=(
            Column("due", _("Time"), lambda row: row.clock.due_at, "clock", lambda row: row.clock, sort="due_at"),
            Column(
                "subject",
                _("Runs on"),
                lambda row: row.page.reference if row.page else "",
                link=lambda row: row.page.url if row.page else "",
            ),
            Column("duty", _("Duty"), lambda row: language.duty_label(edition, row.clock.duty)),
            Column(
                "clause", _("Clause"), lambda row: row.clock.clause, "clause", lambda row: (edition, row.clock.clause)
            ),
            Column("state", _("State"), lambda row: COLUMNS[queries.column_of(row.clock, now)], "badge"),
            Column("opened", _("Runs since"), lambda row: row.clock.opened_at, "moment", sort="opened_at"),
            Column("closed", _("Closed"), lambda row: row.clock.closed_at, "moment", sort="closed_at", is_shown=False),
            Column(
                "breached", _("Missed"), lambda row: row.clock.breached_at, "moment", sort="breached_at", is_shown=False
            ),
        ),
        filters=(
            Choice("duty", _("Duty"), _duties(edition), lambda duty: Q(duty=duty)),
            Choice(
                "state",
                _("State"),
                [*COLUMNS.items(), ("overdue", _("overdue, still owed"))],
                lambda column: queries.standing(column, now),
            ),
            Days("due", _("Due"), "due_at"),
        ),
        load=load,
    )


def _duties(edition: Edition) -> list[tuple[str, Text]]:
    return [(duty, language.duty_label(edition, duty)) for duty in edition.duties]
