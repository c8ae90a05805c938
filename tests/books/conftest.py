from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from uuid import uuid4

import pytest

from encore.accounts.models import Post, User
from encore.approvals.operations import approve, refuse
from encore.approvals.queries import current
from encore.books.models import BudgetLine, Cost
from encore.books.operations import Budget, Claim, Item, set_budget
from encore.ledger.late import entered_late
from encore.money import Money
from encore.workflows.operations import submit_cost
from encore.workflows.queries import approval_of
from tests.cast import HOUR, RECEIVED, SIGNED, agency, complaint, contract, english, he, lin, person, tang, venue, zhou  # noqa: F401 - fixtures
from tests.ledger.test_tick import at_once


def together(*acts: Callable[[], object]) -> list[BaseException]:
    """Does these at the same time, each entered as an import would enter it; what went wrong."""

    def entered(act: Callable[[], object]) -> None:
        with entered_late("imported"):
            act()

    return at_once(*(partial(entered, act) for act in acts))


def yuan(text: str) -> Money:
    return Money.of(text)


@pytest.fixture
def gao(zhou: User) -> User:  # noqa: F811 - the fixture
    return person("高远", zhou.organisation, Post.FINANCE)


@pytest.fixture
def line(gao: User) -> BudgetLine:
    """A thousand yuan for the year."""
    return budget(gao, "1000.00")


def budget(by: User, amount: str, name: str = "投诉处理") -> BudgetLine:
    wanted = Budget(name, yuan(amount), date(2026, 1, 1), date(2026, 12, 31))
    return set_budget(wanted, by=by, at=SIGNED)


def claim(line: BudgetLine, amount: str = "300.00", invoice: str = "", **more: object) -> Claim:
    items = [Item(RECEIVED.date(), "干洗费", yuan(amount), invoice)]
    return Claim(line, "客人衣物干洗", items, uuid4().hex, **more)  # type: ignore[arg-type]


def submitted(line: BudgetLine, by: User, amount: str = "300.00", invoice: str = "") -> Cost:
    return submit_cost(claim(line, amount, invoice), by=by, at=RECEIVED)


def approved(cost: Cost, by: User, at: datetime = RECEIVED + 2 * HOUR) -> Cost:
    """Where this person has the one word about it."""
    approval = approval_of(cost)
    assert approval is not None
    turn = current(approval) or approval.steps.latest("place")
    approve(approval, step=turn.pk, words="", by=by, at=at)
    return Cost.objects.get(pk=cost.pk)


def rejected(cost: Cost, by: User, words: str = "请补开发票", at: datetime = RECEIVED + 2 * HOUR) -> Cost:
    approval = approval_of(cost)
    assert approval is not None
    turn = current(approval) or approval.steps.latest("place")
    refuse(approval, step=turn.pk, words=words, by=by, at=at)
    return Cost.objects.get(pk=cost.pk)
