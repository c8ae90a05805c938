from datetime import datetime

from encore.accounts.models import User
from encore.approvals.models import Approval, Kind, State, binding_key
from encore.approvals.operations import ask
from encore.books import operations as books
from encore.books.models import Cost
from encore.ledger.record import operation


@operation
def submit_cost(claim: books.Claim, *, by: User, at: datetime) -> Cost:
    """Asks for what somebody laid out: the form, and the request to those who approve such an amount."""
    cost = books.take_claim(claim, by=by, at=at)
    ask(
        cost,
        kind=Kind.COST,
        words=cost.purpose,
        form_key=binding_key("cost", cost.pk),
        amount=cost.amount,
        currency=cost.currency,
        beneficiary=cost.beneficiary,
        by=by,
        at=at,
    )
    return cost


def settle_cost(approval: Approval, words: str, by: User, at: datetime) -> None:
    """The plain step that follows from the last decision, within it: an approval that the budget has no money for is none."""
    cost = Cost(pk=approval.noun_id)
    match approval.state:
        case State.GIVEN:
            books.grant(cost, by=by, at=at)
        case State.REFUSED:
            books.turn_down(cost, words=words, by=by, at=at)
        case State.WITHDRAWN:
            books.call_off(cost, by=by, at=at)
