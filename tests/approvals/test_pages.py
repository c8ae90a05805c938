import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime, now

from encore.accounts.models import Post, User
from encore.approvals import operations, queries
from encore.approvals.models import Absence, Approval, State, Tier
from encore.complaints.models import Complaint
from tests.cast import DAY, HOUR, person, signed_in

pytestmark = pytest.mark.django_db


def asked(by: User, **more: Any) -> Approval:
    told: dict[str, Any] = {
        "subject": None,
        "kind": "compensation",
        "words": "退还酒水差价",
        "form_key": uuid4().hex,
        "amount": Decimal("888.00"),
        "beneficiary": None,
        "copies": (),
        "at": now() - HOUR,
        **more,
    }
    return operations.request(by=by, **told)


def form(client: Client, **fields: Any) -> dict[str, Any]:
    page = client.get(reverse("approvals:ask")).content.decode()
    found = re.search(r'name="form_key" value="([0-9a-f]{32})"', page)
    assert found
    return {"kind": "cost", "words": "买冰桶", "amount": "1,234.5", "form_key": found[1], **fields}


def test_somebody_asks_and_it_stands_with_whoever_decides(lin: User, gao: User, complaint: Complaint) -> None:
    client = signed_in(lin)
    told = form(client, about=complaint.reference)
    answer = client.post(reverse("approvals:ask"), told)
    approval = Approval.objects.get()
    assert answer["Location"] == reverse("approvals:approval", args=[approval.reference])
    assert client.post(reverse("approvals:ask"), told)["Location"] == answer["Location"], "the same form is one request"
    assert (approval.amount, approval.noun_id) == (Decimal("1234.50"), complaint.pk)
    page = signed_in(gao).get(reverse("approvals:list")).content.decode()
    assert approval.reference in page
    assert "Waits for me (1)" in page
    assert f'href="/complaints/{complaint.reference}/"' in page
    mine = client.get(reverse("approvals:list") + "?show=asked").content.decode()
    assert approval.reference in mine
    assert "finance" in mine


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("words", " ", "Say what it is for."),
        ("amount", "一点点", "This is no amount of money."),
        ("kind", "", "Choose one."),
        ("about", "C-26-999999", "There is nothing with this number."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    lin: User, gao: User, field: str, value: str, said: str
) -> None:
    client = signed_in(lin)
    told = form(client, **{field: value})
    answer = client.post(reverse("approvals:ask"), told)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert ("买冰桶" in page) == (field != "words")
    assert not Approval.objects.exists()


def test_a_thing_of_others_cannot_be_asked_about(lin: User, gao: User, he: User) -> None:
    other = asked(lin)
    answer = signed_in(he).post(reverse("approvals:ask"), form(signed_in(he), about=other.reference))
    assert "There is nothing with this number." in answer.content.decode()


def act(client: Client, approval: Approval, name: str, **more: Any) -> Any:
    step = queries.current(approval)
    fields = {"step": step.pk if step else 0, "words": "", **more}
    return client.post(reverse("approvals:act", args=[approval.reference, name]), fields)


def test_whoever_is_asked_agrees_on_the_page(lin: User, gao: User) -> None:
    approval = asked(lin)
    client = signed_in(gao)
    page = client.get(reverse("approvals:approval", args=[approval.reference])).content.decode()
    assert "It is your turn" in page
    assert "¥888.00" in page
    assert act(client, approval, "approve", words="同意").status_code == 302
    approval.refresh_from_db()
    assert approval.state == State.GIVEN
    page = signed_in(lin).get(reverse("approvals:approval", args=[approval.reference])).content.decode()
    assert "同意" in page
    assert gao.name in page


def test_a_refusal_without_a_reason_comes_back_with_a_sentence(lin: User, gao: User) -> None:
    approval = asked(lin)
    answer = act(signed_in(gao), approval, "refuse")
    assert answer.status_code == 422
    assert "Say why it is refused." in answer.content.decode()
    assert act(signed_in(gao), approval, "refuse", words="没有小票").status_code == 302


def test_who_is_too_late_is_told_who_was_faster_and_keeps_what_they_wrote(lin: User, gao: User) -> None:
    second = person("第二财务", gao.organisation, Post.FINANCE)
    approval = asked(lin)
    step = queries.current(approval)
    assert step
    act(signed_in(second), approval, "approve")
    answer = act(signed_in(gao), approval, "refuse", step=step.pk, words="金额不对，请核对小票")
    assert answer.status_code == 409
    assert "第二财务 has decided this already." in answer.content.decode()
    assert "金额不对，请核对小票" in answer.content.decode()


def test_who_asked_sees_no_buttons_to_decide_and_may_withdraw(gao: User, zhou: User) -> None:
    approval = asked(gao)
    client = signed_in(gao)
    page = client.get(reverse("approvals:approval", args=[approval.reference])).content.decode()
    assert "It is your turn" not in page
    assert "nobody decides about what they have asked for" in page
    assert act(client, approval, "withdraw").status_code == 302
    assert Approval.objects.get().state == State.WITHDRAWN


def test_it_is_handed_on_and_somebody_is_added_on_the_page(lin: User, gao: User, zhou: User) -> None:
    approval = asked(lin)
    ma = person("马超群", gao.organisation, Post.MARKETING)
    assert act(signed_in(gao), approval, "add", to=ma.pk, when="before").status_code == 302
    assert act(signed_in(ma), approval, "delegate", to=zhou.pk).status_code == 302
    page = signed_in(zhou).get(reverse("approvals:approval", args=[approval.reference])).content.decode()
    assert f"added by {gao.name}" in page
    assert f"handed on by {ma.name}" in page
    assert "It is your turn" in page


def test_somebody_of_another_house_is_not_among_those_to_choose_from(
    lin: User, gao: User, he: User, zhou: User
) -> None:
    approval = asked(lin)
    page = signed_in(gao).get(reverse("approvals:approval", args=[approval.reference])).content.decode()
    assert he.name not in page
    assert zhou.name in page
    assert act(signed_in(gao), approval, "delegate", to=he.pk).status_code == 422


def test_colleagues_who_have_nothing_to_do_with_it_do_not_see_it(lin: User, gao: User) -> None:
    approval = asked(lin)
    other = person("方怡", lin.organisation, Post.HUMAN_RESOURCES)
    assert signed_in(other).get(reverse("approvals:approval", args=[approval.reference])).status_code == 404


def test_a_deputy_finds_it_and_is_told_in_whose_place(lin: User, gao: User) -> None:
    fang = person("方怡", lin.organisation, Post.HUMAN_RESOURCES)
    day = localtime(now()).date()
    client = signed_in(gao)
    told = {"deputy": fang.pk, "from_day": day.isoformat(), "to_day": (day + DAY).isoformat()}
    assert client.post(reverse("approvals:absence"), told).status_code == 302
    approval = asked(lin)
    page = signed_in(fang).get(reverse("approvals:approval", args=[approval.reference])).content.decode()
    assert f"You decide in the place of {gao.name}" in page
    client.post(reverse("approvals:absence"), {"end": Absence.objects.get().pk})
    assert not Absence.objects.exists()


def test_an_absence_that_ends_before_it_begins_is_none(gao: User, lin: User) -> None:
    told = {"deputy": lin.pk, "from_day": "2026-3-5", "to_day": "2026年3月4日"}
    answer = signed_in(gao).post(reverse("approvals:absence"), told)
    assert answer.status_code == 422
    assert "That is before it begins." in answer.content.decode()


def tiers(*rows: tuple[str, str, str]) -> dict[str, str]:
    told = {"kind": "cost", "cost-TOTAL_FORMS": "4", "cost-INITIAL_FORMS": "0", "cost-MIN_NUM_FORMS": "4"}
    told["cost-MAX_NUM_FORMS"] = "4"
    for number in range(4):
        below, first, second = rows[number] if number < len(rows) else ("", "", "")
        told |= {f"cost-{number}-below": below, f"cost-{number}-first": first, f"cost-{number}-second": second}
    return told


def test_the_manager_says_who_decides_about_which_amounts(zhou: User) -> None:
    told = tiers(("500", "marketing", ""), ("5,000", "finance", ""), ("", "finance", "manager"))
    assert signed_in(zhou).post(reverse("approvals:tiers"), told).status_code == 302
    assert queries.tiers(zhou.organisation, "cost") == [
        (Decimal("500.00"), [Post.MARKETING]),
        (Decimal("5000.00"), [Post.FINANCE]),
        (None, [Post.FINANCE, Post.MANAGER]),
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("500", "finance", "")], "Exactly one line has no amount"),
        ([("", "finance", ""), ("", "manager", "")], "Exactly one line has no amount"),
        ([("500", "", ""), ("", "manager", "")], "Say who decides about these amounts."),
        ([("500", "finance", ""), ("500.00", "marketing", ""), ("", "manager", "")], "Two lines have the same amount."),
    ],
)
def test_tiers_that_leave_an_amount_to_nobody_or_to_two_are_not_taken(
    zhou: User, rows: list[tuple[str, str, str]], said: str
) -> None:
    answer = signed_in(zhou).post(reverse("approvals:tiers"), tiers(*rows))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Tier.objects.exists()


def test_only_the_manager_says_so(gao: User) -> None:
    assert signed_in(gao).post(reverse("approvals:tiers"), tiers(("", "finance", ""))).status_code == 403


@pytest.mark.parametrize("number", [3, 40])
@pytest.mark.parametrize("show", ["waiting", "asked", "copies"])
def test_the_lists_ask_the_same_number_of_questions_however_long_they_are(
    lin: User, gao: User, complaint: Complaint, number: int, show: str, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        asked(lin, subject=complaint, copies=[gao])
    client = signed_in(lin if show == "asked" else gao)
    with django_assert_num_queries({"waiting": 10, "asked": 9, "copies": 9}[show]):
        client.get(reverse("approvals:list"), {"show": show})
