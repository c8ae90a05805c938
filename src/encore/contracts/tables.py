"""The list of contracts: what its columns are, and how it can be filtered."""

from typing import NamedTuple

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.contracts import queries
from encore.contracts.models import Contract
from encore.engine import Edition
from encore.ledger import terms
from encore.web import language
from encore.web.tables import Choice, Column, Table, Text

STATES: dict[str, Text] = {
    "drawn_up": _("not signed yet"),
    "signed": _("signed, not in force yet"),
    "in_force": _("in force"),
}
_WHERE = {
    "drawn_up": Q(signed_at=None),
    "signed": Q(signed_at__isnull=False, effective_at=None),
    "in_force": Q(effective_at__isnull=False),
}


def state(contract: Contract) -> str:
    if contract.effective_at is not None:
        return "in_force"
    return "signed" if contract.signed_at is not None else "drawn_up"


class Row(NamedTuple):
    contract: Contract
    edition: Edition


def contracts(user: User) -> Table[Contract, Row]:
    def load(found: list[Contract]) -> list[Row]:
        in_force = queries.editions(user)
        return [Row(one, in_force.get(one.pk) or terms.edition(one.edition_id)) for one in found]

    return Table(
        name="contracts",
        caption=_("Contracts"),
        sort="-number",
        columns=(
            Column(
                "number",
                _("Number"),
                lambda row: row.contract.reference,
                link=lambda row: reverse("contracts:contract", args=[row.contract.reference]),
                sort="drawn_up_at",
            ),
            Column("other", _("Other party"), lambda row: row.contract.other_party(user.organisation).name),
            Column("edition", _("Edition"), lambda row: language.reading(row.edition.title)),
            Column("state", _("State"), lambda row: STATES[state(row.contract)], "badge"),
            Column("signed", _("Signed"), lambda row: row.contract.signed_at, "moment", sort="signed_at"),
            Column(
                "effective", _("In force since"), lambda row: row.contract.effective_at, "moment", sort="effective_at"
            ),
            Column(
                "last",
                _("Last day"),
                lambda row: row.contract.term_to.isoformat() if row.contract.term_to else "",
                sort="term_to",
            ),
            Column("amount", _("Amount"), lambda row: row.contract.amount, "money", sort="amount", is_shown=False),
        ),
        filters=(Choice("state", _("State"), list(STATES.items()), lambda value: _WHERE[value]),),
        load=load,
    )
