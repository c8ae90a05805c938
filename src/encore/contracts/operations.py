from datetime import datetime

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.contracts.models import Contract
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotSign(Refusal):
    pass


class CannotMakeEffective(Refusal):
    pass


@operation
def sign(contract: Contract, *, by: User, at: datetime) -> Contract:
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    if not contract.awaits_signature:
        raise CannotSign(_("This contract has already been signed."))

    contract.signed_at = at
    contract.save(update_fields=["signed_at"])

    record("contract.signed", subject=contract, actor=by, occurred_at=at)
    return contract


@operation
def make_effective(contract: Contract, *, by: User, at: datetime) -> Contract:
    """From `at` on the contract's duties run; the ledger learns edition and parameters from the event."""
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    if not contract.awaits_effect:
        raise CannotMakeEffective(_("Only a contract that is signed and not yet in force can take effect."))

    contract.effective_at = at
    contract.save(update_fields=["effective_at"])

    terms = {"edition": contract.edition_id, "parameters": contract.parameters}
    record("contract.effective", subject=contract, actor=by, occurred_at=at, **terms)
    return contract
