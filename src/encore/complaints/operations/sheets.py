"""Complaints that come by a sheet, and go again with it where nobody has acted on them yet."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import queries
from encore.complaints.models import Complaint
from encore.complaints.operations.intake import Arrived, received
from encore.complaints.operations.steps import took
from encore.contracts.models import Contract
from encore.ledger.record import operation
from encore.ledger.refusal import Refusal


class CannotTakeBack(Refusal):
    pass


@operation
def bring_in_sheet(
    arrived: Sequence[tuple[Contract, Arrived]],
    *,
    batch: int,
    settle: Callable[[], None],
    by: User,
    at: datetime,
) -> list[Complaint]:
    """Takes rows of a sheet, each under its contract, all or none. `settle` notes in the same transaction that they are in."""
    complaints: list[Complaint] = []
    for contract in {one.pk: one for one, _arrived in arrived}.values():
        rows = [row for one, row in arrived if one.pk == contract.pk]
        complaints += received(rows, contract, by, at, batch=batch)
    settle()
    return complaints


@operation
def take_sheet_back(batch: int, *, settle: Callable[[int], None], by: User, at: datetime) -> int:
    """Withdraws what came with a sheet and was there already, as far as nobody has acted on it; how many."""
    complaints = list(
        queries.untouched(batch).select_for_update(of=("self",)).select_related("contract").order_by("pk")
    )
    if not complaints:
        raise CannotTakeBack(_("Somebody has acted on all complaints of this sheet: none can be taken back."))
    for complaint in complaints:
        took(complaint, "complaint.withdrawn", by=by, at=at, data={"reason": "entered_twice"})
    settle(len(complaints))
    return len(complaints)
