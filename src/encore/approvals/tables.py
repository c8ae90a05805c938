from typing import NamedTuple

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Post, User
from encore.approvals.models import Approval, Kind, State
from encore.ledger.nouns import Key, Page, pages
from encore.web.tables import Choice, Column, Days, Table


class Row(NamedTuple):
    """An approval, and the page of what it is for, as far as the reader may see that."""

    approval: Approval
    page: Page | None

    @property
    def waits_for(self) -> str:
        if not self.approval.is_open:
            return ""
        named = self.approval.waits_person
        return named.name if named else str(Post(self.approval.waits_post).label)


def approvals(user: User) -> Table[Approval, Row]:
    def load(rows: list[Approval]) -> list[Row]:
        known = pages((Key(row.noun, row.noun_id) for row in rows if row.noun_id), user)
        return [Row(row, known.get(Key(row.noun, row.noun_id)) if row.noun_id else None) for row in rows]

    return Table(
        name="approvals",
        caption=_("Approvals"),
        sort="-requested",
        columns=(
            Column(
                "number",
                _("Number"),
                lambda row: row.approval.reference,
                link=lambda row: reverse("approvals:approval", args=[row.approval.reference]),
            ),
            Column("words", _("What for"), lambda row: row.approval.words, "excerpt"),
            Column("amount", _("Amount"), lambda row: row.approval.amount, "money", sort="amount", total="amount"),
            Column("kind", _("Kind"), lambda row: row.approval.get_kind_display()),
            Column(
                "about",
                _("About"),
                lambda row: row.page.reference if row.page else "",
                link=lambda row: row.page.url if row.page else "",
            ),
            Column("by", _("Asked for by"), lambda row: row.approval.requested_by.name),
            Column("requested", _("Handed in"), lambda row: row.approval.requested_at, "moment", sort="requested_at"),
            Column("state", _("State"), lambda row: row.approval.get_state_display(), "badge"),
            Column("waits", _("Waits for"), lambda row: row.waits_for),
        ),
        filters=(
            Choice("state", _("State"), list(State.choices), lambda state: Q(state=state)),
            Choice("kind", _("Kind"), list(Kind.choices), lambda kind: Q(kind=kind)),
            Days("requested", _("Handed in"), "requested_at"),
        ),
        search=lambda words: Q(words__icontains=words) | Q(requested_by__name__icontains=words),
        search_hint=_("what for, or who asked"),
        load=load,
    )
