"""What was recorded stays, and shows when it did not."""

from functools import partial
from hashlib import sha256
from threading import Barrier, current_thread
from typing import Any
from unicodedata import normalize

import orjson
import pytest
import rfc8785
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as some

from encore.accounts.models import User
from encore.complaints import operations as complaints
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.ledger.canonical import canonical
from encore.ledger.models import Concern, Event, Head
from encore.ledger.record import operation, record
from encore.ledger.tick import tick
from tests.cast import DAY, EFFECTIVE, HOUR, RECEIVED, complain, recording_at
from tests.ledger.events import drafted, happen
from tests.ledger.test_tick import at_once


def unbroken() -> dict[tuple[str, int], tuple[int, bytes]]:
    """Follows every stream by the rule, written out anew; where each ends. Fails where a link does not hold."""
    ends: dict[tuple[str, int], tuple[int, bytes]] = {}
    for event in Event.objects.order_by("noun", "noun_id", "seq"):
        body, stream = bytes(event.body), (event.noun, event.noun_id)
        name = f"{event.noun}:{event.noun_id}"
        seq, chain = ends.get(stream, (-1, sha256(b"\x03cl1" + name.encode()).digest()))
        assert bytes(event.leaf) == sha256(b"\x00cl1" + body).digest()
        assert bytes(event.chain) == sha256(b"\x02" + chain + bytes(event.leaf)).digest()
        assert (event.seq, orjson.loads(body)["subject"], orjson.loads(body)["seq"]) == (seq + 1, name, seq + 1)
        ends[stream] = event.seq, bytes(event.chain)
    return ends


def heads() -> dict[tuple[str, int], tuple[int, bytes]]:
    return {(head.noun, head.noun_id): (head.seq, bytes(head.chain)) for head in Head.objects.all()}


def test_every_event_is_chained_to_all_before_it_in_its_stream(complaint: Complaint, tang: User) -> None:
    complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    complain(complaint.contract)
    tick(RECEIVED + 40 * DAY)
    assert heads() == unbroken()
    assert Head.objects.get(noun="complaint", noun_id=complaint.pk).seq >= 1


def test_events_of_one_act_are_chained_in_their_order(contract: Contract) -> None:
    subjects = ["complaint:7", "complaint:8", "complaint:7", "complaint:7"]
    types = ["received", "received", "verified", "progress_sent"]
    for at in (RECEIVED, RECEIVED + HOUR):
        drafts = [drafted(contract, f"complaint.{type}", name, at) for type, name in zip(types, subjects, strict=True)]
        happen(*drafts, now=RECEIVED + DAY)
    assert heads() == unbroken()
    assert [event.type for event in Event.objects.filter(noun="complaint", noun_id=7).order_by("seq")[:3]] == [
        "complaint.received",
        "complaint.verified",
        "complaint.progress_sent",
    ]


def test_equal_events_of_two_streams_have_nothing_in_common(contract: Contract) -> None:
    happen(
        *(drafted(contract, "complaint.received", f"complaint:{number}", RECEIVED) for number in (7, 8)), now=RECEIVED
    )
    first, second = Event.objects.filter(noun="complaint")
    assert bytes(first.leaf) != bytes(second.leaf)
    assert bytes(first.chain) != bytes(second.chain)


texts = some.text().map(lambda text: normalize("NFC", text))
keys = some.from_regex(r"[a-z0-9][a-z0-9_-]{0,12}", fullmatch=True)
values = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(keys, inner, max_size=5),
    max_leaves=30,
)


@given(some.dictionaries(keys, values, max_size=8))
def test_the_bytes_of_an_event_are_those_of_rfc_8785(body: dict[str, Any]) -> None:
    assert canonical(body) == rfc8785.dumps(body)
    assert orjson.loads(canonical(body)) == body


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_event SET actor = 'user:9'",
        "UPDATE ledger_event SET body = body",
        "UPDATE ledger_concern SET is_subject = NOT is_subject",
        "UPDATE ledger_head SET noun_id = noun_id + 1000",
        "UPDATE ledger_head SET noun = 'contract'",
        "UPDATE ledger_head SET seq = seq - 1",
        "DELETE FROM ledger_concern",
        "DELETE FROM ledger_event",
        "DELETE FROM ledger_head WHERE noun = 'complaint'",
    ],
)
def test_the_database_refuses_to_change_what_was_recorded(complaint: Complaint, sql: str) -> None:
    before = list(Event.objects.values_list()), list(Concern.objects.values_list()), list(Head.objects.values_list())
    with connection.cursor() as cursor:
        refusal = pytest.raises(DatabaseError, match=r"never changed|only moves forward|what was recorded stays")
        with refusal, transaction.atomic():
            cursor.execute(sql)
    after = list(Event.objects.values_list()), list(Concern.objects.values_list()), list(Head.objects.values_list())
    assert after == before


def test_nor_does_it_let_a_table_be_emptied_or_an_entry_be_replaced(complaint: Complaint) -> None:
    number = Event.objects.count()
    columns = "id, noun, noun_id, seq, type, schema, occurred_at, recorded_at, actor, body, leaf, chain"
    if connection.vendor == "postgresql":
        forgery = "TRUNCATE ledger_event CASCADE"
    else:
        forgery = (
            f"INSERT OR REPLACE INTO ledger_event ({columns}) SELECT "
            f"{columns.replace('actor', repr('user:9'))} FROM ledger_event"
        )
    with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
        cursor.execute(forgery)
    assert Event.objects.count() == number
    assert not Event.objects.filter(actor="user:9").exists()


def test_events_from_before_the_chain_are_chained_where_they_lie(
    transactional_db: None, complaint: Complaint, tang: User
) -> None:
    complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
    tick(EFFECTIVE + 40 * DAY)
    before = list(Event.objects.order_by("id").values_list()), heads()
    call_command("migrate", "ledger", "0001", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_head SET seq = seq")
        columns = {column.name for column in connection.introspection.get_table_description(cursor, "ledger_event")}
    assert not columns & {"leaf", "chain"}
    call_command("migrate", verbosity=0)
    assert (list(Event.objects.order_by("id").values_list()), heads()) == before
    assert heads() == unbroken()
    with pytest.raises(DatabaseError):
        Event.objects.all().delete()


def test_the_same_may_be_said_twice_at_the_same_moment(contract: Contract) -> None:
    for _ in range(2):
        happen(drafted(contract, "complaint.received", "complaint:7", RECEIVED), now=RECEIVED)
    assert heads() == unbroken()
    assert heads()["complaint", 7][0] == 1


def test_two_who_begin_a_stream_at_once_both_get_in(transactional_db: None, contract: Contract, zhou: User) -> None:
    complaint = Complaint.objects.create(
        contract=contract, owner=contract.venue, text="酒是温的。", channel="web", received_at=RECEIVED, form_key="1"
    )
    both, tries = Barrier(2), list[str]()

    def told(*, by: User) -> None:
        record("complaint.verified", subject=complaint, actor=by, occurred_at=RECEIVED)
        tries.append(current_thread().name)
        if connection.features.has_select_for_update and tries.count(current_thread().name) == 1:
            both.wait(10)  # neither has begun the stream yet

    told.__module__, told.__name__ = "encore.complaints.operations", "verify"
    tell = operation(told)
    with recording_at(RECEIVED):
        assert not at_once(partial(tell, by=zhou), partial(tell, by=zhou))
    assert [event.seq for event in Event.objects.filter(noun="complaint").order_by("seq")] == [0, 1]
    assert heads() == unbroken()
