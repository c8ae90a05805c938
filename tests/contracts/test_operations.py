from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.db import IntegrityError, transaction

from encore.accounts.models import Organisation, User
from encore.complaints import operations as complaints
from encore.contracts.drafts import draw_up
from encore.contracts.models import Contract
from encore.contracts.operations import CannotTakeOver, make_effective, sign, take_over
from encore.ledger.canonical import NotCanonical
from encore.ledger.late import entered_late
from encore.ledger.models import Clock, Event, TermsInForce
from encore.ledger.tick import tick
from tests.cast import CHINA, DAY, HOUR, recording_at
from tests.ledger.events import EDITION, drafted, happen, rebuilt, stored

TERM = (date(2026, 1, 1), date(2026, 12, 31))
LIVE = datetime(2026, 6, 1, tzinfo=CHINA)


def drawn_up(zhou: User, agency: Organisation, **more: Any) -> Contract:
    more = {"amount": Decimal("360000.00"), "term": TERM, **more}
    at = datetime(2025, 12, 20, 10, tzinfo=CHINA)
    return draw_up(EDITION.encode(), "edition.toml", {}, venue=zhou.organisation, agency=agency, at=at, **more)


def signed(zhou: User, agency: Organisation) -> Contract:
    """Long ago and on paper; it is recorded when it goes live."""
    contract = drawn_up(zhou, agency)
    with recording_at(LIVE):
        return sign(contract, by=zhou, at=contract.drawn_up_at)


@pytest.fixture
def taken_over(zhou: User, agency: Organisation) -> Contract:
    contract = signed(zhou, agency)
    with recording_at(LIVE):
        return take_over(contract, by=zhou, at=LIVE)


def complain(contract: Contract, at: datetime, now: datetime) -> None:
    told = complaints.Told("酒是温的。", f"row:{at}")
    with recording_at(now), entered_late("opening"):
        complaints.receive(told, contract=contract, channel="other", by=None, at=at)


def test_the_ledger_learns_parties_terms_from_the_contract_taking_effect(zhou: User, agency: Organisation) -> None:
    contract = drawn_up(zhou, agency)
    at = datetime(2026, 1, 1, tzinfo=CHINA)
    with recording_at(at):
        sign(contract, by=zhou, at=at - HOUR)
        make_effective(contract, by=zhou, at=at)
    event = Event.objects.get(type="contract.effective")
    assert orjson.loads(bytes(event.body))["data"] == {
        "edition": contract.edition_id,
        "parameters": {},
        "amount": "360000.00",
        "currency": "CNY",
        "term_from": "2026-01-01",
        "term_to": "2026-12-31",
    }
    terms = TermsInForce.objects.get(contract=contract.pk)
    assert (terms.edition_id, terms.since, terms.until) == (contract.edition_id, at, None)
    assert stored(contract) == rebuilt(contract, at)


def test_a_parameter_is_recorded_under_the_name_that_its_edition_gives_it(zhou: User, agency: Organisation) -> None:
    named = EDITION + '[[parameter]]\nkey = "reply-time"\nclause = "1"\ndefault = "24h"\n'
    at = datetime(2026, 1, 1, tzinfo=CHINA)
    contract = draw_up(
        named.encode(), "named.toml", {"reply-time": "36h"}, venue=zhou.organisation, agency=agency, at=at
    )
    with recording_at(at):
        sign(contract, by=zhou, at=at)
        make_effective(contract, by=zhou, at=at)
    assert TermsInForce.objects.get(contract=contract.pk).parameters == {"reply-time": "36h"}


def test_a_contract_is_not_drawn_up_with_what_could_never_be_recorded(zhou: User, agency: Organisation) -> None:
    counted = EDITION + '[[parameter]]\nkey = "guests"\nclause = "1"\ndefault = 5\n'
    with pytest.raises(NotCanonical):
        draw_up(counted.encode(), "e.toml", {"guests": 2**60}, venue=zhou.organisation, agency=agency, at=LIVE)
    assert not Contract.objects.exists()


def test_nothing_is_missed_before_a_contract_went_live(taken_over: Contract) -> None:
    tick(LIVE + HOUR)
    assert not Event.objects.filter(type="duty.breached").exists()
    assert Clock.objects.get(duty="review").opened_at == LIVE


def test_what_was_over_before_is_history_and_owes_nothing(taken_over: Contract) -> None:
    complain(taken_over, LIVE - 10 * DAY, LIVE + HOUR)
    event = Event.objects.get(type="complaint.received")
    assert event.occurred_at == LIVE - 10 * DAY
    assert orjson.loads(bytes(event.body))["reason"] == "opening"
    tick(LIVE + 2 * HOUR)
    assert not Clock.objects.filter(noun="complaint").exists()
    assert stored(taken_over) == rebuilt(taken_over, LIVE + 2 * HOUR)


def test_what_was_still_running_is_owed_from_the_day_the_contract_went_live(taken_over: Contract) -> None:
    complain(taken_over, LIVE, LIVE + HOUR)
    assert orjson.loads(bytes(Event.objects.get(type="complaint.received").body))["reason"] == "opening"
    assert Clock.objects.get(duty="verify").due_at == LIVE + 24 * HOUR
    tick(LIVE + 2 * DAY)
    assert Clock.objects.get(duty="verify").breached_at == LIVE + 24 * HOUR
    assert stored(taken_over) == rebuilt(taken_over, LIVE + 2 * DAY)


def test_history_stays_history_when_the_whole_contract_is_judged_again(taken_over: Contract) -> None:
    complain(taken_over, LIVE - DAY, LIVE + HOUR)
    [declared] = happen(drafted(taken_over, "force_majeure.declared", "force_majeure:1", LIVE + HOUR), now=LIVE + HOUR)
    happen(drafted(taken_over, "force_majeure.fallen", "force_majeure:1", LIVE + DAY), now=LIVE + DAY)
    happen(drafted(taken_over, "event.annulled", f"contract:{taken_over.pk}", LIVE + DAY, id=declared), now=LIVE + DAY)
    complain(taken_over, LIVE - 2 * DAY, LIVE + 2 * DAY)
    assert not Clock.objects.filter(noun="complaint").exists()
    tick(LIVE + 2 * DAY)
    assert stored(taken_over) == rebuilt(taken_over, LIVE + 2 * DAY)


@pytest.mark.parametrize("at", [datetime(2025, 12, 31, 23, tzinfo=CHINA), datetime(2027, 1, 1, tzinfo=CHINA)])
def test_only_a_contract_whose_term_is_running_is_taken_over(zhou: User, agency: Organisation, at: datetime) -> None:
    contract = signed(zhou, agency)
    with recording_at(at), pytest.raises(CannotTakeOver):
        take_over(contract, by=zhou, at=at)


def test_what_nobody_has_signed_is_not_taken_over(zhou: User, agency: Organisation) -> None:
    contract = drawn_up(zhou, agency)
    with recording_at(LIVE), pytest.raises(CannotTakeOver):
        take_over(contract, by=zhou, at=LIVE)


def test_a_contract_is_taken_over_once(taken_over: Contract, zhou: User) -> None:
    with pytest.raises(CannotTakeOver):
        take_over(taken_over, by=zhou, at=LIVE)


@pytest.mark.parametrize("more", [{"amount": Decimal("-1.00")}, {"term": (TERM[1], TERM[0])}])
def test_a_contract_has_no_negative_amount_and_does_not_end_before_it_begins(
    zhou: User, agency: Organisation, more: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        drawn_up(zhou, agency, **more)
