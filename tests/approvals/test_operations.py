import threading
from collections.abc import Callable
from contextvars import copy_context
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encore.accounts.models import Organisation, Post, User
from encore.approvals import drafts, operations, queries
from encore.approvals.models import Absence, Approval, State, Tier
from encore.channels import queries as channels
from encore.complaints.models import Complaint
from encore.jobs.worker import run_due
from encore.ledger.models import Event
from tests.cast import CHINA, DAY, HOUR, person

pytestmark = pytest.mark.django_db

ASKED = datetime(2026, 3, 11, 12, tzinfo=CHINA)
NEXT = ASKED + HOUR


def asked(by: User, amount: str | None = "888.00", subject: Complaint | None = None, **more: Any) -> Approval:
    told: dict[str, Any] = {
        "kind": "compensation",
        "words": "退还酒水差价",
        "form_key": uuid4().hex,
        "amount": Decimal(amount) if amount else None,
        "beneficiary": None,
        "copies": (),
        "at": ASKED,
        **more,
    }
    return operations.request(subject=subject, by=by, **told)


def step(approval: Approval) -> int:
    approval.refresh_from_db()
    found = queries.current(approval)
    assert found is not None
    return found.pk


def approve(approval: Approval, by: User, **more: Any) -> Approval:
    return operations.approve(approval, **{"step": step(approval), "words": "", "by": by, "at": NEXT, **more})


def refuse(approval: Approval, by: User, words: str = "金额没有依据", **more: Any) -> Approval:
    return operations.refuse(approval, **{"step": step(approval), "words": words, "by": by, "at": NEXT, **more})


def events(type: str) -> list[dict[str, Any]]:
    return [orjson.loads(bytes(event.body)) for event in Event.objects.filter(type=type).order_by("pk")]


# --- who decides ------------------------------------------------------------------------------------------------------


def test_the_amount_says_who_decides(lin: User, gao: User, zhou: User) -> None:
    drafts.set_tiers(
        "compensation",
        [(Decimal(500), [Post.MARKETING]), (Decimal(5000), [Post.FINANCE]), (None, [Post.FINANCE, Post.MANAGER])],
        by=zhou,
    )
    person("马超群", zhou.organisation, Post.MARKETING)
    posts = {
        amount: [one.post for one in asked(lin, amount).steps.order_by("place")]
        for amount in ("499.99", "500.00", "4999.99", "5000.00", None)
    }
    assert posts == {
        "499.99": ["marketing"],
        "500.00": ["finance"],
        "4999.99": ["finance"],
        "5000.00": ["finance", "manager"],
        None: ["finance", "manager"],
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example begins without tiers
@given(
    limits=st.lists(st.decimals("0.01", "999999.99", places=2), unique=True, max_size=5),
    amount=st.decimals("0.00", "2000000.00", places=2),
)
def test_every_amount_falls_into_exactly_the_lowest_tier_above_it(
    venue: Organisation, limits: list[Decimal], amount: Decimal
) -> None:
    Tier.objects.all().delete()
    kept = {limit: f"{post} manager" for limit, post in zip(limits, ("marketing", "promotion") * 3, strict=False)}
    Tier.objects.bulk_create(Tier(owner=venue, kind="cost", below=below, posts=posts) for below, posts in kept.items())
    Tier.objects.create(owner=venue, kind="cost", below=None, posts="finance")
    above = [limit for limit in limits if amount < limit]
    assert " ".join(queries.deciding(venue, "cost", amount)) == (kept[min(above)] if above else "finance")


def test_a_small_amount_is_approved_by_one(lin: User, gao: User, complaint: Complaint) -> None:
    approval = asked(lin, subject=complaint)
    approve(approval, gao)
    approval.refresh_from_db()
    assert (approval.state, approval.decided_at) == (State.GIVEN, NEXT)
    (said,) = events("approval.given")
    assert f"complaint:{complaint.pk}" in said["refs"], "so that whose it is hears of it"
    assert said["data"]["amount"] == "888.00"


def test_a_large_amount_is_approved_by_both_in_their_order(lin: User, gao: User, zhou: User) -> None:
    approval = asked(lin, "8000.00")
    with pytest.raises(operations.CannotDecide):
        approve(approval, zhou)
    approve(approval, gao)
    assert Approval.objects.get().state == State.OPEN
    assert (len(events("approval.passed")), events("approval.given")) == (1, [])
    approve(approval, zhou)
    assert Approval.objects.get().state == State.GIVEN


def test_a_refusal_needs_a_reason_and_ends_it(lin: User, gao: User, zhou: User) -> None:
    approval = asked(lin, "8000.00")
    with pytest.raises(operations.CannotDecide):
        refuse(approval, gao, "")
    refuse(approval, gao)
    approval.refresh_from_db()
    assert approval.state == State.REFUSED
    assert queries.in_whose_name(approval, zhou, NEXT) is None


def test_the_words_stay_in_their_row_and_the_event_holds_their_salted_hash(lin: User, gao: User) -> None:
    approval = asked(lin)
    refuse(approval, gao)
    row = approval.steps.get()
    (said,) = events("approval.refused")
    assert said["data"]["words"] == sha256(f"{row.salt}\n{row.words}".encode()).hexdigest()
    bodies = b"".join(bytes(event.body) for event in Event.objects.all()).decode()
    assert approval.words not in bodies
    assert row.words not in bodies
    assert said["data"]["words"] != sha256(row.words.encode()).hexdigest(), "nobody finds them by trying"


# --- never for oneself ------------------------------------------------------------------------------------------------


def test_nobody_approves_what_they_have_asked_for(gao: User, zhou: User) -> None:
    approval = asked(gao)
    assert [one.post for one in approval.steps.all()] == ["manager"], "finance has one person, and that one asks"
    with pytest.raises(operations.CannotDecide):
        approve(approval, gao)
    approve(approval, zhou)


def test_nobody_approves_what_they_gain_by(lin: User, gao: User, zhou: User) -> None:
    second = person("第二财务", gao.organisation, Post.FINANCE)
    approval = asked(lin, beneficiary=gao)
    with pytest.raises(operations.CannotDecide):
        approve(approval, gao)
    approve(approval, second)


def test_a_manager_who_is_alone_cannot_ask_for_themselves(zhou: User) -> None:
    with pytest.raises(operations.CannotAsk):
        asked(zhou, "8000.00")
    assert not Approval.objects.exists()


def test_it_is_not_handed_on_or_added_to_whom_it_is_for(lin: User, gao: User, zhou: User) -> None:
    approval = asked(lin, beneficiary=zhou)
    for to in (lin, zhou):
        with pytest.raises(operations.CannotHandOn):
            operations.delegate(approval, step=step(approval), to=to, by=gao, at=NEXT)
        with pytest.raises(operations.CannotHandOn):
            operations.add(approval, step=step(approval), to=to, is_before=True, by=gao, at=NEXT)


def test_who_stands_in_for_somebody_does_not_decide_for_themselves(lin: User, gao: User) -> None:
    drafts.set_absence(lin, ASKED.date(), ASKED.date(), by=gao)
    approval = asked(lin)
    assert queries.in_whose_name(approval, lin, NEXT) is None
    assert not queries.awaiting(lin, NEXT).exists()


def test_the_other_house_decides_nothing_here(lin: User, gao: User, he: User) -> None:
    approval = asked(lin)
    with pytest.raises((operations.CannotDecide, PermissionDenied)):
        approve(approval, he)
    with pytest.raises(operations.CannotHandOn):
        operations.delegate(approval, step=step(approval), to=he, by=gao, at=NEXT)
    assert not queries.visible_to(he).exists()


# --- deputies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "may"), [(10, False), (11, True), (13, True), (14, False)])
def test_a_deputy_decides_from_the_first_day_to_the_last_and_it_is_shown(
    lin: User, gao: User, zhou: User, day: int, may: bool
) -> None:
    drafts.set_absence(zhou, date(2026, 3, 11), date(2026, 3, 13), by=gao)
    approval = asked(lin, at=datetime(2026, 3, 9, 12, tzinfo=CHINA))
    moment = datetime(2026, 3, day, 23, 59, tzinfo=CHINA)
    assert queries.awaiting(zhou, moment).exists() == may
    if not may:
        with pytest.raises(operations.CannotDecide):
            approve(approval, zhou, at=moment)
        return
    approve(approval, zhou, at=moment)
    row = approval.steps.get()
    assert (row.decided_by, row.acting_for) == (zhou, gao)


def test_nobody_stands_in_for_themselves(gao: User) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        Absence.objects.create(person=gao, deputy=gao, from_day=ASKED.date(), to_day=ASKED.date())


def test_what_was_handed_to_somebody_who_has_left_goes_back_to_the_post(lin: User, gao: User, zhou: User) -> None:
    ma = person("马超群", gao.organisation, Post.MARKETING)
    second = person("第二财务", gao.organisation, Post.MARKETING)
    approval = asked(lin)
    operations.delegate(approval, step=step(approval), to=ma, by=gao, at=NEXT)
    ma.is_active = False
    ma.save()
    approval = queries.visible_to(zhou).get()
    assert queries.in_whose_name(approval, gao, NEXT) == gao
    assert queries.in_whose_name(approval, second, NEXT) is None


# --- handed on, added, withdrawn --------------------------------------------------------------------------------------


def test_handed_on_it_is_the_others_turn_alone(lin: User, gao: User, zhou: User) -> None:
    approval = asked(lin)
    operations.delegate(approval, step=step(approval), to=zhou, by=gao, at=NEXT)
    assert not queries.awaiting(gao, NEXT).exists()
    assert queries.awaiting(zhou, NEXT).get() == approval
    with pytest.raises(operations.CannotDecide):
        approve(approval, gao)
    approve(approval, zhou)


@pytest.mark.parametrize("is_before", [True, False])
def test_somebody_who_was_added_agrees_before_or_after(lin: User, gao: User, zhou: User, is_before: bool) -> None:
    approval = asked(lin)
    operations.add(approval, step=step(approval), to=zhou, is_before=is_before, by=gao, at=NEXT)
    order = [zhou, gao] if is_before else [gao, zhou]
    with pytest.raises(operations.CannotDecide):
        approve(approval, order[1])
    approve(approval, order[0])
    assert Approval.objects.get().state == State.OPEN
    approve(approval, order[1])
    assert Approval.objects.get().state == State.GIVEN
    assert [one.decided_by for one in approval.steps.order_by("place")] == order


def test_only_who_asked_withdraws_and_only_while_it_is_open(lin: User, gao: User) -> None:
    approval = asked(lin)
    with pytest.raises(operations.CannotWithdraw):
        operations.withdraw(approval, by=gao, at=NEXT)
    operations.withdraw(approval, by=lin, at=NEXT)
    with pytest.raises(operations.CannotWithdraw):
        operations.withdraw(approval, by=lin, at=NEXT)
    with pytest.raises(operations.AlreadyDecided):
        operations.approve(approval, step=approval.steps.get().pk, words="", by=gao, at=NEXT)


def test_new_tiers_leave_what_was_asked_before_as_it_was(lin: User, gao: User, zhou: User) -> None:
    approval = asked(lin)
    drafts.set_tiers("compensation", [(None, [Post.MANAGER])], by=zhou)
    approve(approval, gao)
    assert Approval.objects.get().state == State.GIVEN


def test_the_same_form_is_one_request(lin: User, gao: User) -> None:
    asked(lin, form_key="a" * 32)
    with pytest.raises(operations.AlreadyAsked):
        asked(lin, form_key="a" * 32)
    assert Approval.objects.count() == 1


def test_those_whose_turn_it_is_are_told_and_in_the_end_who_asked(lin: User, gao: User, zhou: User) -> None:
    approval = asked(lin, "8000.00")

    def kinds(person: User) -> list[str]:
        run_due()
        return list(channels.inbox(person).order_by("pk").values_list("kind", flat=True))

    assert (kinds(gao), kinds(zhou), kinds(lin)) == (["approval.requested"], [], [])
    approve(approval, gao)
    assert (kinds(zhou), kinds(lin)) == (["approval.passed"], [])
    approve(approval, zhou)
    assert (kinds(zhou), kinds(lin)) == (["approval.passed"], ["approval.given"])


# --- two at once ------------------------------------------------------------------------------------------------------


def at_once(*acts: Callable[[], Any]) -> list[BaseException | None]:
    """Each in a thread of its own, begun together; what each raised."""
    gate = threading.Barrier(len(acts))
    raised: list[BaseException | None] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            gate.wait(10)
            acts[place]()
        except BaseException as error:
            raised[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=copy_context().run, args=(run, place)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", [approve, refuse])
def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told_who(
    lin: User, gao: User, zhou: User, other: Callable[..., Approval]
) -> None:
    second = person("第二财务", gao.organisation, Post.FINANCE)
    approval = asked(lin)
    turn = step(approval)
    raised = at_once(lambda: approve(approval, gao, step=turn), lambda: other(approval, second, step=turn))
    (lost,) = [error for error in raised if error is not None]
    assert isinstance(lost, operations.AlreadyDecided)
    winner = gao if raised[0] is None else second
    assert winner.name in str(lost)
    assert len(events("approval.given")) + len(events("approval.refused")) == 1
    assert approval.steps.get().decided_by == winner


def test_a_decision_about_a_step_that_is_over_is_not_taken_for_the_next(lin: User, gao: User, zhou: User) -> None:
    """The page lay open: what it showed is no longer what would be decided."""
    approval = asked(lin, "8000.00")
    first = step(approval)
    approve(approval, gao)
    with pytest.raises(operations.AlreadyDecided, match=gao.name):
        approve(approval, zhou, step=first, at=NEXT + timedelta(minutes=1))
    assert Approval.objects.get().state == State.OPEN


def test_who_looks_at_a_copy_has_seen_it(lin: User, gao: User, zhou: User, tang: User) -> None:
    shen = person("沈", lin.organisation, Post.PROMOTION)
    approval = asked(lin, copies=[shen])
    assert queries.copied_to(shen).get() == approval
    assert queries.counts(shen, NEXT, 10).copied == 1
    drafts.mark_looked_at(approval, shen, NEXT + DAY)
    assert queries.counts(shen, NEXT, 10).copied == 0
