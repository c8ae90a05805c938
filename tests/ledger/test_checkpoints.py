from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event as Signal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import LazySettings
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from encore.accounts.models import Organisation, User
from encore.contracts.models import Contract
from encore.ledger import checkpoints
from encore.ledger.checkpoints import (
    NoKey,
    NotANote,
    Statement,
    Verifier,
    keep_sealed,
    latest,
    make_key,
    read_note,
    seal,
    verifiers,
)
from encore.ledger.merkle import EMPTY, root
from encore.ledger.models import Checkpoint, Event, Leaf, Sealing
from tests.cast import HOUR, RECEIVED, agreed
from tests.ledger.events import EDITION, drafted, happen
from tests.ledger.test_tick import at_once

NOW = datetime.fromisoformat("2026-05-01T09:00:00+08:00")
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings) -> Path:
    """Keys of its own."""
    settings.ENCORE_HOME = tmp_path
    return tmp_path


@pytest.fixture
def trial(zhou: User, agency: Organisation) -> Contract:
    return agreed(EDITION.encode(), zhou, agency)


def received(contract: Contract, number: int) -> None:
    happen(drafted(contract, "complaint.received", f"complaint:{number}", RECEIVED), now=NOW)


def tree() -> list[bytes]:
    return [bytes(leaf) for leaf in Leaf.objects.order_by("number").values_list("hash", flat=True)]


def test_all_that_was_recorded_is_in_the_tree_that_is_signed(trial: Contract) -> None:
    assert seal(NOW) == Event.objects.count() == 2
    received(trial, 7)
    assert seal(NOW) == 1
    assert seal(NOW) == 0
    assert [bytes(leaf) for leaf in Event.objects.order_by("id").values_list("leaf", flat=True)] == tree()
    first, second = (read_note(one.note, verifiers()) for one in Checkpoint.objects.order_by("number"))
    assert (first.number, first.size, first.root) == (0, 2, root(tree()[:2]))
    assert (second.number, second.size, second.root) == (1, 3, root(tree()))
    assert second.made_at == NOW
    assert latest() == second


def test_a_checkpoint_costs_what_is_new_and_not_what_is_there(trial: Contract) -> None:
    def cost(number: int) -> int:
        received(trial, number)
        with CaptureQueriesContext(connection) as queries:
            seal(NOW)
        return len(queries)

    cost(1)
    assert cost(2) == cost(3) <= 14
    assert len(bytes(Checkpoint.objects.get(size=5).peaks)) == 2 * 32, "not the leaves, but the roots of 4 and of 1"


def test_a_checkpoint_is_due_after_thirty_seconds_or_a_thousand_events(
    trial: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_MOST", 3)
    assert keep_sealed(NOW) == 2, "the first one waits for nothing"
    received(trial, 7)
    assert keep_sealed(NOW + 29 * SECOND) == 0
    assert keep_sealed(NOW + 30 * SECOND) == 1
    received(trial, 8)
    received(trial, 9)
    assert keep_sealed(NOW + 31 * SECOND) == 0
    received(trial, 10)
    assert keep_sealed(NOW + 32 * SECOND) == 3
    assert keep_sealed(NOW + HOUR) == 0, "and where nothing is new, nothing is signed"


def test_what_has_piled_up_is_sealed_in_parts(trial: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "_MOST", 4)
    happen(*(drafted(trial, "complaint.received", f"complaint:{number}", RECEIVED) for number in range(9)), now=NOW)
    assert seal(NOW) == 11
    assert list(Checkpoint.objects.order_by("number").values_list("size", flat=True)) == [4, 8, 11]
    assert root(tree()) == latest().root  # type: ignore[union-attr]


@pytest.mark.postgresql  # SQLite lets one transaction write at a time
def test_an_event_that_commits_late_is_not_passed_over(
    transactional_db: None, zhou: User, agency: Organisation
) -> None:
    contract = agreed(EDITION.encode(), zhou, agency)
    numbered, sealed = Signal(), Signal()

    def slow() -> None:
        with transaction.atomic():
            received(contract, 7)
            numbered.set()
            assert sealed.wait(20)

    def meanwhile() -> None:
        assert numbered.wait(20)
        received(contract, 8)
        for number in (9, 10, 11):
            received(contract, number)
            seal(NOW)
        sealed.set()

    assert not at_once(slow, meanwhile)
    late = Event.objects.get(noun="complaint", noun_id=7)
    assert late.pk < Event.objects.get(noun="complaint", noun_id=8).pk, "it was numbered first"
    assert seal(NOW) == 1
    assert Leaf.objects.get(event=late.pk).number == Event.objects.count() - 1
    for number in range(20, 23):
        received(contract, number)
        seal(NOW)
    assert Sealing.objects.get().settled_to > late.pk, "what is settled is not looked at again"
    assert Leaf.objects.count() == Event.objects.count()


@pytest.mark.parametrize("table", ["ledger_leaf", "ledger_checkpoint"])
@pytest.mark.parametrize("act", ["UPDATE {} SET number = number + 1", "DELETE FROM {}"])
def test_what_was_sealed_is_never_changed(trial: Contract, table: str, act: str) -> None:
    seal(NOW)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(act.format(table))


@pytest.mark.postgresql  # SQLite lets one transaction write at a time
def test_a_transaction_has_its_number_before_its_events_have_theirs(transactional_db: None) -> None:
    columns = "noun, noun_id, seq, type, schema, occurred_at, recorded_at, body, leaf, chain, actor"
    actor = "coalesce(pg_current_xact_id_if_assigned()::text, 'none')"
    sql = f"INSERT INTO ledger_event ({columns}) VALUES ('trial', 1, 0, '', 1, now(), now(), '', '', '', {actor})"
    with connection.cursor() as cursor:  # of 32 numbers one is logged, for which the transaction needs one in any case
        cursor.execute("SELECT nextval(pg_get_serial_sequence('ledger_event', 'id'))")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{sql} RETURNING actor")
        assert cursor.fetchone()[0] != "none"
        transaction.set_rollback(True)


def test_several_at_once_seal_every_event_once(transactional_db: None, zhou: User, agency: Organisation) -> None:
    contract = agreed(EDITION.encode(), zhou, agency)
    make_key()

    def work(start: int) -> None:
        for number in range(start, start + 5):
            received(contract, number)
            seal(NOW)

    assert not at_once(*(partial(work, start) for start in (10, 20, 30, 40)))
    seal(NOW)
    assert Leaf.objects.count() == Event.objects.count() == 22
    assert [number for (number,) in Leaf.objects.order_by("number").values_list("number")] == list(range(22))
    for one in Checkpoint.objects.all():
        assert read_note(one.note, verifiers()).root == root(tree()[: one.size])


def test_a_restored_database_counts_its_transactions_anew(trial: Contract) -> None:
    seal(NOW)
    Sealing.objects.update(seen_transaction=2**40)
    for number in (7, 8):
        received(trial, number)
        assert seal(NOW) == 1
    assert Sealing.objects.get().settled_to >= Event.objects.order_by("id")[1].pk


def test_the_key_is_for_its_owner_alone(home: Path, db: None) -> None:
    make_key()
    key = home / "keys" / "checkpoints"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    before = key.read_bytes()
    make_key()
    assert key.read_bytes() == before
    assert len(verifiers()) == 1
    assert b64encode(verifiers()[0].key) not in before


def test_a_lost_key_is_not_replaced_in_silence(home: Path, trial: Contract, caplog: pytest.LogCaptureFixture) -> None:
    seal(NOW)
    (home / "keys" / "checkpoints").unlink()
    received(trial, 7)
    with pytest.raises(NoKey):
        seal(NOW)
    assert keep_sealed(NOW + HOUR) == 0
    assert str(home / "keys" / "checkpoints") in caplog.text
    assert Checkpoint.objects.count() == 1


def test_a_note_is_what_logs_of_certificates_write(trial: Contract) -> None:
    seal(NOW)
    note = Checkpoint.objects.get().note
    origin, size, encoded, number, at, empty, signature, end = note.split("\n")
    assert origin.startswith("encore/")
    assert (size, encoded) == ("2", b64encode(root(tree())).decode())
    assert (number, at, empty, end) == ("number 0", "at 2026-05-01T01:00:00.000000Z", "", "")
    assert signature.startswith(f"— {origin} ")


def test_a_verifier_is_written_as_others_read_it() -> None:
    published = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert str(Verifier.parse(published)) == published
    with pytest.raises(NotANote):
        Verifier.parse(published.replace("c74f20a3", "c74f20a4"))


def test_a_published_note_is_found_to_be_signed() -> None:
    peter = Verifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    content = b64decode(signature)
    assert content[:4] == peter.id
    assert peter.signed(text, content[4:])
    assert not peter.signed(text + " ", content[4:])


@given(st.data())
def test_no_byte_of_a_note_can_be_changed(data: st.DataObject) -> None:
    signer = checkpoints.Signer("encore/trial", Ed25519PrivateKey.from_private_bytes(b"k" * 32))
    note = signer.note(Statement("encore/trial", 5, EMPTY, 3, "2026-05-01T01:00:00.000000Z"))
    assert read_note(note, [signer.verifier]).size == 5
    place = data.draw(st.integers(0, len(note) - 1))
    other = data.draw(st.characters(codec="utf-8", exclude_characters=note[place]))
    with pytest.raises(NotANote):
        read_note(note[:place] + other + note[place + 1 :], [signer.verifier])


def test_a_witness_may_sign_beside_us(trial: Contract) -> None:
    seal(NOW)
    note = Checkpoint.objects.get().note
    signed = note + f"— witness.example {b64encode(b'0123' + bytes(64)).decode()}\n"
    assert read_note(signed, verifiers()) == read_note(note, verifiers())
    with pytest.raises(NotANote):
        read_note(signed.replace(note.split("\n")[6] + "\n", ""), verifiers())
