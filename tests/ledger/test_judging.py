from datetime import datetime, timedelta
from random import Random

import pytest

from encore.accounts.models import Organisation, User
from encore.contracts.models import Contract
from encore.ledger import judging
from encore.ledger.models import Clock, Event, TermsInForce
from encore.ledger.nouns import Key
from encore.ledger.terms import keep_edition
from encore.ledger.tick import tick
from tests.cast import CHINA, DAY, EFFECTIVE, HOUR, RECEIVED, agreed
from tests.ledger.events import EDITION, clock, drafted, happen, rebuilt, stored
from tests.ledger.histories import something

NOW = datetime(2026, 5, 1, 9, tzinfo=CHINA)


@pytest.fixture
def trial(zhou: User, agency: Organisation) -> Contract:
    """Under the small edition of `events.py`, which has a duty of every kind."""
    return agreed(EDITION.encode(), zhou, agency)


def test_an_event_fulfils_what_another_started(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + 24 * HOUR), now=NOW)
    found = clock("verify", "complaint:7")
    assert (found.state, found.closed_at, found.is_ended, found.breached_at) == (
        "fulfilled",
        RECEIVED + 24 * HOUR,
        True,
        None,
    )


def test_a_late_fulfilment_was_a_breach_at_the_deadline(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + 25 * HOUR), now=NOW)
    found = clock("verify", "complaint:7")
    assert (found.state, found.breached_at) == ("late", RECEIVED + 24 * HOUR)
    breach = Event.objects.get(type="duty.breached")
    assert (breach.noun, breach.noun_id, breach.occurred_at) == ("complaint", 7, RECEIVED + 24 * HOUR)


def test_a_late_record_corrects_a_breach_that_was_announced(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    tick(NOW)
    assert clock("verify", "complaint:7").state == "breached"
    happen(drafted(trial, "complaint.progress_sent", "complaint:7", RECEIVED + 30 * HOUR), now=NOW)

    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + 3 * HOUR), now=NOW)

    assert clock("verify", "complaint:7").state == "fulfilled"
    assert Event.objects.filter(type="duty.breached", noun="complaint").exists(), "what was believed meanwhile stays"
    correction = Event.objects.get(type="duty.corrected")
    assert (correction.noun, correction.noun_id) == ("complaint", 7)


def test_what_a_machine_whose_clock_is_ahead_has_recorded_is_not_forgotten(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=RECEIVED)
    ahead = RECEIVED + 2 * HOUR
    happen(drafted(trial, "complaint.verified", "complaint:7", ahead), now=ahead)
    happen(drafted(trial, "complaint.progress_sent", "complaint:7", RECEIVED), now=RECEIVED + HOUR)
    assert clock("verify", "complaint:7").state == "fulfilled"
    tick(NOW)
    assert not Event.objects.filter(type="duty.breached", noun="complaint").exists()
    assert stored(trial) == rebuilt(trial, NOW)


def test_an_amendment_by_a_clock_that_is_ahead_holds_when_an_earlier_one_comes_late(trial: Contract) -> None:
    first = keep_edition(EDITION.replace('within = "24h"', 'within = "6h"').encode(), "first.toml")
    second = keep_edition(EDITION.replace('within = "24h"', 'within = "3h"').encode(), "second.toml")
    ahead = RECEIVED + 2 * HOUR
    happen(drafted(trial, "contract.amended", f"contract:{trial.pk}", ahead, edition=second), now=ahead)
    happen(drafted(trial, "contract.amended", f"contract:{trial.pk}", RECEIVED, edition=first), now=RECEIVED + HOUR)
    happen(drafted(trial, "complaint.received", "complaint:7", ahead + HOUR), now=ahead + HOUR)
    assert clock("verify", "complaint:7").due_at == ahead + 4 * HOUR
    assert stored(trial) == rebuilt(trial, ahead + HOUR)


def test_more_late_records_than_are_judged_at_a_time_are_all_judged(
    trial: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "_MOST_SUBJECTS", 2)
    happen(drafted(trial, "force_majeure.declared", "force_majeure:1", NOW), now=NOW)
    happen(*[drafted(trial, "complaint.received", f"complaint:{one}", RECEIVED) for one in range(7, 12)], now=NOW)
    assert {clock("verify", f"complaint:{one}").state for one in range(7, 12)} == {"breached"}
    assert stored(trial) == rebuilt(trial, NOW)


def test_what_was_done_in_time_is_in_time_though_a_tick_came_between(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    tick(NOW)
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + HOUR), now=NOW)
    found = clock("verify", "complaint:7")
    assert (found.state, found.closed_at, found.breached_at) == ("fulfilled", RECEIVED + HOUR, None)
    assert Event.objects.filter(type="duty.corrected", noun="complaint").count() == 1


def test_a_period_is_not_fulfilled_by_what_happened_before_it_began(trial: Contract) -> None:
    for number in (7, 8):
        happen(drafted(trial, "complaint.archived", f"complaint:{number}", EFFECTIVE + DAY), now=EFFECTIVE + DAY)
    tick(EFFECTIVE + 9 * DAY)
    late = [drafted(trial, "complaint.archived", f"complaint:{number}", EFFECTIVE + 2 * DAY) for number in (9, 10)]
    happen(*late, now=EFFECTIVE + 9 * DAY)
    assert clock("review", f"contract:{trial.pk}", 1).state == "open"


def test_a_contract_that_never_began_owes_nothing(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    tick(NOW)
    began = Event.objects.get(type="contract.effective")
    happen(drafted(trial, "event.annulled", f"contract:{trial.pk}", NOW, id=began.pk), now=NOW)
    assert not Clock.objects.exists()
    assert not TermsInForce.objects.exists()
    assert Event.objects.filter(type="duty.corrected").count() == Event.objects.filter(type="duty.breached").count()
    assert tick(NOW) == 0


def test_a_record_that_is_annulled_was_never_made(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    [mistaken] = happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + HOUR), now=NOW)
    happen(
        drafted(trial, "event.annulled", f"contract:{trial.pk}", RECEIVED + 2 * HOUR, id=mistaken),
        now=RECEIVED + 3 * HOUR,
    )
    assert clock("verify", "complaint:7").state == "open"
    assert not Clock.objects.filter(duty="silence").exists()


def test_what_started_a_clock_may_be_annulled_after_its_breach(trial: Contract) -> None:
    [mistaken] = happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    tick(NOW)
    happen(drafted(trial, "event.annulled", f"contract:{trial.pk}", NOW, id=mistaken), now=NOW)
    assert not Clock.objects.filter(noun="complaint").exists()
    assert Event.objects.get(type="duty.corrected").noun_id == 7


def test_a_reply_runs_from_receipt_though_the_grade_came_later(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    happen(drafted(trial, "complaint.assessed", "complaint:7", RECEIVED + 5 * HOUR, severity="major"), now=NOW)
    assert clock("reply", "complaint:7").due_at == RECEIVED + 12 * HOUR


def test_what_only_referred_to_a_subject_can_be_where_its_reply_runs_from(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:8", RECEIVED, refs="complaint:7"), now=NOW)
    happen(drafted(trial, "complaint.assessed", "complaint:7", RECEIVED + 5 * HOUR, severity="major"), now=NOW)
    assert clock("reply", "complaint:7").due_at == RECEIVED + 12 * HOUR


def test_an_event_moves_the_clocks_of_what_it_refers_to(trial: Contract) -> None:
    for number in (7, 8):
        happen(drafted(trial, "complaint.archived", f"complaint:{number}", EFFECTIVE + DAY), now=NOW)
    first = clock("review", f"contract:{trial.pk}")
    assert (first.state, first.closed_at) == ("fulfilled", EFFECTIVE + DAY)


def test_the_contract_is_not_judged_again_for_every_late_complaint(trial: Contract) -> None:
    happen(drafted(trial, "complaint.archived", "complaint:7", EFFECTIVE + 5 * DAY), now=NOW)
    before = stored(trial)
    happen(drafted(trial, "complaint.received", "complaint:8", EFFECTIVE + DAY), now=NOW)
    after = stored(trial)
    assert {place: row for place, row in after.items() if place[0].noun == "contract"} == before


def test_force_majeure_stops_the_clocks_of_the_whole_contract(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    happen(drafted(trial, "force_majeure.declared", "force_majeure:1", RECEIVED + HOUR), now=NOW)
    assert clock("verify", "complaint:7").state == "suspended"
    happen(drafted(trial, "complaint.received", "complaint:8", RECEIVED + 2 * HOUR), now=NOW)
    assert clock("verify", "complaint:8").state == "suspended"
    happen(drafted(trial, "force_majeure.lifted", "force_majeure:1", RECEIVED + 11 * HOUR), now=RECEIVED + 12 * HOUR)
    assert clock("verify", "complaint:7").due_at == RECEIVED + 34 * HOUR
    assert clock("verify", "complaint:8").due_at == RECEIVED + 35 * HOUR


def test_a_complaint_recorded_after_force_majeure_but_received_before_is_suspended_too(trial: Contract) -> None:
    happen(drafted(trial, "force_majeure.declared", "force_majeure:1", RECEIVED + HOUR), now=NOW)
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    assert clock("verify", "complaint:7").state == "suspended"


def test_an_amendment_governs_what_starts_after_it(trial: Contract) -> None:
    digest = keep_edition(EDITION.replace('within = "24h"', 'within = "6h"').encode(), "amended.toml")
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    happen(drafted(trial, "contract.amended", f"contract:{trial.pk}", RECEIVED + HOUR, edition=digest), now=NOW)
    happen(drafted(trial, "complaint.received", "complaint:8", RECEIVED + 2 * HOUR), now=NOW)
    assert clock("verify", "complaint:7").due_at == RECEIVED + 24 * HOUR
    assert clock("verify", "complaint:8").due_at == RECEIVED + 8 * HOUR
    first, second = TermsInForce.objects.filter(contract=trial.pk).order_by("since")
    assert (first.until, second.since, second.edition_id) == (RECEIVED + HOUR, RECEIVED + HOUR, digest)


def test_an_extension_and_an_excuse_reach_the_clock_they_name(trial: Contract) -> None:
    for number in (7, 8):
        happen(drafted(trial, "complaint.received", f"complaint:{number}", RECEIVED), now=NOW)
    until = "2026-03-14T12:00:00+08:00"
    happen(drafted(trial, "duty.extended", "complaint:7", RECEIVED + HOUR, duty="verify", until=until), now=NOW)
    happen(drafted(trial, "duty.excused", "complaint:8", RECEIVED + HOUR, duty="verify", reason="guest_away"), now=NOW)
    extended = clock("verify", "complaint:7")
    assert (extended.due_at, extended.first_due_at) == (datetime.fromisoformat(until), RECEIVED + 24 * HOUR)
    assert clock("verify", "complaint:8").state == "excused"


def test_a_missed_period_can_still_be_excused(trial: Contract) -> None:
    contract = f"contract:{trial.pk}"
    tick(EFFECTIVE + 20 * DAY)
    assert clock("review", contract).state == "breached"
    excuse = drafted(trial, "duty.excused", contract, EFFECTIVE + 15 * DAY, duty="review", reason="rebuilding", index=0)
    happen(excuse, now=EFFECTIVE + 20 * DAY)
    assert clock("review", contract).state == "excused"
    assert not Event.objects.filter(type="duty.corrected").exists(), "an excuse forgives; it does not correct"


@pytest.mark.parametrize("seed", range(80))
def test_clocks_made_again_from_the_events_are_those_that_are_stored(trial: Contract, seed: int) -> None:
    chance = Random(seed)
    at, recorded = EFFECTIVE + DAY, [0]
    for _ in range(40):
        at += timedelta(minutes=chance.randint(0, 60 * 14))
        late = timedelta(hours=chance.choice([2, 10, 40, 200])) if chance.random() < 0.25 else timedelta(0)
        drafts = [
            something(chance, trial, max(at - late, EFFECTIVE), recorded) for _ in range(chance.choice([1, 1, 2]))
        ]
        recorded += happen(*drafts, now=at)
        if chance.random() < 0.3:
            tick(at)
    tick(at)
    assert stored(trial) == rebuilt(trial, at)
    assert stored(trial)


def test_several_contracts_keep_their_clocks_apart(zhou: User, agency: Organisation, trial: Contract) -> None:
    other = agreed(EDITION.replace("24h", "48h").encode(), zhou, agency)
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=NOW)
    happen(drafted(other, "complaint.received", "complaint:8", RECEIVED), now=NOW)
    assert clock("verify", "complaint:7").due_at == RECEIVED + 24 * HOUR
    assert clock("verify", "complaint:8").due_at == RECEIVED + 48 * HOUR
    assert {key.noun for key, _, _ in stored(other)} == {"complaint", "contract"}
    assert Key("complaint", 7) not in {key for key, _, _ in stored(other)}
