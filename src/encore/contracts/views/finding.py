from django.http import Http404

from encore.accounts.staff import StaffRequest
from encore.contracts import queries
from encore.contracts.models import Contract
from encore.ledger.nouns import by_reference


def found_contract(request: StaffRequest, reference: str) -> Contract:
    found = by_reference(queries.visible_to(request.user), reference)
    if found is None:
        raise Http404
    return found


def contract_in_force(request: StaffRequest, reference: str) -> Contract:
    contract = found_contract(request, reference)
    if contract.effective_at is None:
        raise Http404
    return contract
