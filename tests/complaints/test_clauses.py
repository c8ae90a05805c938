"""The clauses on complaints of the editions that come with the product, walked under a contract made with that edition."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from encore.accounts.models import Organisation, Post, User
from encore.accounts.rights import NotYours
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.engine import Edition
from encore.engine.model import Channel
from encore.ledger.models import Clock
from encore.ledger.tick import tick
from tests.cast import DAY, HOUR, RECEIVED, complain, person, signed_in
from tests.clauses import clause
from tests.complaints.house import SECOND, House, china, clock, house, page_of, sent, tones


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


@pytest.fixture
def guest() -> Client:
    return Client(REMOTE_ADDR="203.0.113.7", headers={"accept-language": "zh-CN"})


# --- the time that each step may take ----------------------------------------------------------------------------------


def owed(letter: str, number: str, duty: str, step: str, due: datetime, *also: str) -> Any:
    """A step, and by when its clause wants it: a complaint comes on 10 March at 22:40 and is taken a step further each hour."""
    marks = clause(letter, number, *also)
    return pytest.param(letter, number, duty, step, due, marks=marks, id=f"{letter} {number} {duty}")


@pytest.mark.parametrize(
    ("letter", "number", "duty", "step", "due"),
    [
        owed("A", "1.2.2", "assess", "assess", china(2026, 3, 11, 22, 40)),
        owed("A", "9.2.2", "resolve", "resolve", china(2026, 3, 18)),
        owed("A", "8.4.2", "feed-back", "send_result", china(2026, 3, 12, 3, 40)),
        owed("B", "1.2.1", "verify", "verify", china(2026, 3, 11, 22, 40)),
        owed("B", "1.1.3", "assess", "assess", china(2026, 3, 11, 23, 40)),
        owed("B", "1.2.2", "plan", "plan", china(2026, 3, 13, 0, 40)),
        owed("B", "1.1.5", "start", "start", china(2026, 3, 12, 1, 40)),
        owed("B", "1.2.3", "resolve", "resolve", china(2026, 3, 14, 2, 40)),
        owed("B", "1.2.4", "feed-back", "send_result", china(2026, 3, 12, 3, 40)),
        owed("C", "1.2.2", "assess", "assess", china(2026, 3, 11, 22, 40)),
        owed("C", "1.4.1", "resolve", "resolve", china(2026, 3, 18)),
        owed("C", "1.4.1", "feed-back", "send_result", china(2026, 3, 12, 3, 40)),
    ],
)
def test_a_step_is_owed_by_the_moment_that_its_clause_names_and_not_a_second_later(
    desk: Client, zhou: User, agency: Organisation, letter: str, number: str, duty: str, step: str, due: datetime
) -> None:
    under = house(letter, zhou, agency)
    in_time, late, never = (under.walked(before=step) for _ in range(3))
    queue = desk.get("/complaints/").content.decode()
    label = under.edition.label(under.edition.duties[duty], "zh-Hans")
    for complaint in (in_time, late, never):
        assert (clock(complaint, duty).clause, clock(complaint, duty).due_at) == (number, due)
        assert complaint.reference in queue
        assert tones(page_of(desk, complaint), number, label) == ["overdue"]

    under.take(in_time, step, due)
    under.take(late, step, due + SECOND)
    tick()
    assert [clock(complaint, duty).state for complaint in (in_time, late, never)] == ["fulfilled", "late", "breached"]
    seen = [tones(page_of(desk, one), number, label) for one in (in_time, late, never)]
    assert seen == [["kept"], ["missed"], ["overdue"]]


@dataclass(frozen=True)
class Owed:
    """What sets a duty running, what fulfils it at the desk, and its last second. A complaint comes on 10 March at 22:40."""

    letter: str
    number: str
    duty: str
    act: str
    due: datetime
    fields: dict[str, Any]
    before: tuple[str, ...] = ()
    channel: str = "web"
    severity: str = ""


SAID = {"words": "已经在办，明天答复您。"}
TOLD = {"measures": "核对账单。", "result": "多收的钱已经退回。", "improvement": "账单两人核对。", "channel": "phone"}
AT_THE_DESK = [
    pytest.param(one, marks=clause(one.letter, one.number, *also), id=f"{one.letter} {one.number} {one.duty}")
    for one, *also in (
        (Owed("A", "9.2.1", "take-up", "take-up", china(2026, 3, 10, 23, 40), {}),),
        (
            Owed(
                "A", "1.6.1", "ask-confirmation", "ask-confirmation", china(2026, 3, 13, 3, 40), {"channel": "phone"},
                ("assess", "verify", "plan", "start", "resolve", "send_result"),
            ),
        ),
        (Owed("B", "9.2.1", "report", "report", china(2026, 3, 11, 22, 40), {}, (), "promoter"), "9.1.2", "9.3.1"),
        (Owed("B", "9.2.2", "answer-promoter", "answer-promoter", china(2026, 3, 12, 23, 40), SAID, ("report",), "promoter"),),
        (
            Owed(
                "B", "9.2.3", "tell-promoter", "tell-promoter", china(2026, 3, 12, 4, 40), SAID,
                ("report", "verify", "assess", "plan", "start", "resolve"), "promoter",
            ),
        ),
        (Owed("B", "9.1.3", "verify-reported", "verify", china(2026, 3, 11, 23, 40), {}, ("report",), "promoter"), "9.3.2"),
        (Owed("C", "1.3.1", "reply", "reply", china(2026, 3, 11, 22, 40), SAID | {"channel": "phone"}, ("assess",), "web", "general"),),
        (Owed("C", "1.3.2", "reply-major", "reply", china(2026, 3, 11, 10, 40), SAID | {"channel": "phone"}, ("assess",), "web", "major"),),
        (Owed("C", "1.3.2", "start-emergency", "start-emergency", china(2026, 3, 11, 10, 40), {"done": ["care"]}, ("assess",), "web", "major"),),
    )
]  # fmt: skip


@pytest.mark.parametrize("owed", AT_THE_DESK)
def test_what_is_owed_is_in_time_at_the_desk_at_its_last_second_and_late_one_second_after(
    desk: Client, zhou: User, agency: Organisation, owed: Owed
) -> None:
    under = house(owed.letter, zhou, agency)
    teller = person("江月", agency, Post.PROMOTER) if owed.channel != "web" else None
    label = under.edition.label(under.edition.duties[owed.duty], "zh-Hans")
    graded = {"severity": owed.severity} if owed.severity else {}
    for second, state, tone in ((timedelta(0), "fulfilled", "kept"), (SECOND, "late", "missed")):
        complaint = under.taken(under.told(owed.channel, teller), *owed.before, **graded)
        found = clock(complaint, owed.duty)
        assert (found.clause, found.due_at, found.state) == (owed.number, owed.due, "open")
        answer = sent(desk, complaint, owed.act, owed.due + second, **owed.fields)
        assert answer.status_code == 302, answer.content.decode()
        found.refresh_from_db()
        assert (found.state, found.closed_at) == (state, owed.due + second)
        assert tones(page_of(desk, complaint), owed.number, label) == [tone]


@pytest.mark.parametrize(
    ("letter", "number", "channel"),
    [
        pytest.param("A", "1.1.2", "phone", marks=clause("A", "1.1.2")),
        pytest.param("B", "9.1.1", "promoter", marks=clause("B", "9.1.1", "9.3.1")),
        pytest.param("C", "1.1.2", "phone", marks=clause("C", "1.1.2")),
    ],
)
def test_a_complaint_is_written_down_within_its_half_hour_and_both_times_are_kept(
    desk: Client, zhou: User, agency: Organisation, letter: str, number: str, channel: str
) -> None:
    under = house(letter, zhou, agency)
    taker = person("江月", agency, Post.PROMOTER)
    due = RECEIVED + timedelta(minutes=30)
    for second, state, tone in ((timedelta(0), "fulfilled", "kept"), (SECOND, "late", "missed")):
        complaint = under.told(channel, taker, recorded_at=due + second)
        assert (complaint.received_at, complaint.recorded_at) == (RECEIVED, due + second)
        found = clock(complaint, "record")
        assert (found.clause, found.due_at, found.state) == (number, due, state)
        page = page_of(desk, complaint)
        label = under.edition.label(under.edition.duties["record"], "zh-Hans")
        assert tones(page, number, label) == [tone]
        assert "账单多算了一打。" in page
        assert taker.name in page


@clause("A", "1.5.2")
def test_under_a_the_guest_is_told_how_far_it_is_every_two_days_while_it_is_open(
    desk: Client, guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("A", zhou, agency)
    told, left = (under.taken(under.told(), "assess", "verify") for _ in range(2))
    answer = sent(desk, told, "send-progress", RECEIVED + 48 * HOUR, words="监控已经调出来了。", channel="sms")
    assert answer.status_code == 302
    tick(RECEIVED + 48 * HOUR + SECOND)
    assert [clock(one, "send-progress").index for one in (told, left)] == [1, 1]

    def periods(complaint: Complaint) -> list[tuple[datetime, str]]:
        rows = Clock.objects.filter(noun="complaint", noun_id=complaint.pk, duty="send-progress").order_by("index")
        return [(row.due_at, row.state) for row in rows]

    assert periods(told)[0] == (RECEIVED + 48 * HOUR, "fulfilled")
    assert periods(left)[0] == (RECEIVED + 48 * HOUR, "breached")
    assert "监控已经调出来了。" in guest.get(f"/t/{told.token}/").content.decode()
    assert sent(desk, told, "send-progress", words="", channel="sms").status_code == 422
    for complaint in (told, left):
        under.taken(complaint, "plan", "start", "resolve")
    tick(RECEIVED + 20 * DAY)
    assert all(due <= RECEIVED + 96 * HOUR for due, _state in [*periods(told), *periods(left)])


@clause("B", "10.2.1")
def test_under_b_what_was_told_by_word_of_mouth_is_still_owed_in_writing(
    desk: Client, guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("B", zhou, agency)
    due = china(2026, 3, 17)  # three working days after Wednesday, 11 March: Thursday, Friday, Monday
    steps = ("verify", "assess", "plan", "start", "resolve")
    for second, state in ((timedelta(0), "fulfilled"), (SECOND, "late")):
        complaint = under.taken(under.told(), *steps)
        incomplete = {**TOLD, "improvement": ""}
        assert sent(desk, complaint, "send-result", RECEIVED + 6 * HOUR, **incomplete, oral="on").status_code == 422
        assert sent(desk, complaint, "send-result", RECEIVED + 6 * HOUR, **TOLD, oral="on").status_code == 302
        spoken, written = clock(complaint, "feed-back"), clock(complaint, "feed-back-written")
        assert spoken.state == "fulfilled"
        assert (written.clause, written.due_at, written.state) == ("10.2.1", due, "open")
        page = page_of(desk, complaint, act="send-result")
        assert "send-result/" in page
        assert sent(desk, complaint, "send-result", due + second, **(TOLD | {"channel": "sms"})).status_code == 302
        written.refresh_from_db()
        assert (written.state, written.closed_at) == (state, due + second)
        told = guest.get(f"/t/{complaint.token}/").content.decode()
        assert all(TOLD[part] in told for part in ("measures", "result", "improvement"))


@clause("B", "9.1.3", "9.3.2")
def test_under_b_what_a_promoter_reported_is_planned_by_marketing_once_it_is_given_to_them(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    under = house("B", zhou, agency)
    marketing, promotion = (person(str(post.label), agency, post) for post in (Post.MARKETING, Post.PROMOTION))
    due = RECEIVED + 3 * HOUR + 48 * HOUR  # counted from the assessment, not from the handing over
    for second, state in ((timedelta(0), "fulfilled"), (SECOND, "late")):
        teller = person("江月", agency, Post.PROMOTER)
        complaint = under.taken(under.told("promoter", teller), "report", "verify", "assess")
        assert clock(complaint, "plan").state == "open"
        given = {"person": marketing.pk, "stage": "plan", "department": "marketing"}
        assert sent(desk, complaint, "assign", RECEIVED + 4 * HOUR, **given).status_code == 302
        assert clock(complaint, "plan").state == "discharged"
        found = clock(complaint, "plan-reported")
        assert (found.clause, found.due_at, found.state) == ("9.1.3", due, "open")
        plan = {"plan": "退还多收的钱。"}
        theirs, others = (signed_in(one, "zh-CN") for one in (marketing, promotion))
        assert sent(others, complaint, "verify", due, **plan).status_code in (403, 409)
        assert sent(theirs, complaint, "plan", due + second, **plan).status_code == 302
        found.refresh_from_db()
        assert (found.state, found.closed_at) == (state, due + second)


# --- the stages, in their order ----------------------------------------------------------------------------------------


def present_stage(page: str, edition: Edition) -> str:
    """The key of the stage that a page says the complaint stands in."""
    found = re.search(r'aria-current="step">\s*<span class="step-name">([^<]+)</span>', page)
    assert found
    [key] = [key for key, row in edition.vocabulary["stage"].items() if row.label["zh-Hans"] == found[1]]
    return key


@clause("B", "1.1.1", "1.1.2", "1.1.4", "1.1.5", "1.1.6", "1.1.7")
def test_under_b_the_stages_are_gone_through_in_their_order_and_none_is_left_out(
    desk: Client, guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("B", zhou, agency)
    form = re.search(
        r'name="form_key" value="([0-9a-f]{32})"', guest.get(f"/r/{under.contract.code}/").content.decode()
    )
    assert form
    guest.post(f"/r/{under.contract.code}/", {"text": "酒是温的。", "room": "B08", "form_key": form[1]})
    complaint = Complaint.objects.get()
    address = f"/complaints/{complaint.reference}"

    def stages() -> set[str]:
        pages = (desk.get(f"{address}/"), guest.get(f"/t/{complaint.token}/"))
        return {present_stage(page.content.decode(), under.edition) for page in pages}

    assert stages() == {"receipt"}
    after = ["classification", "plan", "execution", "execution", "feedback", "tracking"]
    for place, (step, stage) in enumerate(zip(under.steps, after, strict=False)):
        for later in under.steps[place + 1 :]:
            if (step, later) in (("start", "resolve"), ("send_result", "follow_up")):
                continue  # one stage: what is finished has been started; tracking begins with the solution
            assert desk.post(f"{address}/{later.replace('_', '-')}/", under.more(later)).status_code == 409, later
        assert desk.post(f"{address}/{step.replace('_', '-')}/", under.more(step)).status_code == 302
        assert stages() == {stage}
    for _ in range(2):
        assert desk.post(f"{address}/follow-up/").status_code == 302
        assert stages() == {"tracking"}


@clause("A", "9.1.3")
def test_under_a_the_guest_sees_at_any_time_how_far_the_handling_has_come(
    guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("A", zhou, agency)
    complaint = complain(under.contract)
    seen = [present_stage(guest.get(f"/t/{complaint.token}/").content.decode(), under.edition)]
    for hours, step in enumerate(under.steps, 1):
        under.take(complaint, step, RECEIVED + hours * HOUR)
        seen.append(present_stage(guest.get(f"/t/{complaint.token}/").content.decode(), under.edition))
    assert list(dict.fromkeys(seen)) == [
        "classification",
        "inquiry",
        "plan",
        "execution",
        "feedback",
        "confirmation",
        "archive",
    ]


# --- what a complaint can be -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "vocabulary", "keys"),
    [
        pytest.param("A", "severity", ["major", "general", "minor"], marks=clause("A", "1.2.1")),
        pytest.param(
            "A", "category", ["service_quality", "service_attitude", "facilities", "other"], marks=clause("A", "1.1.3")
        ),
        pytest.param("B", "severity", ["one", "two", "three"], marks=clause("B", "7.2.1")),
        pytest.param("B", "category", ["product", "service", "promotion"], marks=clause("B", "7.1.1")),
        pytest.param("B", "cause", ["product_fault", "service_fault", "promotion_fault"], marks=clause("B", "7.1.1")),
        pytest.param("C", "category", ["service", "product", "price"], marks=clause("C", "1.2.1")),
    ],
)
def test_a_complaint_is_assessed_in_the_words_of_its_contract_and_in_no_others(
    desk: Client, zhou: User, agency: Organisation, letter: str, vocabulary: str, keys: list[str]
) -> None:
    under = house(letter, zhou, agency)
    complaint = under.walked(before="assess")
    address = f"/complaints/{complaint.reference}"
    page = desk.get(f"{address}/?act=assess").content.decode()
    offered = re.search(rf'<select [^>]*name="{vocabulary}".*?</select>', page, re.DOTALL)
    assert offered
    rows = under.edition.vocabulary[vocabulary]
    assert re.findall(r'<option value="([^"]+)">([^<]+)</option>', offered[0]) == [
        (key, rows[key].label["zh-Hans"]) for key in keys
    ]
    another = {**under.more("assess"), vocabulary: "weather"}
    assert desk.post(f"{address}/assess/", another).status_code == 422
    with pytest.raises(operations.CannotAssess):
        operations.assess(complaint, **another, by=zhou, at=RECEIVED + 2 * HOUR)
    for key in keys:
        complaint = under.walked(before="assess")
        address = f"/complaints/{complaint.reference}"
        assert desk.post(f"{address}/assess/", {**under.more("assess"), vocabulary: key}).status_code == 302
        complaint.refresh_from_db()
        assert getattr(complaint, vocabulary) == key
        assert rows[key].label["zh-Hans"] in desk.get(f"{address}/").content.decode()


# --- how complaints come, who handles them, and how long they are followed -----------------------------------------------


@pytest.mark.parametrize(
    ("letter", "ways"),
    [
        pytest.param("A", {"phone", "sms", "wechat", "onsite", "web"}, marks=clause("A", "1.1.1")),
        pytest.param("C", {"phone", "sms", "email", "onsite", "web"}, marks=clause("C", "1.1.1")),
    ],
)
def test_a_complaint_is_taken_by_every_way_that_the_contract_opens(
    desk: Client, guest: Client, zhou: User, lin: User, agency: Organisation, letter: str, ways: set[str]
) -> None:
    under = house(letter, zhou, agency)
    channels = under.edition.vocabulary["channel"]
    assert ways <= {row.via for row in channels.values() if isinstance(row, Channel)}
    for key, row in channels.items():
        told = operations.Told(f"经{key}而来", f"form:{key}")
        complaint = operations.receive(told, contract=under.contract, channel=key, by=lin, at=RECEIVED)
        page = desk.get(f"/complaints/{complaint.reference}/").content.decode()
        assert row.label["zh-Hans"] in page
        assert clock(complaint, "assess").state == "open"
    assert guest.get(f"/r/{under.contract.code}/").status_code == 200


@pytest.mark.parametrize(
    ("post", "steps", "duties"),
    [
        pytest.param(Post.MARKETING, ["verify", "assess"], ["verify", "assess"], marks=clause("B", "1.3.2")),
        pytest.param(
            Post.PROMOTION, ["plan", "start", "resolve"], ["plan", "start", "resolve"], marks=clause("B", "1.3.3")
        ),
    ],
)
def test_under_b_a_step_falls_to_its_department_whose_party_is_filled_in_at_signing(
    zhou: User, agency: Organisation, post: Post, steps: list[str], duties: list[str]
) -> None:
    under = house("B", zhou, agency)
    own = person("负责", agency, post)
    for step in steps:
        complaint = under.walked(before=step)
        for other in (Post.CUSTOMER_SERVICE, Post.HUMAN_RESOURCES, Post.FINANCE, Post.PROMOTER):
            with pytest.raises(NotYours):
                act(step, complaint, under, person("旁人", agency, other))
        act(step, complaint, under, own)
    for party in ("venue", "agency"):
        rules = under.edition.terms({f"{post}_party": party}).rules
        assert {(rules[duty].post, rules[duty].owed_by) for duty in duties} == {(str(post), party)}


def act(step: str, complaint: Complaint, under: House, by: User) -> None:
    getattr(operations, step)(complaint, **under.more(step), by=by, at=RECEIVED + DAY)


@clause("B", "10.1.1")
def test_under_b_a_handled_complaint_is_followed_every_week_until_it_is_archived(
    guest: Client, zhou: User, agency: Organisation
) -> None:
    under = house("B", zhou, agency)
    left, followed = under.walked(before="follow_up"), under.walked(before="follow_up")
    assert "第10.1.1条" in guest.get(f"/t/{followed.token}/").content.decode()
    for days in (1, 10):
        under.take(followed, "follow_up", RECEIVED + days * DAY)
    under.take(followed, "archive", RECEIVED + 11 * DAY)
    tick(RECEIVED + 30 * DAY)

    def weeks(complaint: Complaint) -> list[str]:
        rows = Clock.objects.filter(noun="complaint", noun_id=complaint.pk, duty="track").order_by("due_at")
        return [row.state for row in rows]

    assert weeks(followed) == ["fulfilled", "fulfilled"]
    assert weeks(left)[:4] == ["breached", "breached", "breached", "breached"]
