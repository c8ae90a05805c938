"""Forms on paper for a night without power or line: their numbers are kept beforehand, so that each is entered once."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, User
from encore.complaints.models import PaperForms
from encore.contracts.models import Contract
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal

MOST_FORMS: Final = 200  # at a time


class CannotReserve(Refusal):
    pass


@operation
def reserve_paper(contract: Contract, *, number: int, by: User, at: datetime) -> PaperForms:
    """Keeps the next `number` numbers of this house. They run on over all its contracts."""
    if contract.effective_at is None or not 1 <= number <= MOST_FORMS:
        raise CannotReserve(
            _("From one to %(most)s forms at a time, under a contract in force.") % {"most": MOST_FORMS}
        )
    house = Organisation.objects.select_for_update().get(pk=contract.venue_id)
    latest = PaperForms.objects.filter(owner=house).order_by("-last").first()
    first = latest.last + 1 if latest else 1
    made = PaperForms.objects.create(contract=contract, owner=house, first=first, last=first + number - 1, by=by, at=at)
    record("paper.reserved", subject=contract, actor=by, occurred_at=at, first=made.first, last=made.last)
    return made
