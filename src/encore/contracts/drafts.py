from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from encore.accounts.models import Organisation, Role, User
from encore.contracts.models import Contract, Draft
from encore.ledger.canonical import canonical
from encore.ledger.kinds import KINDS
from encore.ledger.terms import keep_edition, terms


def draw_up(
    edition: bytes,
    name: str,
    parameters: Mapping[str, object],
    *,
    venue: Organisation,
    agency: Organisation,
    at: datetime,
    amount: Decimal | None = None,
    term: tuple[date, date] | None = None,
) -> Contract:
    """A contract that nobody has signed yet. `EditionError` and `ParameterError` say what is wrong with its edition.

    `NotDeclared` or `NotCanonical` for a parameter that an event cannot carry, such as free text. `term`: its first and its last day.
    """
    agreed = Agreed(parameters, amount, term)
    return _drawn_up(keep_edition(edition, name), agreed, {Role.VENUE: venue, Role.AGENCY: agency}, at)


@dataclass(frozen=True)
class Agreed:
    """What two parties fill in of an edition, besides themselves."""

    parameters: Mapping[str, object]
    amount: Decimal | None
    term: tuple[date, date] | None


def _drawn_up(digest: str, agreed: Agreed, parties: Mapping[Role, Organisation], at: datetime) -> Contract:
    terms(digest, agreed.parameters)
    # What the ledger would refuse later.
    canonical(KINDS["contract.effective"].write({"edition": digest, "parameters": agreed.parameters}))
    term_from, term_to = agreed.term or (None, None)
    return Contract.objects.create(
        venue=parties[Role.VENUE],
        agency=parties[Role.AGENCY],
        edition_id=digest,
        parameters=dict(agreed.parameters),
        amount=agreed.amount,
        term_from=term_from,
        term_to=term_to,
        drawn_up_at=at,
    )


# --- drafts -----------------------------------------------------------------------------------------------------------


def begin(digest: str, *, by: User, at: datetime) -> Draft:
    """A draft from an edition that was kept."""
    return Draft.objects.create(owner=by.organisation, edition_id=digest, began_at=at, changed_at=at)


def keep(draft: Draft, typed: Mapping[str, list[str]], at: datetime) -> None:
    """What was typed, as it was typed."""
    Draft.objects.filter(pk=draft.pk, contract=None).update(typed=dict(typed), changed_at=at)
    draft.typed, draft.changed_at = dict(typed), at


def drop(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk, contract=None).delete()


OTHER: dict[str, Role] = {Role.VENUE: Role.AGENCY, Role.AGENCY: Role.VENUE}
"""The role of the party on the other side."""


def finish(draft: Draft, agreed: Agreed, other: Organisation | str, at: datetime) -> Contract:
    """The contract that comes of a draft, once; `other` is a party that is known, or the name of one to be made."""
    with transaction.atomic():
        draft = Draft.objects.select_for_update(of=("self",)).select_related("owner", "contract").get(pk=draft.pk)
        if draft.contract is not None:
            return draft.contract
        own = draft.owner
        if isinstance(other, str):
            # What is made up stays so: nothing that the demonstration made keeps it from being thrown away.
            other = Organisation.objects.create(name=other, role=OTHER[own.role], is_made_up=own.is_made_up)
        parties = {Role(own.role): own, Role(other.role): other}
        draft.contract = _drawn_up(draft.edition_id, agreed, parties, at)
        draft.save(update_fields=["contract"])
    return draft.contract
