"""Every stage of every edition, walked through pages in the edition's own order: also of one that was written for the test."""

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from encore.accounts.models import Department, Organisation, Post, User
from encore.complaints import course
from encore.complaints.views.acts import ACTS, Act, is_turn
from encore.contracts.models import Contract
from encore.engine import Edition, load_edition
from encore.engine.model import Severity, Stage
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from tests.cast import CHINA, agreed
from tests.clauses import content, known
from tests.complaints.walking import Taken, Walk, channels, everybody, in_time, late, stages_for

pytestmark = pytest.mark.once

FOURTH = Path(__file__).parent.with_name("fourth_desk.toml").read_bytes()
FILES = {**{letter: content(letter) for letter in known() if len(letter) == 1}, "fourth": FOURTH}
EDITIONS = {name: load_edition(file, f"{name}.toml") for name, file in FILES.items()}


def gravest(edition: Edition) -> str:
    rows = [row for row in edition.vocabulary["severity"].values() if isinstance(row, Severity)]
    return max(rows, key=lambda row: row.rank or 0).key


EVERY = [
    pytest.param(name, channel, severity, id=f"{name}-{channel}-{severity}")
    for name, edition in EDITIONS.items()
    for channel in channels(edition)
    for severity in edition.vocabulary["severity"]
]
GRAVEST = [
    pytest.param(name, channel, gravest(edition), id=f"{name}-{channel}")
    for name, edition in EDITIONS.items()
    for channel in channels(edition)
]


@pytest.fixture
def people(venue: Organisation, agency: Organisation) -> list[User]:
    return everybody(venue, agency)


def under(name: str, zhou: User, agency: Organisation) -> Contract:
    return agreed(FILES[name], zhou, agency)


def present_stage(page: str, edition: Edition) -> str:
    """The key of the stage that a page says the complaint stands in."""
    found = re.search(r'aria-current="step">\s*<span class="step-name">([^<]+)</span>', page)
    assert found
    [key] = [key for key, row in edition.vocabulary["stage"].items() if row.label["zh-Hans"] == found[1]]
    return key


def stage_on_pages(walk: Walk, taken: Taken) -> str:
    """What the house reads and what the guest reads is one."""
    house = walk.clients[taken.by.pk].get(walk.address).content.decode()
    guest = walk.guest.get(f"/t/{walk.complaint.token}/").content.decode()
    edition = walk.terms.edition
    assert present_stage(house, edition) == present_stage(guest, edition)
    return present_stage(house, edition)


def states(walk: Walk, taken: Taken) -> set[tuple[str, datetime | None]]:
    """Of the clocks that an act was to fulfil; not those that it spoke to but asked for other words or another way."""
    return {
        (clock.state, clock.closed_at)
        for clock in Clock.objects.filter(pk__in=taken.clocks)
        if clock.closed_by is not None
    }


@pytest.mark.parametrize(("name", "channel", "severity"), EVERY)
def test_each_stage_is_come_to_in_the_order_of_the_edition_and_every_clock_is_kept_at_its_last_second(
    zhou: User, agency: Organisation, people: list[User], name: str, channel: str, severity: str
) -> None:
    walk = Walk(under(name, zhou, agency), people, severity, in_time)
    walk.begin(channel)
    seen: list[str] = []
    for taken in walk.on():
        seen.append(stage_on_pages(walk, taken))
        assert {state for state, _at in states(walk, taken)} <= {"fulfilled", "discharged"}
    edition = walk.terms.edition
    order = stages_for(edition, severity)
    assert [key for key in order if key in seen] == list(dict.fromkeys(seen))
    reached = {step.stage.key for step in course.steps(edition, history(key_of(walk.complaint))) if step.reached_at}
    assert reached == set(order)
    assert seen[-1] == order[-1]
    clocks = list(walk.clocks())
    assert clocks
    assert {clock.state for clock in clocks} <= {"fulfilled", "discharged"}
    assert all(clock.is_ended for clock in clocks)


@pytest.mark.parametrize(("name", "channel", "severity"), GRAVEST)
def test_what_is_done_a_second_after_its_time_is_late_by_that_second(
    zhou: User, agency: Organisation, people: list[User], name: str, channel: str, severity: str
) -> None:
    walk = Walk(under(name, zhou, agency), people, severity, late)
    walk.begin(channel)
    missed: Counter[str] = Counter()
    for taken in walk.on():
        for clock in Clock.objects.filter(pk__in=taken.clocks, closed_at=taken.at):
            is_late = taken.at > clock.due_at
            assert clock.state == ("late" if is_late else "fulfilled")
            missed[clock.duty] += is_late
    assert walk.complaint.archived_at is not None
    assert sum(missed.values()) >= 3


@pytest.mark.parametrize(("name", "channel", "severity"), GRAVEST)
def test_no_stage_is_left_out_and_each_step_is_for_the_department_that_the_edition_names(
    zhou: User, agency: Organisation, people: list[User], name: str, channel: str, severity: str
) -> None:
    walk = Walk(under(name, zhou, agency), people, severity, in_time)
    walk.begin(channel)
    skipped, others = refused(walk, people)
    for _taken in walk.on():
        if walk.complaint.is_open:
            more = refused(walk, people)
            skipped, others = skipped + more[0], others + more[1]
    assert skipped >= 5
    assert (others > 0) == any(walk.departments(act) for act in ACTS.values())


def refused(walk: Walk, people: list[User]) -> tuple[int, int]:
    """How many steps out of their turn, and how many by somebody of another department, were just tried in vain."""
    recorded = Event.objects.count()
    manager = next(one for one in people if one.organisation == walk.contract.venue and one.post == Post.MANAGER)
    skipped = [act for act in ACTS.values() if leaves_out(walk, act)]
    for act in skipped:
        answer = walk.sent(act, manager, walk.at)  # who may take every step, so that only its turn is against it
        assert answer.status_code == 409, act.name
    strangers = [
        (act, one) for act in ACTS.values() if is_turn(walk.complaint, act, walk.terms) for one in walk.strangers(act)
    ]
    for act, one in strangers:
        answer = walk.sent(act, one, walk.at)
        assert answer.status_code == 403, (act.name, one.post)
        labels = [str(Department(post).label) for post, _party in walk.departments(act)]
        assert any(label in answer.content.decode() for label in labels)
    assert Event.objects.count() == recorded
    return len(skipped), len(strangers)


def leaves_out(walk: Walk, act: Act) -> bool:
    """Whether an act would enter a stage with another one before it that the complaint has not come to yet.

    Taking it up comes by itself with whatever is done first.
    """
    rows = walk.terms.edition.vocabulary["stage"]
    order = [
        (key, {pattern.event for pattern in row.enters or ()})
        for key in stages_for(walk.terms.edition, walk.severity)
        if isinstance(row := rows[key], Stage)
    ]
    keys = [key for key, _events in order]
    target = next((place for place, (_key, events) in enumerate(order) if act.event in events), 0)
    between = order[keys.index(walk.complaint.stage) + 1 : target] if walk.complaint.stage in keys else []
    return any("complaint.taken_up" not in events for _key, events in between)


# --- the fourth edition, counted by hand ---------------------------------------------------------------------------------


def china(*when: int) -> datetime:
    return datetime(*when, tzinfo=CHINA)  # type: ignore[arg-type, misc]


# It comes on Tuesday, 10 March, at 22:40. Each step is taken at its last second, but the weighing ten minutes after the step
# before it. Days are counted from the day after and end with their night; one that would end on a Sunday ends on the Monday.
FOURTH_BY_HAND = {
    "see-the-guest": china(2026, 3, 10, 23, 25),
    "hand-on": china(2026, 3, 11, 2, 40),
    "weigh": china(2026, 3, 11, 5, 25),
    "ring": china(2026, 3, 11, 3, 10),
    "answer-back": china(2026, 3, 11, 10, 40),
    "sit-down": china(2026, 3, 11, 12, 50),
    "promise": china(2026, 3, 13),
    "nod": china(2026, 3, 13, 3),
    "keep": china(2026, 3, 17),
    "tell": china(2026, 3, 17, 1, 30),
    "ask": china(2026, 3, 17, 6, 30),
    "tell-the-end": china(2026, 3, 17, 7),
    "shelve": china(2026, 3, 28),
}


def test_under_the_fourth_edition_each_thing_is_owed_by_the_moment_counted_by_hand(
    zhou: User, agency: Organisation, people: list[User]
) -> None:
    walk = Walk(under("fourth", zhou, agency), people, "dark", in_time)
    walk.begin("tray")
    for _taken in walk.on():
        pass
    due = {clock.duty: clock.due_at for clock in walk.clocks() if not walk.terms.rules[clock.duty].every}
    assert due == FOURTH_BY_HAND
