"""Deadlines of the editions that come with the product, walked by recording through pages what no operation records yet."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from encore.accounts.models import Organisation, User
from encore.contracts import queries
from encore.contracts.models import Contract
from encore.ledger.models import Clock
from encore.ledger.nouns import key_of
from encore.ledger.tick import tick
from tests.cast import CHINA, HOUR, agreed, signed_in
from tests.clauses import clause, content
from tests.contracts.by_hand import by_hand

BEGAN = datetime(2026, 3, 10, 15, tzinfo=CHINA)  # a Tuesday
MINUTE = timedelta(minutes=1)


def end_of(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=CHINA) + 24 * HOUR


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


Event = tuple[str, dict[str, Any]]


def row(letter: str, number: str, duty: str, begun: Event | str, done: Event | str, due: datetime) -> Any:
    events = [(one, {}) if isinstance(one, str) else one for one in (begun, done)]
    return pytest.param(
        letter, number, duty, *events, due, marks=clause(letter, number), id=f"{letter}-{number}-{duty}"
    )


# What sets a duty running, what fulfils it, and the last moment, counted by hand from `BEGAN`.
DEADLINES = [
    row("A", "2.4.1", "share-results", "survey.closed", "survey.shared", end_of(3, 24)),
    row("A", "2.4.2", "plan-improvement", "survey.shared", "improvement.planned", end_of(3, 24)),
    row("A", "3.3.2", "adjust-training", ("training.held", {"topic": "product"}), "training.adjusted", end_of(4, 10)),
    row("A", "4.4.2", "adjust-campaign", "campaign.ended", "campaign.adjusted", end_of(4, 10)),
    row("A", "11.3.2", "grant-incentives", "appraisal.completed", "incentive.granted", end_of(4, 10)),
    row("A", "11.4.1", "feed-back-appraisal", "appraisal.completed", "appraisal.fed_back", end_of(3, 17)),
    row("A", "19.1.2", "answer-intervention", "intervention.requested", "intervention.answered", end_of(3, 17)),
    row("A", "toc.14.1", "notify-force-majeure", "force_majeure.declared", ("notice.delivered", {"matter": "force_majeure"}), BEGAN + 48 * HOUR),
    row("B", "8.2.2", "close-survey", "survey.opened", "survey.closed", end_of(3, 24)),
    row("B", "8.3.2", "plan-improvement", "survey.closed", "improvement.planned", end_of(3, 25)),
    row("B", "11.2.2", "adjust-improvement", ("improvement.evaluated", {"problem": True}), "improvement.adjusted", end_of(3, 20)),
    row("B", "12.2.3", "settle", ("contract.ended", {"reason": "rescission"}), "contract.settled", end_of(4, 9)),
    row("B", "14.8.2", "confirm-exit", ("intervention.ended", {"reason": "completed"}), "intervention.evaluated", end_of(3, 25)),
    row("B", "14.9.2", "sign-supplement", ("intervention.evaluated", {"contract_change": True}), "contract.amended", end_of(3, 25)),
    row("C", "8.3.2", "settle", "contract.ended", "contract.settled", end_of(4, 9)),
    row("C", "8.3.2", "hand-over", "contract.ended", "contract.assets_handed_over", end_of(3, 25)),
]  # fmt: skip


class Course:
    """One contract on which the duty is set running at `BEGAN`."""

    def __init__(self, desk: Client, letter: str, zhou: User, agency: Organisation) -> None:
        self.desk, self.zhou = desk, zhou
        self.contract = agreed(content(letter), zhou, agency)
        self.subject = ""

    def begin(self, duty: str, begun: Event) -> None:
        type, data = begun
        proposed = self.contract.reference if type.startswith(("contract.", "force_majeure.")) else "new"
        self.subject = by_hand(self.desk, self.contract, duty, type, at=BEGAN, subject=proposed, answers=data)

    def clock(self, duty: str) -> Clock:
        found = queries.subject(self.contract, self.subject, self.zhou)
        assert found is not None
        key = key_of(found)
        return Clock.objects.get(contract=self.contract.pk, duty=duty, noun=key.noun, noun_id=key.id)

    def page(self, state: str, duty: str) -> str:
        """The rows behind the number of the board that counts such clocks."""
        return self.desk.get(f"/board/{self.contract}/clocks/", {"f.duty": duty, "f.state": state}).content.decode()


@pytest.mark.parametrize(("letter", "number", "duty", "begun", "done", "due"), DEADLINES)
def test_what_its_clause_gives_time_for_is_in_time_at_the_last_moment_and_late_a_minute_after(
    desk: Client,
    zhou: User,
    agency: Organisation,
    letter: str,
    number: str,
    duty: str,
    begun: Event,
    done: Event,
    due: datetime,
) -> None:
    type, data = done
    for at, state, column, words in ((due, "fulfilled", "kept", "按时完成"), (due + MINUTE, "late", "late", "逾期")):
        course = Course(desk, letter, zhou, agency)
        course.begin(duty, begun)
        clock = course.clock(duty)
        assert (clock.opened_at, clock.due_at, clock.clause) == (BEGAN, due, number)
        assert course.subject in course.page("running", duty) or course.subject in course.page("missed", duty)
        by_hand(desk, course.contract, duty, type, at=at, subject=course.subject, answers=data)
        assert course.clock(duty).state == state
        page = course.page(column, duty)
        assert course.subject in page
        assert words in page
        assert {"toc.14.1": "目录所列 14.1"}.get(number, f"第{number}条") in page


PERIODS = [
    pytest.param(letter, number, duty, done, ends, marks=clause(letter, number), id=f"{letter}-{number}-{duty}")
    for letter, number, duty, done, ends in (
        ("A", "3.1.2", "train", ("training.held", {"topic": "product"}), (end_of(3, 31), end_of(4, 30))),
        ("A", "8.2.2", "review-customer-data", ("customer.data_reviewed", {}), (end_of(6, 2), end_of(9, 2))),
        ("A", "11.2.1", "appraise", ("appraisal.completed", {}), (end_of(6, 2), end_of(9, 2))),
        ("B", "3.1.2", "train", ("training.held", {"topic": "product"}), (end_of(6, 2), end_of(9, 2))),
        ("B", "9.3.3", "train-complaint-handling", ("training.held", {"topic": "complaint_handling"}), (end_of(6, 2), end_of(9, 2))),
        ("B", "2.1.1", "survey", ("survey.closed", {}), (end_of(6, 2), end_of(9, 2))),
        ("B", "6.1.2", "care", ("customer.cared_for", {}), (end_of(6, 2), end_of(9, 2))),
        ("B", "11.3.1", "evaluate-improvement", ("improvement.evaluated", {}), (end_of(6, 2), end_of(9, 2))),
        ("C", "2.2.1", "train-handlers", ("training.held", {"topic": "problem_solving"}), (end_of(6, 2), end_of(9, 2))),
        ("C", "5.2.1", "train-service", ("training.held", {"topic": "communication"}), (end_of(6, 2), end_of(9, 2))),
    )
]  # fmt: skip


@pytest.mark.parametrize(("letter", "number", "duty", "done", "ends"), PERIODS)
def test_what_its_clause_has_come_round_is_kept_in_the_period_in_which_it_was_done_and_missed_in_the_next(
    desk: Client,
    zhou: User,
    agency: Organisation,
    letter: str,
    number: str,
    duty: str,
    done: Event,
    ends: tuple[datetime, datetime],
) -> None:
    contract: Contract = agreed(content(letter), zhou, agency)
    by_hand(desk, contract, duty, done[0], at=BEGAN, subject="new", answers=done[1])
    tick(ends[1] + MINUTE)
    periods = Clock.objects.filter(contract=contract.pk, duty=duty, noun="contract").order_by("index")
    assert [(one.due_at, one.state) for one in periods[:2]] == [(ends[0], "fulfilled"), (ends[1], "breached")]
    for column, words in (("kept", "按时完成"), ("missed", "已逾期")):
        page = desk.get(f"/board/{contract}/clocks/", {"f.duty": duty, "f.state": column}).content.decode()
        assert words in page
        assert f"第{number}条" in page
