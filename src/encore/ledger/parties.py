"""Who owes a duty: the edition names a party, and a party has a role, which organisations have too."""

from encore.engine import Terms
from encore.engine.model import ROLES
from encore.ledger.terms import terms_of


def role_of(terms: Terms, party: str) -> str:
    """The role of a party of the edition; empty for both of them, or for nobody in particular."""
    row = next((row for row in terms.edition.file.party if row.key == party), None)
    role = str(terms.filled(row.role)) if row is not None and row.role else party
    return role if role in ROLES else ""


def debtor(contract: int, duty: str) -> str:
    """The role of the party that owes a duty under a contract's latest terms."""
    terms = terms_of(contract)
    rule = terms.rules.get(duty) if terms else None
    return role_of(terms, rule.owed_by) if terms and rule else ""
