from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import orjson
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from encore.accounts.models import Organisation, User
from encore.accounts.rights import NotYours
from encore.complaints import operations as complaints
from encore.complaints.models import Complaint
from encore.contracts import operations as contracts
from encore.contracts.models import Contract
from encore.ledger.canonical import NotCanonical, canonical
from encore.ledger.kinds import NotDeclared
from encore.ledger.models import Clock, Concern, Event, Head
from encore.ledger.record import NothingRecorded, operation, record
from encore.ledger.refusal import Refusal
from tests.cast import EDITION as HOUSE
from tests.cast import EFFECTIVE, HOUR, RECEIVED, agreed, complain, recording_at


def verify(act: Callable[..., Any]) -> Callable[..., Any]:
    """Makes an operation of it that stands in the rights table in the place of another."""
    act.__module__, act.__name__ = "encore.complaints.operations", "verify"
    return operation(act)


def test_an_operation_leaves_its_event_and_its_clocks(complaint: Complaint) -> None:
    event = Event.objects.get(type="complaint.received")
    assert (event.noun, event.noun_id, event.seq, event.actor) == ("complaint", complaint.pk, 0, "guest")
    assert event.occurred_at == RECEIVED
    assert orjson.loads(bytes(event.body)) == {
        "type": "complaint.received",
        "schema": 1,
        "subject": f"complaint:{complaint.pk}",
        "seq": 0,
        "at": "2026-03-10T14:40:00.000000Z",
        "recorded_at": event.recorded_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "actor": "guest",
        "refs": [f"contract:{complaint.contract_id}"],
        "data": {"channel": "web"},
        "reason": "imported",
    }
    concerned = Concern.objects.filter(event=event).values_list("noun", "noun_id", "contract", "is_subject")
    number = complaint.contract_id
    assert set(concerned) == {("complaint", complaint.pk, number, True), ("contract", number, number, False)}
    clock = Clock.objects.get(noun="complaint")
    assert (clock.duty, clock.state, clock.due_at, clock.started_by) == (
        "verify",
        "open",
        RECEIVED + 24 * HOUR,
        event.pk,
    )


def test_a_stream_is_numbered_without_gaps(complaint: Complaint, tang: User) -> None:
    complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    complaints.assess(complaint, severity="one", category="product", by=tang, at=RECEIVED + 2 * HOUR)
    assert [event.seq for event in Event.objects.filter(noun="complaint").order_by("id")] == [0, 1, 2, 3, 4, 5]
    assert Head.objects.get(noun="complaint", noun_id=complaint.pk).seq == 5


def test_an_act_that_records_nothing_did_not_happen(complaint: Complaint, zhou: User) -> None:
    @verify
    def forget(*, by: User) -> None:
        Complaint.objects.filter(pk=complaint.pk).update(room="X")

    with pytest.raises(NothingRecorded, match=r"complaints\.verify"):
        forget(by=zhou)
    complaint.refresh_from_db()
    assert complaint.room == "B08"


def test_what_a_deadlock_took_back_is_done_once_more(complaint: Complaint, tang: User) -> None:
    tries: list[int] = []

    class Deadlock(Exception):
        sqlstate = "40P01"

    @verify
    def insist(*, by: User) -> None:
        record("complaint.verified", subject=complaint, actor=by, occurred_at=RECEIVED)
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError from Deadlock()

    insist(by=tang)
    assert len(tries) == 2
    assert Event.objects.filter(type="complaint.verified").count() == 1


def test_any_other_failure_of_the_database_is_not_tried_again(complaint: Complaint, tang: User) -> None:
    tries: list[int] = []

    @verify
    def fail(*, by: User) -> None:
        tries.append(1)
        raise OperationalError("disk I/O error")

    with pytest.raises(OperationalError, match="disk"):
        fail(by=tang)
    assert len(tries) == 1


def test_a_refusal_leaves_no_trace(complaint: Complaint, tang: User) -> None:
    complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    events = Event.objects.count()
    with pytest.raises(complaints.CannotVerify):
        complaints.verify(complaint, by=tang, at=RECEIVED + 2 * HOUR)
    complaint.refresh_from_db()
    assert complaint.verified_at == RECEIVED + HOUR
    assert Event.objects.count() == events


def test_an_operation_without_a_row_in_the_rights_table_cannot_be_written() -> None:
    def dream(*, by: User) -> None: ...

    dream.__module__ = "encore.complaints.operations"
    with pytest.raises(LookupError, match=r"no row for complaints\.dream"):
        operation(dream)


def test_who_may_not_is_told_whose_act_it_is(complaint: Complaint, lin: User, english: None) -> None:
    with pytest.raises(NotYours, match="belongs to: manager"):
        complaints.approve_plan(complaint, by=lin, at=RECEIVED + HOUR)


def test_an_act_on_what_belongs_to_others_is_refused_whatever_the_post(
    complaint: Complaint, agency: Organisation
) -> None:
    strangers = Organisation.objects.create(name="别家", role="venue")
    manager = User.objects.create(username="li", name="李", organisation=strangers, post="manager")
    with pytest.raises(NotYours):
        complaints.verify(complaint, by=manager, at=RECEIVED + HOUR)
    complaint.refresh_from_db()
    assert complaint.verified_at is None


def test_a_clock_put_right_between_an_act_and_its_record_does_no_harm(complaint: Complaint, tang: User) -> None:
    moment = RECEIVED + HOUR
    with recording_at(moment - timedelta(seconds=2)):
        complaints.verify(complaint, by=tang, at=moment)
    assert Event.objects.get(type="complaint.verified").recorded_at == moment


def test_nothing_is_recorded_outside_an_operation(complaint: Complaint, zhou: User) -> None:
    with pytest.raises(RuntimeError, match="within an @operation"):
        record("complaint.verified", subject=complaint, actor=zhou, occurred_at=RECEIVED)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"channel": "web", "text": "酒是温的"},
        {"channel": "酒是温的"},
        {"channel": "it was warm"},
        {"channel": 1.5},
    ],
)
def test_an_event_carries_its_declared_fields_and_no_free_text(
    complaint: Complaint, zhou: User, data: dict[str, Any]
) -> None:
    @verify
    def tell(*, by: User) -> None:
        record("complaint.received", subject=complaint, actor=by, occurred_at=RECEIVED, **data)

    with pytest.raises(NotDeclared):
        tell(by=zhou)


def test_what_is_to_come_has_not_happened(complaint: Complaint, tang: User) -> None:
    with pytest.raises(ValueError, match="which is to come"):
        complaints.verify(complaint, by=tang, at=now() + HOUR)


@pytest.mark.parametrize("edition", ["house", "ktv_a", "ktv_b", "ktv_c"])
def test_one_intake_takes_few_statements(zhou: User, agency: Organisation, edition: str) -> None:
    """All of them: the complaint's own row, and whatever is read; the row by which it is searched comes on top."""
    content = HOUSE if edition == "house" else files("encore.editions").joinpath(f"{edition}.toml").read_bytes()
    contract = agreed(content, zhou, agency)
    complain(contract)  # from now on the process knows the terms
    with CaptureQueriesContext(connection) as queries:
        complain(contract)
    sent = [query["sql"] for query in queries if not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
    assert len([one for one in sent if "search_" not in one]) <= 8, "\n".join(sent)
    assert len(sent) <= 9, "\n".join(sent)


def test_an_act_on_what_is_there_asks_for_no_terms(complaint: Complaint, tang: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    assert not [query["sql"] for query in queries if "ledger_termsinforce" in query["sql"]]


def test_a_batch_takes_hardly_more_statements_than_one(contract: Contract, zhou: User) -> None:
    told = [complaints.Told(f"第{number}条", f"row:{number}") for number in range(200)]
    with CaptureQueriesContext(connection) as queries:
        complaints.bring_in(told, contract=contract, channel="other", by=zhou, at=RECEIVED)
    assert len(queries) < 26
    assert Clock.objects.filter(duty="verify").count() == 200


def test_a_contract_signs_once(zhou: User, agency: Organisation, contract: Contract) -> None:
    with pytest.raises(contracts.CannotSign):
        contracts.sign(contract, by=zhou, at=EFFECTIVE)
    with pytest.raises(Refusal):
        contracts.make_effective(contract, by=zhou, at=EFFECTIVE)


def test_equal_events_are_equal_bytes() -> None:
    assert canonical({"b": 1, "a": [True, None, "酒"]}) == '{"a":[true,null,"酒"],"b":1}'.encode()


@pytest.mark.parametrize(
    "body",
    [
        {"a": 1.0},
        {"A": 1},
        {"价": 1},
        {"a": 2**53},
        {"a": Decimal("1.00")},
        {"a": timedelta(1)},
        {"a": "e\u0301"},
        {"a": {"b": [0.5]}},
    ],
)
def test_what_could_be_written_in_two_ways_is_no_event(body: dict[str, Any]) -> None:
    with pytest.raises(NotCanonical):
        canonical(body)
