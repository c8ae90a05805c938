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
from encore.contracts.models import Contract
from encore.contracts.queries import edition_of
from encore.engine import Edition
from encore.engine.model import Channel
from encore.ledger.models import Clock
from encore.ledger.tick import tick
from tests.cast import CHINA, DAY, HOUR, RECEIVED, agreed, complain, person, signed_in
from tests.clauses import clause, content

SECOND = timedelta(seconds=1)
ENDING = ("resolve", "send_result", "follow_up", "archive")
# The steps in the order in which the stages of each edition follow one another.
STEPS = {
    "A": ("assess", "verify", "plan", "start", *ENDING),
    "B": ("verify", "assess", "plan", "start", *ENDING),
    "C": ("assess", "verify", "plan", "reply", *ENDING),
}


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


@pytest.fixture
def guest() -> Client:
    return Client(REMOTE_ADDR="203.0.113.7", headers={"accept-language": "zh-CN"})


@dataclass(frozen=True)
class House:
    """A venue and its agency under an edition that comes with the product."""

    contract: Contract
    manager: User
    steps: tuple[str, ...]

    @property
    def edition(self) -> Edition:
        return edition_of(self.contract)

    def more(self, step: str) -> dict[str, Any]:
        """What a step asks for besides being taken: the first level and category of the edition, or words."""
        match step:
            case "assess":
                return {name: next(iter(self.edition.vocabulary[name])) for name in ("severity", "category")}
            case "plan":
                return {"plan": "退还多收的钱，当面致歉。"}
            case "resolve":
                return {"grounds": "账单和监控都看过。"}
            case "reply":
                return {"words": "已经在查了。", "channel": "phone"}
            case "send_result":
                return {
                    "measures": "核对账单。",
                    "result": "多收的钱已经退回。",
                    "improvement": "账单两人核对。",
                    "channel": "web",
                }
        return {}

    def take(self, complaint: Complaint, step: str, at: datetime) -> None:
        getattr(operations, step)(complaint, **self.more(step), by=self.manager, at=at)

    def walked(self, before: str) -> Complaint:
        """A complaint with the steps before this one taken, one an hour."""
        complaint = complain(self.contract)
        for hours, step in enumerate(self.steps[: self.steps.index(before)], 1):
            self.take(complaint, step, RECEIVED + hours * HOUR)
        return complaint


def house(letter: str, zhou: User, agency: Organisation) -> House:
    return House(agreed(content(letter), zhou, agency), zhou, STEPS[letter])


def clock(complaint: Complaint, duty: str) -> Clock:
    return Clock.objects.filter(noun="complaint", noun_id=complaint.pk, duty=duty).latest("pk")


def china(*when: int) -> datetime:
    return datetime(*when, tzinfo=CHINA)  # type: ignore[arg-type, misc]


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
        assert shown_in_queue(queue, complaint, number, label)

    under.take(in_time, step, due)
    under.take(late, step, due + SECOND)
    tick()
    assert [clock(complaint, duty).state for complaint in (in_time, late, never)] == ["fulfilled", "late", "breached"]
    left = desk.get("/complaints/").content.decode()
    assert [shown_in_queue(left, complaint, number, label) for complaint in (in_time, late, never)] == [
        False, False, True,
    ]  # fmt: skip


def shown_in_queue(page: str, complaint: Complaint, number: str, label: str) -> bool:
    rows = [row for row in page.split("<tr>")[1:] if f">{complaint.reference}</a>" in row]
    return any(f"第{number}条</span>" in row and f'data-title="义务">{label}</td>' in row for row in rows)


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
