"""The forger at work: what he changes is named, row by row, or his work is shown to have left no trace on purpose."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson
import pytest
from click.testing import CliRunner, Result
from django.conf import LazySettings
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from encore.accounts.models import Organisation, User
from encore.cli.main import main
from encore.complaints import operations as complaints
from encore.contracts.models import Contract
from encore.ledger import rebuild
from encore.ledger.canonical import canonical
from encore.ledger.chain import genesis, leaf, link
from encore.ledger.checkpoints import seal, verifiers
from encore.ledger.judged_by import judged_by
from encore.ledger.models import (
    Checkpoint,
    Clock,
    Concern,
    EditionFile,
    Event,
    Head,
    Leaf,
    Memo,
    Sealing,
    TermsInForce,
)
from encore.ledger.nouns import Key
from encore.ledger.tick import tick
from encore.ledger.verification import Finding, Kind, Tally, kept_by_others, snapshot, verify
from tests.cast import EFFECTIVE, HOUR, RECEIVED, agreed, complain, recording_at
from tests.guards import unguarded
from tests.ledger.events import EDITION, clock, drafted, happen, rebuilt
from tests.ledger.events import stored as rows_of
from tests.ledger.histories import something
from tests.ledger.test_tick import at_once

NOW = datetime.fromisoformat("2026-05-01T09:00:00+08:00")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings) -> Path:
    settings.ENCORE_HOME = tmp_path
    return tmp_path


@pytest.fixture
def trial(zhou: User, agency: Organisation) -> Contract:
    return agreed(EDITION.encode(), zhou, agency)


def findings(now: datetime = NOW, **options: Any) -> list[Finding]:
    return list(verify(Tally(), now, **options))


def named(kind: Kind, now: datetime = NOW) -> list[str]:
    found = findings(now)
    assert {one.kind for one in found} <= {kind}, found
    return [one.row for one in found]


def history(trial: Contract, seed: int, now: datetime = EFFECTIVE) -> Iterator[datetime]:
    """What may happen in two months: acts, ticks and checkpoints. Gives the moment after each."""
    chance, recorded = Random(seed), list[int]()
    for _ in range(30):
        now += timedelta(hours=chance.randint(1, 40))
        at = now - timedelta(hours=chance.choice([0, 0, 0, 5, 60]))
        recorded += happen(something(chance, trial, max(at, EFFECTIVE), recorded or [1]), now=now)
        if chance.random() < 0.2:
            tick(now)
        if chance.random() < 0.2:
            seal(now)
        yield now


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happened_nothing_is_found_where_nobody_changed_anything(trial: Contract, seed: int) -> None:
    for now in history(trial, seed):
        assert findings(now) == []


# --- one row ---------------------------------------------------------------------------------------------------------

FIELDS: Final[dict[type[Model], list[str]]] = {
    Event: [
        "id", "noun", "noun_id", "seq", "type", "schema", "occurred_at", "recorded_at", "actor", "body", "leaf", "chain",
    ],
    Head: ["noun", "noun_id", "seq", "chain"],
    Concern: ["event_id", "noun", "noun_id", "contract", "is_subject"],
    Leaf: ["number", "event", "hash"],
    Checkpoint: ["number", "size", "peaks", "note"],
    Clock: [
        "contract", "duty", "clause", "noun", "noun_id", "index", "opened_at", "due_at", "first_due_at", "state",
        "is_ended", "breached_at", "closed_at", "provisional", "started_by", "closed_by", "memo", "warns_at",
    ],
    EditionFile: ["sha256", "content"],
}  # fmt: skip


def name(row: Model) -> str:
    """What a finding about this row begins with."""
    match row:
        case Event():
            return f"event {row.pk} "
        case Concern():
            return f"event {row.event_id}"
        case Head():
            return f"head {row.noun}:{row.noun_id}"
        case Leaf():
            return f"leaf {row.number}"
        case Checkpoint():
            return f"checkpoint {row.number}"
        case Clock():
            return f"clock {row.noun}:{row.noun_id} {row.duty} #{row.index} (contract:{row.contract})"
    return f"edition {row.pk}"


def changed(value: Any, chance: Random) -> Any:
    """Something else of the same kind: one bit, one letter, a microsecond."""
    match value:
        case bool():
            return not value
        case int():
            return value ^ 1 << chance.randrange(12)
        case str():
            place = chance.randrange(len(value))
            return value[:place] + chance.choice("abc7".replace(value[place], "")) + value[place + 1 :]
        case bytes() | memoryview():
            content = bytearray(value)
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            return bytes(content)
        case datetime():
            return value + chance.choice([-1, 1]) * timedelta(microseconds=10 ** chance.randrange(12))
        case dict():
            key = chance.choice(sorted(value))
            return {**value, key: changed(value[key], chance)}
        case list():
            return [*value, 1]
    assert value is None
    return 1


def forge(row: Model, field: str, value: Any) -> None:
    with unguarded(), transaction.atomic():
        type(row)._base_manager.filter(pk=row.pk).update(**{field: value})


@pytest.mark.parametrize("model", FIELDS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("seed", range(2))
def test_one_changed_value_in_a_stored_row_is_named_by_row(trial: Contract, model: type[Model], seed: int) -> None:
    *_, now = history(trial, seed)
    chance = Random(f"{model.__name__} {seed}")
    for field in FIELDS[model] * (5 if len(FIELDS[model]) < 6 else 2):
        row = chance.choice(list(model._base_manager.all()))
        before = name(row)
        value = getattr(row, field)
        if value is None and field.endswith("_at"):
            value = now
        try:
            with transaction.atomic():
                forge(row, field, other := changed(value, chance))
                setattr(row, field, other)
                found = findings(now)
                assert any(one.row.startswith((before, name(row))) for one in found), (before, field, value, other)
                kinds = {one.kind for one in found}
                assert kinds & {Kind.WRONG, Kind.ALTERED} if model is Clock else Kind.ALTERED in kinds
                raise Undone
        except (Undone, IntegrityError):
            continue
    assert findings(now) == []


class Undone(Exception):
    """The forger's work is taken back."""


# --- what a forger would rather do ---------------------------------------------------------------------------------------


@pytest.fixture
def story(trial: Contract) -> Contract:
    """Two complaints, sealed; then something that is not sealed yet."""
    for number in (7, 8):
        happen(drafted(trial, "complaint.received", f"complaint:{number}", RECEIVED), now=RECEIVED)
        happen(drafted(trial, "complaint.verified", f"complaint:{number}", RECEIVED + HOUR), now=RECEIVED + HOUR)
    tick(NOW)
    seal(NOW)
    happen(drafted(trial, "complaint.assessed", "complaint:7", NOW, severity="minor"), now=NOW)
    assert findings() == []
    return trial


def event(type: str, number: int) -> Event:
    return Event.objects.get(type=type, noun="complaint", noun_id=number)


def rewritten(key: Key, change: Callable[[dict[str, Any]], None]) -> None:
    """Writes a stream anew as the ledger would have, with all its hashes."""
    end = genesis(key)
    with unguarded():
        for one in Event.objects.filter(noun=key.noun, noun_id=key.id).order_by("seq"):
            body = orjson.loads(bytes(one.body))
            change(body)
            content = canonical(body)
            end = link(end, leaf(content))
            Event.objects.filter(pk=one.pk).update(
                body=content, leaf=leaf(content), chain=end, occurred_at=datetime.fromisoformat(body["at"])
            )
        Head.objects.filter(noun=key.noun, noun_id=key.id).update(chain=end)


def unsealed() -> None:
    with unguarded():
        for model in (Checkpoint, Leaf, Sealing):
            model._base_manager.all().delete()


def earlier(body: dict[str, Any]) -> None:
    """Somebody was there an hour before."""
    if body["type"] == "complaint.verified":
        body["at"] = body["at"].replace("T15", "T14")


def test_a_tail_that_was_cut_off_is_missed(story: Contract) -> None:
    last = event("complaint.assessed", 7)
    with unguarded():
        Concern.objects.filter(event=last).delete()
        last.delete()
    found = {one.row: one.kind for one in findings()}
    assert found["head complaint:7"] == Kind.ALTERED


def test_a_sealed_tail_is_missed_though_the_head_was_moved_back(story: Contract) -> None:
    last = event("complaint.verified", 8)
    with unguarded():
        Concern.objects.filter(event=last).delete()
        Event.objects.filter(noun="complaint", noun_id=8, seq__gte=last.seq).delete()
        Head.objects.filter(noun_id=8).update(seq=last.seq - 1, chain=event("complaint.received", 8).chain)
    place = Leaf.objects.get(event=last.pk).number
    assert f"leaf {place} (event {last.pk})" in {one.row for one in findings() if one.kind == Kind.ALTERED}


def test_a_whole_stream_that_was_taken_away_is_missed(story: Contract) -> None:
    gone = list(Event.objects.filter(noun="complaint", noun_id=8))
    with unguarded():
        Concern.objects.filter(event__in=gone).delete()
        Event.objects.filter(noun="complaint", noun_id=8).delete()
        Head.objects.filter(noun="complaint", noun_id=8).delete()
        Clock.objects.filter(noun="complaint", noun_id=8).delete()
        Memo.objects.filter(noun="complaint", noun_id=8).delete()
    places = {f"leaf {one.number} (event {one.event})" for one in Leaf.objects.filter(event__in=[e.pk for e in gone])}
    assert set(named(Kind.ALTERED)) == places


def test_rows_that_changed_places_are_both_named(story: Contract) -> None:
    one, other = event("complaint.received", 7), event("complaint.received", 8)
    with unguarded():
        for row, into in ((one, other), (other, one)):
            Event.objects.filter(pk=row.pk).update(body=into.body, leaf=into.leaf)
    found = {finding.row for finding in findings()}
    assert {f"event {one.pk} (complaint:7 #0)", f"event {other.pk} (complaint:8 #0)"} <= found


def test_a_stream_that_was_written_anew_with_all_its_hashes_is_caught_by_the_tree(story: Contract) -> None:
    rewritten(Key("complaint", 8), earlier)
    verified = event("complaint.verified", 8)
    found = {one.row: one.kind for one in findings()}
    assert found[f"event {verified.pk} (complaint:8 #1)"] == Kind.ALTERED
    assert f"event {event('complaint.received', 8).pk} (complaint:8 #0)" not in found, (
        "what was not changed is not accused"
    )


def test_with_the_leaves_written_anew_as_well_the_checkpoint_does_not_fit(story: Contract) -> None:
    rewritten(Key("complaint", 8), earlier)
    for one in Event.objects.filter(noun="complaint", noun_id=8):
        forge(Leaf.objects.get(event=one.pk), "hash", one.leaf)
    assert "checkpoint 0" in {one.row for one in findings() if one.kind == Kind.ALTERED}


def test_a_checkpoint_of_the_forgers_own_lacks_our_signature(story: Contract, home: Path) -> None:
    rewritten(Key("complaint", 8), earlier)
    trusted = verifiers()
    for name in ("checkpoints", "checkpoints.pub"):
        (home / "keys" / name).unlink()
    unsealed()
    seal(NOW)
    found = [one.row for one in findings(trusted=trusted) if one.kind == Kind.ALTERED]
    assert found[0] == "checkpoint 0"


def test_a_ledger_forged_with_the_key_disagrees_with_a_checkpoint_that_somebody_has_kept(story: Contract) -> None:
    note = Checkpoint.objects.get().note
    kept = kept_by_others(note, "agency.txt", verifiers())
    assert findings(kept=[kept]) == []
    rewritten(Key("complaint", 8), earlier)
    unsealed()
    seal(NOW)
    assert Kind.ALTERED not in {one.kind for one in findings()}, "with the key and all tables nothing inside can tell"
    assert "checkpoint 0 (agency.txt)" in {one.row for one in findings(kept=[kept])}


def test_a_ledger_that_was_cut_short_disagrees_with_a_checkpoint_that_somebody_has_kept(story: Contract) -> None:
    seal(NOW)
    last = Checkpoint.objects.get(number=1)
    kept = kept_by_others(last.note, "agency.txt", verifiers())
    with unguarded():
        Checkpoint.objects.filter(number=1).delete()
        Leaf.objects.filter(number=last.size - 1).delete()
    rows = {one.row: str(one.said) for one in findings(kept=[kept])}
    assert str(last.size - 1) in rows["checkpoint 1 (agency.txt)"]


def test_a_checkpoint_that_was_taken_away_is_missed(story: Contract) -> None:
    seal(NOW)
    with unguarded():
        Checkpoint.objects.filter(number=0).delete()
    assert named(Kind.ALTERED) == ["checkpoint 0"]


def test_later_events_are_checked_though_earlier_ones_are_forged(
    trial: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("encore.ledger.checkpoints._MOST", 3)
    for number in range(7, 14):
        happen(drafted(trial, "complaint.received", f"complaint:{number}", RECEIVED), now=RECEIVED)
    seal(RECEIVED)
    for number in (3, 7):
        forge(Leaf.objects.get(number=number), "hash", bytes(32))
    rows = named(Kind.ALTERED, RECEIVED)
    assert [row.partition(" (")[0] for row in rows] == ["leaf 3", "leaf 7"]


def test_terms_that_were_changed_are_named(story: Contract) -> None:
    TermsInForce.objects.update(parameters={"verify_within": "48h"})
    assert f"terms contract:{story.pk}" in {one.row for one in findings() if one.kind == Kind.WRONG}


def test_an_event_that_was_kept_out_of_the_tree_is_named(story: Contract) -> None:
    for _ in range(3):
        happen(drafted(story, "complaint.progress_sent", "complaint:7", NOW), now=NOW)
        seal(NOW)
    kept_out = event("complaint.verified", 8)
    place = Leaf.objects.get(event=kept_out.pk)
    forge(place, "event", 10_000)
    rows = {one.row for one in findings() if one.kind == Kind.ALTERED}
    assert {f"leaf {place.number} (event 10000)", f"event {kept_out.pk} (complaint:8 #1)"} <= rows


@pytest.mark.sqlite  # PostgreSQL takes only times for times
def test_what_cannot_even_be_read_is_named_and_the_rest_is_checked(story: Contract) -> None:
    clocks = list(Clock.objects.filter(noun="complaint").order_by("id")[:2])
    forge(clocks[1], "state", "ended")
    with connection.cursor() as cursor, unguarded():
        cursor.execute("UPDATE ledger_clock SET due_at = 'never' WHERE id = %s", [clocks[0].pk])
        cursor.execute("UPDATE ledger_event SET recorded_at = 'never' WHERE id = 1")
    rows = {one.row for one in findings()}
    assert {name(clocks[0]), name(clocks[1]), f"event 1 (contract:{story.pk} #0)"} <= rows


UNREADABLE: Final = [
    ("ledger_clock", "due_at", "clock complaint:7 verify #0 (contract:{})"),
    ("ledger_clock", "closed_at", "clock complaint:7 verify #0 (contract:{})"),
    ("ledger_clock", "warns_at", "clock complaint:7 verify #0 (contract:{})"),
    ("ledger_memo", "judged_to", "memo complaint:7 (contract:{})"),
    ("ledger_memo", "wakes_at", "memo complaint:7 (contract:{})"),
    ("ledger_memory", "judged_to", "memory contract:{}"),
    ("ledger_termsinforce", "since", "terms contract:{}"),
]


@pytest.mark.parametrize(("table", "column", "row"), UNREADABLE)
def test_what_is_no_time_is_named_by_row_and_the_rest_is_judged(
    story: Contract, table: str, column: str, row: str
) -> None:
    other = clock("verify", "complaint:8")
    forge(other, "due_at", other.due_at + HOUR)
    worst = ["infinity", "-infinity", "10000-01-01", "4000-01-01 BC"]
    if connection.vendor == "sqlite":
        worst = ["infinity", "2026-02-31 09:00:00", "2026-03-10T09:00:00", "0000-01-01 00:00:00", "2026-03-10 25:00:00"]
    for value in worst:
        where = "noun = 'complaint' AND noun_id = 7 AND " * ("complaint" in row)
        where += "duty = 'verify' AND " * (table == "ledger_clock")
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {where} 1 = 1", [value])
        found = findings()
        assert [one.row for one in found if one.kind == Kind.ALTERED] == [row.format(story.pk)]
        assert run("rejudge").exit_code == 3, "nothing is judged on top of it"
        hides_all = "complaint" not in row  # all that runs under the contract hangs on it
        assert hides_all or [one.row for one in found if one.kind == Kind.WRONG] == [name(other)]


@pytest.mark.postgresql  # on SQLite the same by `test_what_cannot_even_be_read_is_named_and_the_rest_is_checked`
@pytest.mark.parametrize("column", ["occurred_at", "recorded_at"])
def test_an_event_at_the_end_of_all_time_is_named(story: Contract, column: str) -> None:
    one = event("complaint.received", 7)
    for value in ("infinity", "-infinity", "11111-01-01", "0044-03-15 BC"):
        with unguarded(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE ledger_event SET {column} = %s WHERE id = %s", [value, one.pk])
        assert named(Kind.ALTERED) == [name(one) + "(complaint:7 #0)"]


# --- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("behind", [timedelta(minutes=3), timedelta(days=20_000)], ids=["minutes", "since the epoch"])
def test_whose_clock_is_behind_finds_nothing_wrong(trial: Contract, seed: int, behind: timedelta) -> None:
    *_, now = history(trial, seed)
    tick(now + HOUR)
    assert findings(now + HOUR - behind) == []


def test_whose_clock_is_behind_finds_nothing_wrong_where_time_alone_has_passed(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=RECEIVED)
    happen(drafted(trial, "complaint.verified", "complaint:7", RECEIVED + HOUR), now=RECEIVED + HOUR)
    kept = RECEIVED + 49 * HOUR
    tick(kept + timedelta(seconds=1))
    assert clock("silence", "complaint:7").state == "fulfilled", "and no event tells of it"
    assert findings(kept - timedelta(seconds=20)) == []
    assert findings(kept + timedelta(days=40)) == []


def other_judge() -> None:
    """As if all had been judged before an upgrade."""
    Memo.objects.update(judged_by="000000000000/0.1")


def test_what_another_judge_found_otherwise_is_stale_and_not_wrong(story: Contract) -> None:
    other_judge()
    assert findings() == [], "as long as nothing is found otherwise, there is nothing to say"
    Clock.objects.filter(duty="verify", noun_id=7).update(due_at=RECEIVED + 20 * HOUR)
    assert named(Kind.STALE) == [f"clock complaint:7 verify #0 (contract:{story.pk})"]
    Memo.objects.filter(noun="complaint").update(judged_by=judged_by())
    assert named(Kind.WRONG) == [f"clock complaint:7 verify #0 (contract:{story.pk})"]


def test_what_the_tick_has_not_come_to_yet_is_not_wrong(trial: Contract) -> None:
    happen(drafted(trial, "complaint.received", "complaint:7", RECEIVED), now=RECEIVED)
    assert clock("verify", "complaint:7").state == "open"
    assert findings(NOW) == []


def test_a_clock_that_is_missing_and_one_too_many_are_wrong(story: Contract) -> None:
    surplus = clock("verify", "complaint:7")
    surplus.pk, surplus.index = None, 5
    surplus.save()
    Clock.objects.filter(duty="verify", noun_id=8).delete()
    assert set(named(Kind.WRONG)) == {
        f"clock complaint:7 verify #5 (contract:{story.pk})",
        f"clock complaint:8 verify #0 (contract:{story.pk})",
    }


def run(*arguments: str) -> Result:
    return CliRunner(env={"LANG": "zh_CN.UTF-8", "LC_ALL": "", "LANGUAGE": ""}).invoke(main, arguments)


def test_the_exit_status_says_what_the_gravest_finding_is(story: Contract) -> None:
    tick()
    assert run("verify").exit_code == 0
    other_judge()
    Clock.objects.filter(duty="verify", noun_id=7).update(due_at=RECEIVED + 20 * HOUR)
    assert run("verify").exit_code == 5
    Memo.objects.filter(noun="complaint").update(judged_by=judged_by())
    assert run("verify").exit_code == 4
    forge(event("complaint.verified", 8), "leaf", bytes(32))
    done = run("verify")
    assert done.exit_code == 3
    assert f"已被改动  event {event('complaint.verified', 8).pk} (complaint:8 #1): " in done.output


def test_the_findings_can_be_read_by_programs(story: Contract) -> None:
    tick()
    Clock.objects.filter(duty="verify", noun_id=7).update(due_at=RECEIVED + 20 * HOUR)
    *found, whole = map(orjson.loads, run("verify", "--json").output.splitlines())
    assert [(one["finding"], one["row"]) for one in found] == [
        ("wrong", f"clock complaint:7 verify #0 (contract:{story.pk})")
    ]
    assert whole["wrong"] == 1
    assert whole["altered"] == whole["stale"] == 0
    assert whole["events"] == Event.objects.count()
    assert whole["judge"] == judged_by()


def test_a_kept_checkpoint_is_given_as_a_file(story: Contract, tmp_path: Path) -> None:
    tick()
    note, other = tmp_path / "kept.txt", tmp_path / "other.txt"
    note.write_text(Checkpoint.objects.get().note)
    other.write_text(Checkpoint.objects.get().note.replace("\n", "\n1", 1))
    assert run("verify", "--checkpoint", str(note)).exit_code == 0
    assert run("verify", "--checkpoint", str(note), "--key", str(verifiers()[0])).exit_code == 0
    refused = run("verify", "--checkpoint", str(other))
    assert refused.exit_code == 2
    assert "检查点" in refused.output


def test_what_was_handed_out_is_what_is_held_against_the_ledger(story: Contract, tmp_path: Path) -> None:
    tick()
    kept, key = tmp_path / "kept.txt", run("checkpoint", "--key").output.strip()
    kept.write_text(run("checkpoint").output)
    assert kept_by_others(kept.read_text(), "kept.txt", verifiers()).said.size == Event.objects.count()
    assert run("verify", "--checkpoint", str(kept), "--key", key).exit_code == 0
    unsealed = orjson.loads(run("verify", "--json").output)["unsealed"]
    assert unsealed == 0


def test_nothing_of_what_people_wrote_is_printed(contract: Contract, lin: User) -> None:
    with recording_at(RECEIVED):
        complaint = complain(contract, text="张三丰在B08包厢喝到温酒")
    forge(Event.objects.get(noun="complaint", seq=0), "actor", "user:77777")
    output = run("verify").output + run("verify", "--json").output
    assert f"complaint:{complaint.pk}" in output
    assert "张三丰" not in output
    assert "77777" not in output


def test_a_dry_run_lists_what_would_be_judged_otherwise_and_changes_nothing(story: Contract) -> None:
    tick()
    other_judge()
    Clock.objects.filter(duty="verify", noun_id=7).update(
        due_at=RECEIVED + HOUR / 2, breached_at=RECEIVED + HOUR / 2, state="late"
    )
    before = Event.objects.count()
    done = run("rejudge", "--dry-run")
    assert f"clock complaint:7 verify #0 (contract:{story.pk})" in done.output
    assert Event.objects.count() == before
    assert run("verify").exit_code == 5


def test_judging_again_corrects_what_was_announced_and_leaves_it_to_be_seen(story: Contract) -> None:
    tick()
    other_judge()
    Clock.objects.filter(duty="verify", noun_id=7).update(
        due_at=RECEIVED + HOUR / 2, breached_at=RECEIVED + HOUR / 2, state="late"
    )
    assert run("rejudge").exit_code == 0
    correction = Event.objects.get(type="duty.corrected")
    assert (correction.noun, correction.noun_id) == ("complaint", 7)
    assert orjson.loads(bytes(correction.body))["data"] == {"duty": "verify", "index": 0, "state": "fulfilled"}
    assert clock("verify", "complaint:7").state == "fulfilled"
    assert not Memo.objects.exclude(judged_by=judged_by()).exists()
    assert run("verify").exit_code == 0
    before = Event.objects.count()
    assert run("rejudge").exit_code == 0
    assert Event.objects.count() == before, "once is enough"


def test_clocks_of_a_release_that_gave_no_warnings_are_stale_until_they_are_judged_again(trial: Contract) -> None:
    received = NOW - HOUR
    happen(drafted(trial, "complaint.received", "complaint:7", received), now=received)
    Clock.objects.update(warns_at=None)
    other_judge()
    assert f"clock complaint:7 verify #0 (contract:{trial.pk})" in named(Kind.STALE)
    for keys in rebuild.subjects(trial.pk):
        rebuild.rejudge_subjects(trial.pk, keys, NOW)
    assert clock("verify", "complaint:7").warns_at is not None
    assert findings() == []


def test_what_is_wrong_is_put_right_only_when_asked(story: Contract) -> None:
    tick()
    Clock.objects.filter(duty="verify", noun_id=7).update(due_at=RECEIVED + 20 * HOUR)
    assert run("rejudge").exit_code == 0
    assert run("verify").exit_code == 4
    assert run("rejudge", "--wrong").exit_code == 0
    assert run("verify").exit_code == 0


def test_nothing_is_judged_from_events_that_were_altered(story: Contract) -> None:
    other_judge()
    forge(event("complaint.verified", 8), "leaf", bytes(32))
    assert run("rejudge").exit_code == 3
    assert not Memo.objects.filter(judged_by=judged_by()).exists()


# --- beside those who work ---------------------------------------------------------------------------------------------


def test_writers_go_on_while_the_ledger_is_read_and_are_not_seen(
    transactional_db: None, zhou: User, agency: Organisation
) -> None:
    contract = agreed(EDITION.encode(), zhou, agency)

    def work() -> None:
        happen(drafted(contract, "complaint.received", "complaint:7", RECEIVED), now=NOW)
        seal(NOW)

    with snapshot():
        assert Event.objects.count() == 2
        assert not at_once(work)
        assert Event.objects.count() == 2
        assert list(verify(tally := Tally(), NOW)) == []
        assert tally.events == 2
    assert Event.objects.count() == 3
    assert findings() == []


def test_verification_beside_acts_ticks_and_checkpoints_finds_nothing(
    transactional_db: None, zhou: User, agency: Organisation, tang: User
) -> None:
    contract = agreed(EDITION.encode(), zhou, agency)
    house = [complain(contract, at=RECEIVED) for _ in range(8)]
    found: list[Finding] = []

    def act() -> None:
        for complaint in house:
            complaints.verify(complaint, by=tang, at=NOW)
            tick(NOW)
            seal(NOW)

    def look() -> None:
        for _ in range(6):
            found.extend(verify(Tally(), NOW))

    with recording_at(NOW):
        assert not at_once(act, look)
    assert found == []
    assert rows_of(contract) == rebuilt(contract, NOW)
