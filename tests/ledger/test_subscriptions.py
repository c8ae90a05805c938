"""What an event sets running above the ledger."""

import orjson
import pytest

from encore.accounts.models import Organisation, Post, User
from encore.channels.models import Inbox
from encore.complaints import operations as complaints
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.jobs.models import Job, State
from encore.jobs.worker import run_due
from encore.ledger import subscriptions
from encore.ledger.models import Event
from encore.ledger.refusal import Refusal
from encore.ledger.subscriptions import on
from encore.ledger.tick import tick
from tests.cast import DAY, EDITION, HOUR, RECEIVED, agreed, complain, person, recording_at, signed_in

pytestmark = pytest.mark.django_db

heard: list[list[int]] = []


TYPES = ("complaint.verified", "complaint.received", "duty.breached")


@on(*TYPES)
def hear(events: list[int]) -> None:
    heard.append(events)


for type in TYPES:
    subscriptions._HEARD_BY[type].remove(hear)  # other tests are not to be heard


@pytest.fixture(autouse=True)
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    heard.clear()
    for type in TYPES:
        monkeypatch.setitem(subscriptions._HEARD_BY, type, [*subscriptions._HEARD_BY[type], hear])


def waiting() -> list[list[int]]:
    found = Job.objects.filter(task=hear.module_path, state=State.READY).order_by("pk")
    return [job.arguments["args"][0] for job in found]


def number_of(type: str) -> list[int]:
    return list(Event.objects.filter(type=type).order_by("pk").values_list("pk", flat=True))


def test_who_wants_to_hear_of_an_event_has_a_job_with_its_number(complaint: Complaint, tang: User) -> None:
    complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    assert waiting() == [number_of("complaint.received"), number_of("complaint.verified")]
    run_due()
    assert heard == [number_of("complaint.received"), number_of("complaint.verified")]


def test_an_act_that_is_refused_sets_nothing_running(complaint: Complaint, tang: User) -> None:
    run_due()
    complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    before = waiting()
    with pytest.raises(Refusal):
        complaints.verify(complaint, by=tang, at=RECEIVED + 2 * HOUR)
    assert waiting() == before


def test_what_nobody_wants_to_hear_of_costs_nothing(complaint: Complaint, tang: User) -> None:
    complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    run_due()
    complaints.assess(complaint, severity="one", category="product", by=tang, at=RECEIVED + 2 * HOUR)
    assert not Job.objects.filter(state=State.READY).exists()


def test_a_batch_is_one_job_with_the_whole_list(contract: Contract, zhou: User) -> None:
    told = [complaints.Told("酒是温的。", f"{number:032x}") for number in range(5)]
    complaints.bring_in(told, contract=contract, channel="web", by=zhou, at=RECEIVED)
    assert waiting() == [number_of("complaint.received")]
    assert len(waiting()[0]) == 5
    run_due()
    tick(RECEIVED + 2 * DAY)
    breached = list(Event.objects.filter(type="duty.breached", noun="complaint").order_by("pk"))
    assert len(breached) == 5
    assert waiting() == [number_of("duty.breached")]


def test_an_event_is_heard_of_once_however_often_it_is_told(complaint: Complaint) -> None:
    [number] = number_of("complaint.received")
    hear.enqueue([number])
    hear.enqueue([number])
    run_due()
    hear.enqueue([number])
    run_due()
    assert heard == [[number]]


def test_only_declared_events_can_be_heard_of() -> None:
    with pytest.raises(KeyError):
        on("complaint.eaten")


# --- reminders -----------------------------------------------------------------------------------------------------------


def told_to(user: User) -> list[str]:
    return list(Inbox.objects.filter(person=user).order_by("event").values_list("kind", flat=True))


def test_a_deadline_is_told_to_whoever_answers_for_the_complaint(
    contract: Contract, zhou: User, tang: User, lin: User
) -> None:
    complain(contract)
    tick(RECEIVED + DAY + HOUR)
    run_due()
    assert told_to(lin) == ["duty.warned", "duty.warned", "duty.breached"], "she answers for it"
    assert told_to(tang) == told_to(zhou) == []


def test_what_one_party_owes_is_told_to_its_people_alone(
    zhou: User, tang: User, agency: Organisation, venue: Organisation
) -> None:
    edition = EDITION.replace(b'id = "verify"\n', b'id = "verify"\nowed_by = "venue"\n')
    complain(agreed(edition, zhou, agency))
    tick(RECEIVED + DAY + HOUR)
    run_due()
    assert told_to(zhou)[-1] == "duty.breached"
    assert told_to(tang) == []


def test_who_has_left_is_told_nothing(contract: Contract, tang: User) -> None:
    User.objects.filter(pk=tang.pk).update(is_active=False)
    complain(contract)
    tick(RECEIVED + DAY + HOUR)
    run_due()
    assert told_to(tang) == []


def test_a_reminder_names_duty_and_clause_and_leads_to_the_complaint(contract: Contract, zhou: User) -> None:
    complaint = complain(contract)
    tick(RECEIVED + DAY + HOUR)
    run_due()
    desk = signed_in(zhou, "zh-CN")
    assert "收件箱有 3 条新内容" in desk.get("/").content.decode()
    page = desk.get("/inbox/").content.decode()
    for words in ("期限已过", "期限临近", "初步核实", "第1条", f'href="/complaints/{complaint.reference}/"'):
        assert words in page
    last = Inbox.objects.filter(person=zhou).latest("pk").pk
    assert desk.post("/inbox/", {"to": last}).status_code == 302
    assert not Inbox.objects.filter(person=zhou, read_at=None).exists()
    assert "条新内容" not in desk.get("/").content.decode()


def test_what_comes_while_one_reads_stays_new(contract: Contract, zhou: User) -> None:
    complain(contract)
    tick(RECEIVED + 13 * HOUR)
    run_due()
    [first] = Inbox.objects.filter(person=zhou)
    tick(RECEIVED + 2 * DAY)
    run_due()
    signed_in(zhou).post("/inbox/", {"to": first.pk})
    assert Inbox.objects.filter(person=zhou, read_at=None).count() == 2


def test_the_list_of_reminders_asks_the_same_number_of_questions_however_long_it_is(
    contract: Contract, zhou: User, django_assert_num_queries: object
) -> None:
    desk = signed_in(zhou)
    for times in (1, 4):
        for number in range(times):
            complain(contract, at=RECEIVED + number * HOUR)
        tick(RECEIVED + times * DAY + 5 * HOUR)
        run_due()
        with django_assert_num_queries(8):  # type: ignore[operator]
            desk.get("/inbox/")


def test_a_correction_says_how_the_clock_stands_now(contract: Contract, zhou: User, tang: User) -> None:
    complaint = complain(contract)
    with recording_at(RECEIVED + 3 * DAY):
        tick(RECEIVED + 2 * DAY)
        complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    run_due()
    corrected = Event.objects.get(type="duty.corrected")
    assert orjson.loads(bytes(corrected.body))["data"]["state"] == "fulfilled"
    page = signed_in(zhou).get("/inbox/").content.decode()
    assert "Finding corrected: kept in time" in page


def test_a_promoter_is_not_told_of_steps_that_are_not_theirs(contract: Contract, agency: Organisation) -> None:
    promoter = person("苏晴", agency, Post.PROMOTER)
    complain(contract)
    tick(RECEIVED + 2 * DAY)
    run_due()
    assert told_to(promoter) == []
