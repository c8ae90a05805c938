from collections.abc import Mapping
from datetime import datetime

from encore.accounts.models import Organisation
from encore.contracts.models import Contract
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
) -> Contract:
    """A contract that nobody has signed yet. `EditionError` and `ParameterError` say what is wrong with its edition.

    `NotDeclared` for a parameter that an event cannot carry, such as free text.
    """
    digest = keep_edition(edition, name)
    terms(digest, parameters)
    KINDS["contract.effective"].write(
        {"edition": digest, "parameters": parameters}
    )  # what the ledger would refuse later
    return Contract.objects.create(
        venue=venue, agency=agency, edition_id=digest, parameters=dict(parameters), drawn_up_at=at
    )
