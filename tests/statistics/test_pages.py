"""What people are shown of numbers: with their interval and n, or that there are too few."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from encore.accounts.models import Organisation, User
from encore.complaints.operations import verify
from encore.contracts.models import Contract
from encore.jobs.worker import run_due
from encore.ledger.tick import tick
from encore.statistics import counting, methods
from encore.statistics.estimate import Estimate, TooFew
from encore.statistics.models import Counted
from tests.cast import DAY, EDITION, HOUR, agreed, complain, signed_in


@pytest.fixture
def recent(zhou: User, agency: Organisation) -> Contract:
    return agreed(EDITION, zhou, agency, since=now() - 30 * DAY)


def handled(contract: Contract, by: User, number: int, after: timedelta) -> None:
    for _number in range(number):
        complaint = complain(contract, at=now() - 9 * DAY)
        verify(complaint, by=by, at=complaint.received_at + after)


@pytest.mark.django_db(transaction=True)
def test_a_share_is_counted_beforehand_and_shown_with_its_interval(recent: Contract, zhou: User) -> None:
    handled(recent, zhou, 9, HOUR)
    handled(recent, zhou, 3, 4 * DAY)
    tick()
    found = counting.kept(recent.pk, now() - counting.SINCE, now())["complaint"]
    assert isinstance(found, Estimate)
    run_due()  # what the breaches set going
    desk = signed_in(zhou)
    assert "being counted" in desk.get(f"/board/{recent.reference}/kept/").content.decode()
    assert not Counted.objects.exists(), "no page counts"
    assert run_due() == 1
    body = desk.get(f"/board/{recent.reference}/kept/").content.decode()
    assert f"n = {found.n}" in body
    assert f"{round(100 * found.low)}% to {round(100 * found.high)}%" in body
    assert run_due() == 0, "within the hour it is not counted again"


def test_things_are_counted_and_not_their_clocks(recent: Contract, zhou: User) -> None:
    handled(recent, zhou, 12, HOUR)
    handled(recent, zhou, 4, 4 * DAY)
    tick()
    found = counting.kept(recent.pk, now() - counting.SINCE, now())["complaint"]
    assert isinstance(found, Estimate)
    assert found.n == 16
    assert counting.kept(recent.pk, now() - 2 * HOUR, now() - HOUR) == {}


def test_too_few_are_told_as_such(recent: Contract, zhou: User) -> None:
    handled(recent, zhou, 3, HOUR)
    tick()
    found = counting.kept(recent.pk, now() - counting.SINCE, now())
    assert found["complaint"] == TooFew(n=3, least=counting.LEAST)
    Counted.objects.create(
        contract=recent.pk, since=now() - counting.SINCE, counted_at=now(), kept=counting.stored(found)
    )
    body = signed_in(zhou).get(f"/board/{recent.reference}/kept/").content.decode()
    assert "too few to tell: n = 3, at least 10 are needed" in body
    assert "%" not in body.replace("100%", "").split("<p class")[0]


def test_the_page_of_methods_names_every_method_that_estimates_have(zhou: User) -> None:
    import re
    from pathlib import Path

    import encore.statistics

    source = "".join(path.read_text("utf-8") for path in Path(encore.statistics.__path__[0]).glob("*.py"))
    used = set(re.findall(r'method(?:=|, )"([a-z_]+)"', source)) | set(re.findall(r'_chart\(.*"([a-z_]+)"\)', source))
    assert used
    told = set(methods.METHODS) | {key for keys in methods.ALSO.values() for key in keys}
    assert used <= told
    body = signed_in(zhou).get("/numbers/").content.decode()
    for key in methods.METHODS:
        assert f'id="{key}"' in body
