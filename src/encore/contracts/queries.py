from django.db.models import Q, QuerySet

from encore.accounts.models import User
from encore.contracts.models import Contract
from encore.engine import Edition
from encore.ledger import terms


def visible_to(user: User) -> QuerySet[Contract]:
    """The contracts to which this person's organisation is a party."""
    own = Q(venue=user.organisation_id) | Q(agency=user.organisation_id)
    return Contract.objects.filter(own).select_related("venue", "agency")


def in_force() -> QuerySet[Contract]:
    return Contract.objects.filter(effective_at__isnull=False).select_related("venue", "agency").order_by("pk")


def edition_of(contract: Contract) -> Edition:
    """The edition that governs it now: as the ledger has it, or before it is in force, as it was drawn up."""
    found = terms.terms_of(contract.pk)
    return found.edition if found else terms.edition(contract.edition_id)
