from datetime import datetime
from typing import Any

import pytest

from encore.accounts.models import Organisation, Post, User
from encore.accounts.rights import NotYours
from encore.complaints import course, operations, queries
from encore.complaints.models import Complaint
from encore.contracts.drafts import draw_up
from encore.contracts.models import Contract
from encore.jobs.worker import run_due
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import by_reference, key_of
from encore.ledger.operations import annul
from encore.ledger.queries import history
from encore.ledger.refusal import Refusal
from tests.cast import EDITION, HOUR, RECEIVED, SIGNED, complain, person

STEPS: list[tuple[str, Post, dict[str, Any]]] = [
    ("verify", Post.MARKETING, {}),
    ("assess", Post.MARKETING, {"severity": "two", "category": "service"}),
    ("plan", Post.PROMOTION, {"plan": "道歉并退款。"}),
    ("start", Post.PROMOTION, {}),
    ("resolve", Post.PROMOTION, {}),
    (
        "send_result",
        Post.CUSTOMER_SERVICE,
        {"measures": "已退款。", "result": "钱到账了。", "improvement": "账单两人核对。"},
    ),
    ("archive", Post.CUSTOMER_SERVICE, {}),
]
PAST = {
    "verify": "verified_at",
    "assess": "assessed_at",
    "plan": "planned_at",
    "start": "started_at",
    "resolve": "resolved_at",
    "send_result": "result_sent_at",
    "archive": "archived_at",
}


@pytest.fixture
def people(agency: Organisation, venue: Organisation) -> dict[Post, User]:
    posts = (Post.MARKETING, Post.PROMOTION)
    return {
        post: person(str(post.label), agency if post in posts else venue, post)
        for post in Post
        if post is not Post.GUEST
    }


def walk(complaint: Complaint, people: dict[Post, User], steps: int) -> datetime:
    """Takes the first steps, one an hour; when the last one was taken."""
    at = RECEIVED
    for name, post, more in STEPS[:steps]:
        at += HOUR
        getattr(operations, name)(complaint, **more, by=people[post], at=at)
    return at


@pytest.mark.parametrize("taken", range(len(STEPS)))
def test_each_step_comes_after_the_one_before_and_only_once(
    complaint: Complaint, people: dict[Post, User], taken: int
) -> None:
    at = walk(complaint, people, taken) + HOUR
    for place, (name, post, more) in enumerate(STEPS):
        if place != taken:
            with pytest.raises(Refusal):
                getattr(operations, name)(complaint, **more, by=people[post], at=at)
    name, post, more = STEPS[taken]
    changed = getattr(operations, name)(complaint, **more, by=people[post], at=at)
    complaint.refresh_from_db()
    assert getattr(complaint, PAST[name]) == at
    assert {key: getattr(complaint, key) for key in more} == more
    assert changed == complaint


def test_a_complaint_walked_in_time_leaves_no_clock_running_and_none_breached(
    complaint: Complaint, people: dict[Post, User]
) -> None:
    walk(complaint, people, len(STEPS))
    clocks = Clock.objects.filter(noun="complaint", noun_id=complaint.pk)
    assert set(clocks.values_list("duty", "state")) == {
        (duty, "fulfilled") for duty in ("verify", "assess", "plan", "start", "resolve", "feed-back")
    }
    assert not Event.objects.filter(type="duty.breached").exists()


def test_the_result_on_the_guests_page_is_sent_in_writing_by_the_web(
    complaint: Complaint, people: dict[Post, User]
) -> None:
    walk(complaint, people, len(STEPS))
    sent = next(entry for entry in history(key_of(complaint)) if entry.type == "complaint.result_sent")
    assert sent.data == {"channel": "web", "form": "written"}


@pytest.mark.parametrize(
    ("operation", "post"), [("verify", Post.HUMAN_RESOURCES), ("assess", Post.PROMOTER), ("archive", Post.FINANCE)]
)
def test_a_step_is_for_its_post(complaint: Complaint, people: dict[Post, User], operation: str, post: Post) -> None:
    more = {"severity": "one", "category": "product"} if operation == "assess" else {}
    with pytest.raises(NotYours):
        getattr(operations, operation)(complaint, **more, by=people[post], at=RECEIVED + HOUR)


@pytest.mark.parametrize(("severity", "category"), [("zero", "product"), ("one", "weather"), ("", "")])
def test_a_level_that_the_contract_does_not_know_is_refused(
    complaint: Complaint, people: dict[Post, User], severity: str, category: str
) -> None:
    walk(complaint, people, 1)
    with pytest.raises(operations.CannotAssess):
        operations.assess(
            complaint, severity=severity, category=category, by=people[Post.MARKETING], at=RECEIVED + 2 * HOUR
        )


def test_the_same_form_is_one_complaint(contract: Contract) -> None:
    told = operations.Told("两次提交", "same-form")
    operations.receive(told, contract=contract, channel="web", by=None, at=RECEIVED)
    with pytest.raises(operations.AlreadyReceived):
        operations.receive(told, contract=contract, channel="web", by=None, at=RECEIVED + HOUR)
    assert Complaint.objects.count() == 1


def test_merging_takes_the_people_concerned_along(contract: Contract, people: dict[Post, User]) -> None:
    one, other = complain(contract), complain(contract)
    named = people[Post.PROMOTER]
    manager = people[Post.MANAGER]
    operations.name_concerned(one, person=named, by=manager, at=RECEIVED + HOUR)
    operations.merge(one, into=other, by=manager, at=RECEIVED + 2 * HOUR)
    assert list(other.concerns.values_list("person", flat=True)) == [named.pk]


def test_once_it_is_finished_nothing_is_assessed_anew(complaint: Complaint, people: dict[Post, User]) -> None:
    at = walk(complaint, people, 5)
    with pytest.raises(operations.CannotAssess):
        operations.assess(
            complaint, severity="one", category="product", reason="晚了", by=people[Post.MARKETING], at=at + HOUR
        )


def test_an_annulled_assessment_gives_the_level_back_that_stood_before(
    complaint: Complaint, people: dict[Post, User]
) -> None:
    at, manager = walk(complaint, people, 2), people[Post.MANAGER]
    operations.assess(complaint, severity="one", category="product", reason="有人受伤", by=manager, at=at + HOUR)
    entry = Event.objects.filter(type="complaint.assessed").latest("id")
    annul(entry, reason="mistyped", by=manager, at=at + 2 * HOUR)
    run_due()
    complaint.refresh_from_db()
    assert (complaint.severity, complaint.category) == ("two", "service")


def test_a_contract_that_is_not_in_force_takes_no_complaints(venue: Organisation, agency: Organisation) -> None:
    contract = draw_up(EDITION, "house.toml", {}, venue=venue, agency=agency, at=SIGNED)
    with pytest.raises(operations.CannotReceive):
        complain(contract)


def test_a_complaint_is_followed_up_as_often_as_it_takes(complaint: Complaint, people: dict[Post, User]) -> None:
    at = walk(complaint, people, 6)
    for _ in range(2):
        at += HOUR
        assert operations.follow_up(complaint, by=people[Post.CUSTOMER_SERVICE], at=at).followed_up_at == at
    operations.archive(complaint, by=people[Post.CUSTOMER_SERVICE], at=at + HOUR)
    with pytest.raises(operations.CannotHandle):
        operations.follow_up(complaint, by=people[Post.CUSTOMER_SERVICE], at=at + 2 * HOUR)


def test_a_guest_can_do_nothing_but_complain(complaint: Complaint) -> None:
    with pytest.raises(NotYours):
        operations.verify(complaint, by=None, at=RECEIVED + HOUR)  # type: ignore[arg-type]


def test_a_complaint_is_found_by_its_reference_and_by_nothing_like_it(complaint: Complaint) -> None:
    reference = complaint.reference
    assert reference == f"C-26-{complaint.pk:06}"
    rows = Complaint.objects.all()
    assert by_reference(rows, reference) == complaint
    for wrong in (
        f"K-26-{complaint.pk:06}",
        f"C-25-{complaint.pk:06}",
        f"C-26-{complaint.pk}",
        "C-26-",
        "",
        f"{reference} ",
    ):
        assert by_reference(rows, wrong) is None


def test_the_stages_of_the_contract_tell_where_a_complaint_stands(
    complaint: Complaint, people: dict[Post, User]
) -> None:
    walk(complaint, people, 2)
    steps = course.steps(queries.edition(complaint), history(key_of(complaint)))
    assert [step.stage.key for step in steps if step.is_present] == ["plan"]
    assert [step.stage.key for step in steps if step.is_past] == ["receipt", "verification", "classification"]
    assert steps[2].reached_at == RECEIVED + HOUR


def test_both_parties_of_its_contract_see_a_complaint_and_nobody_else(
    complaint: Complaint, people: dict[Post, User]
) -> None:
    stranger = person("陌生", Organisation.objects.create(name="别家", role="venue"), Post.MANAGER)
    assert list(queries.visible_to(people[Post.MANAGER])) == [complaint]
    assert list(queries.visible_to(people[Post.MARKETING])) == [complaint]
    assert list(queries.visible_to(stranger)) == []
