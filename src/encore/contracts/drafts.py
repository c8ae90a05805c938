from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from encore.accounts.models import Organisation
from encore.contracts.models import Contract
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
    digest = keep_edition(edition, name)
    terms(digest, parameters)
    # What the ledger would refuse later.
    canonical(KINDS["contract.effective"].write({"edition": digest, "parameters": parameters}))
    term_from, term_to = term or (None, None)
    return Contract.objects.create(
        venue=venue,
        agency=agency,
        edition_id=digest,
        parameters=dict(parameters),
        amount=amount,
        term_from=term_from,
        term_to=term_to,
        drawn_up_at=at,
    )
