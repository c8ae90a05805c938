"""The clauses on the contract itself, of the editions that come with the product."""

from functools import partial

import pytest

from encore.accounts.models import Organisation, User
from encore.complaints.operations import CannotReceive
from encore.contracts.drafts import draw_up
from encore.contracts.operations import CannotMakeEffective, make_effective, sign
from encore.engine import ParameterError
from encore.ledger.models import Clock
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from tests.cast import DAY, EFFECTIVE, RECEIVED, SIGNED, complain
from tests.clauses import clause, content


@clause("A", "toc.13.1")
@pytest.mark.parametrize("formality", ["seal", "signature"])
def test_under_a_nothing_is_owed_before_the_contract_is_signed_and_the_formality_is_filled_in(
    zhou: User, agency: Organisation, formality: str
) -> None:
    draft = partial(draw_up, content("A"), "a.toml", venue=zhou.organisation, agency=agency, at=SIGNED - DAY)
    with pytest.raises(ParameterError):
        draft({"second_formality": "handshake"})
    contract = draft({"second_formality": formality})
    with pytest.raises(CannotMakeEffective):
        make_effective(contract, by=zhou, at=EFFECTIVE)
    contract = sign(contract, by=zhou, at=SIGNED)
    with pytest.raises(CannotReceive):
        complain(contract)
    assert not Clock.objects.exists()

    contract = make_effective(contract, by=zhou, at=EFFECTIVE)
    entries = history(key_of(contract))
    assert [(entry.type, entry.occurred_at) for entry in entries[:2]] == [
        ("contract.signed", SIGNED), ("contract.effective", EFFECTIVE),
    ]  # fmt: skip
    assert entries[1].data["parameters"] == {"second_formality": formality}
    assert Clock.objects.filter(contract=contract.pk, opened_at=EFFECTIVE).exists()
    assert complain(contract).received_at == RECEIVED
