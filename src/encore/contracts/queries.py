from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache

from django.db.models import Q, QuerySet

from encore import editions
from encore.accounts.models import User
from encore.contracts.models import Contract
from encore.engine import Edition, Terms, load_edition
from encore.engine.compare import Comparison, compare
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


def terms_of(contract: Contract) -> Terms:
    """Edition and values that govern it now; before it is in force, those that it was drawn up with."""
    return terms.terms_of(contract.pk) or terms.terms(contract.edition_id, contract.parameters)


def amended_at(contract: Contract) -> datetime | None:
    """Since when its present terms hold, where they are not those that it came into force with."""
    versions = terms.versions_of(contract.pk)
    return versions[-1].since if len(versions) > 1 else None


@cache
def brought() -> Mapping[str, Terms]:
    """The editions that come with the product, by their id, with nothing filled in."""
    read = [load_edition(content, name) for name, content in editions.brought()]
    return {edition.id: edition.terms() for edition in read}


@lru_cache(maxsize=64)
def compared(left: str, right: str) -> Comparison:
    """Two editions that come with the product. `KeyError` for one that does not."""
    return compare(brought()[left], brought()[right])
