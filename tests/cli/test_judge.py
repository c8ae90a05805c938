"""`encore judge`: what it prints, what it takes for events, and how it says no."""

import gc
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from encore.cli.main import main

EDITION = """\
[edition]
id = "small"
title = { zh-Hans = "小版本", en = "A small edition" }
version = "1"

[[clause]]
number = "1.5.2"
text = { en = "The customer hears how it stands." }

[[clause]]
number = "1.3.2"
text = { en = "A reply within a day." }

[[parameter]]
key = "progress_interval"
clause = "1.5.2"
kind = "duration"
default = "48h"

[[duty]]
id = "reply"
clause = "1.3.2"
when = "complaint.received"
done = "complaint.replied"
cancel = "complaint.withdrawn"
within = "24h"

[[duty]]
id = "plan"
clause = "1.3.2"
when = "complaint.assessed"
done = "complaint.planned"
within = "5wd"

[[duty]]
id = "inform"
clause = "1.5.2"
when = "complaint.received"
done = "complaint.progress_sent"
every = "$progress_interval"
until = ["complaint.replied", "complaint.withdrawn"]
"""
AMENDED = EDITION.replace('"24h"', '"36h"').replace('version = "1"', 'version = "2"')
NOW = "2026-03-10T00:00:00+08:00"


def event(kind: str, at: str, subject: str = "complaint:1", **more: Any) -> str:
    return json.dumps({"type": kind, "subject": subject, "at": f"{at}+08:00", **more})


HISTORY = [
    event("complaint.received", "2026-03-02T20:00:00"),
    event("complaint.progress_sent", "2026-03-04T10:00:00"),
    event("complaint.received", "2026-03-04T12:00:00", "complaint:2"),
    event("complaint.withdrawn", "2026-03-04T13:00:00", "complaint:2"),
    event("complaint.replied", "2026-03-05T20:00:00"),
    event("complaint.received", "2026-03-09T20:00:00", "complaint:10"),
]
PRINTED = """\
{"duty": "reply", "clause": "1.3.2", "subject": "complaint:1", "index": 0, "opened": "2026-03-02T20:00:00+08:00", "due": "2026-03-03T20:00:00+08:00", "state": "late", "closed": "2026-03-05T20:00:00+08:00"}
{"duty": "reply", "clause": "1.3.2", "subject": "complaint:10", "index": 0, "opened": "2026-03-09T20:00:00+08:00", "due": "2026-03-10T20:00:00+08:00", "state": "open", "closed": null}
{"duty": "reply", "clause": "1.3.2", "subject": "complaint:2", "index": 0, "opened": "2026-03-04T12:00:00+08:00", "due": "2026-03-05T12:00:00+08:00", "state": "discharged", "closed": "2026-03-04T13:00:00+08:00"}
{"duty": "inform", "clause": "1.5.2", "subject": "complaint:1", "index": 0, "opened": "2026-03-02T20:00:00+08:00", "due": "2026-03-04T20:00:00+08:00", "state": "fulfilled", "closed": "2026-03-04T10:00:00+08:00"}
{"duty": "inform", "clause": "1.5.2", "subject": "complaint:1", "index": 1, "opened": "2026-03-04T20:00:00+08:00", "due": "2026-03-06T20:00:00+08:00", "state": "discharged", "closed": "2026-03-05T20:00:00+08:00"}
{"duty": "inform", "clause": "1.5.2", "subject": "complaint:10", "index": 0, "opened": "2026-03-09T20:00:00+08:00", "due": "2026-03-11T20:00:00+08:00", "state": "open", "closed": null}
{"duty": "inform", "clause": "1.5.2", "subject": "complaint:2", "index": 0, "opened": "2026-03-04T12:00:00+08:00", "due": "2026-03-06T12:00:00+08:00", "state": "discharged", "closed": "2026-03-04T13:00:00+08:00"}
"""


@pytest.fixture(autouse=True)
def _collects_garbage_afterwards() -> Iterator[None]:
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run: an edition lies there."""
    monkeypatch.chdir(tmp_path)
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    Path("small.toml").write_text(EDITION, "utf-8")
    return tmp_path


def judge(*arguments: str, now: str = NOW, stdin: str | bytes | None = None, **environment: str) -> Result:
    return CliRunner().invoke(main, ["judge", *arguments, "--now", now], input=stdin, env=environment)


def judged(events: list[str] | str | bytes, *options: str, now: str = NOW) -> list[dict[str, Any]]:
    """The clocks that the command prints."""
    done = judge("small.toml", written(events), *options, now=now)
    assert (done.exit_code, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def written(events: list[str] | str | bytes) -> str:
    data = "".join(f"{line}\n" for line in events) if isinstance(events, list) else events
    Path("events.jsonl").write_bytes(data if isinstance(data, bytes) else data.encode())
    return "events.jsonl"


def refused(done: Result, *begins: str) -> list[str]:
    """The lines on standard error; nothing was printed, and the status says that the input was bad."""
    lines = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert len(lines) == len(begins), lines
    assert all(line.startswith(begin) for line, begin in zip(lines, begins, strict=True)), lines
    assert isinstance(done.exception, SystemExit)
    return lines


# ---- What it prints -----------------------------------------------------------------------------


def test_it_prints_one_object_a_clock_by_duty_then_subject_then_index() -> None:
    done = judge("small.toml", written(HISTORY))
    assert (done.exit_code, done.stderr, done.stdout) == (0, "", PRINTED)


def test_a_provisional_deadline_and_a_first_due_are_printed_only_where_there_are_any() -> None:
    until = {"duty": "reply", "until": "2026-12-31T18:00:00+08:00"}
    events = [
        event("complaint.assessed", "2026-12-30T10:00:00"),
        event("complaint.received", "2026-12-30T10:00:00"),
        event("duty.extended", "2026-12-30T11:00:00", data=until),
    ]
    reply, plan, inform = judged(events, now="2026-12-30T12:00:00+08:00")
    usual = ["duty", "clause", "subject", "index", "opened", "due", "state", "closed"]
    assert list(reply) == [*usual, "first_due"]
    assert (reply["due"], reply["first_due"]) == ("2026-12-31T18:00:00+08:00", "2026-12-31T10:00:00+08:00")
    assert list(plan) == [*usual, "provisional"]
    assert (plan["due"], plan["provisional"]) == ("2027-01-08T00:00:00+08:00", True)
    assert list(inform) == usual


def test_a_subject_is_printed_as_it_was_written() -> None:
    [record, _] = judged([event("complaint.received", "2026-03-09T20:00:00", '投诉:"一"')])
    assert record["subject"] == '投诉:"一"'
    assert '投诉:\\"一\\"' in judge("small.toml", "events.jsonl").stdout


def test_times_are_printed_in_the_zone_of_the_edition_with_fractions_only_where_there_are_any() -> None:
    Path("small.toml").write_text(
        EDITION.replace('version = "1"', 'version = "1"\ntimezone = "Europe/Berlin"'), "utf-8"
    )
    [record, _] = judged(['{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09T12:00:00.25Z"}'])
    assert (record["opened"], record["due"]) == ("2026-03-09T13:00:00.250000+01:00", "2026-03-10T13:00:00.250000+01:00")


def test_a_table_has_a_line_a_clock_under_its_headings() -> None:
    done = judge("small.toml", written(HISTORY), "--format", "table")
    lines = done.stdout.splitlines()
    assert (done.exit_code, len(lines)) == (0, 1 + PRINTED.count("\n"))
    assert lines[0].split() == ["clause", "duty", "subject", "#", "opened", "due", "state", "closed"]
    assert lines[2].split()[:4] == ["1.3.2", "reply", "complaint:10", "0"]
    assert len({line.index(word) for line, word in ((lines[0], "state"), (lines[1], "late"), (lines[2], "open"))}) == 1


def test_a_table_marks_deadlines_that_are_provisional_or_were_extended() -> None:
    events = [
        event("complaint.assessed", "2026-12-30T10:00:00"),
        event("complaint.received", "2026-12-30T10:00:00"),
        event("duty.extended", "2026-12-30T11:00:00", data={"duty": "reply", "until": "2026-12-31T18:00:00+08:00"}),
    ]
    done = judge("small.toml", written(events), "--format", "table", now="2026-12-30T12:00:00+08:00")
    assert "2026-12-31T18:00:00+08:00+" in done.stdout
    assert "2027-01-08T00:00:00+08:00?" in done.stdout


def test_without_events_there_are_no_clocks() -> None:
    for empty in ("", "\n", "\r\n \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"):
        assert judged(empty) == []
    assert judge("small.toml", written(""), "--format", "table").stdout.split()[0] == "clause"


def test_only_open_leaves_out_what_has_ended() -> None:
    every = judged(HISTORY)
    still = [record for record in every if record["state"] in ("open", "suspended", "breached")]
    assert judged(HISTORY, "--only-open") == still
    assert [record["subject"] for record in still] == ["complaint:10", "complaint:10"]
    later = judged(HISTORY, "--only-open", now="2026-03-15T00:00:00+08:00")
    assert [(record["duty"], record["state"]) for record in later] == [
        *(("reply", "breached"), ("inform", "breached"), ("inform", "breached"), ("inform", "open"))
    ]


def test_a_summary_counts_the_clocks_of_every_duty_by_state() -> None:
    counted = judged(HISTORY, "--summary")
    states = {"open": 0, "suspended": 0, "breached": 0, "fulfilled": 0, "late": 0, "discharged": 0, "excused": 0}
    assert counted == [
        {"duty": "reply", "clause": "1.3.2", **states, "open": 1, "late": 1, "discharged": 1},
        {"duty": "plan", "clause": "1.3.2", **states},
        {"duty": "inform", "clause": "1.5.2", **states, "open": 1, "fulfilled": 1, "discharged": 2},
    ]
    table = judge("small.toml", written(HISTORY), "--summary", "--format", "table").stdout.splitlines()
    assert table[0].split() == ["duty", "clause", *states]
    assert table[1].split() == ["reply", "1.3.2", "1", "·", "·", "·", "1", "1", "·"]


@pytest.mark.parametrize("options", [["--only-open"], ["--summary"], []])
def test_events_may_be_told_in_any_order(options: list[str]) -> None:
    assert judged(HISTORY[::-1], *options) == judged(HISTORY, *options)


# ---- What it reads ------------------------------------------------------------------------------


def test_blank_lines_windows_line_ends_and_a_byte_order_mark_are_good_input() -> None:
    for text in (
        "\n\n".join(HISTORY),
        "\r\n".join([*HISTORY, ""]),
        "\r\n \r\n\t\r\n".join(HISTORY),
        b"\xef\xbb\xbf" + "\r\n".join(HISTORY).encode(),
        b"\xef\xbb\xbf\n" + "\n".join(HISTORY).encode(),
    ):
        assert "\n".join(map(json.dumps, judged(text))) + "\n" == PRINTED
    Path("small.toml").write_bytes(EDITION.replace("\n", "\r\n").encode("utf-8-sig"))
    assert len(judged(HISTORY)) == PRINTED.count("\n")


def test_events_may_come_from_the_standard_input() -> None:
    done = judge("small.toml", "-", stdin="\n".join(HISTORY))
    assert (done.exit_code, done.stdout) == (0, PRINTED)
    refused(judge("small.toml", "-", stdin=f"{HISTORY[0]}\nnothing\n"), "<stdin>:2: ")


def test_events_later_than_now_are_not_seen() -> None:
    assert judged(HISTORY, now="2026-03-02T19:59:59+08:00") == []
    [reply, inform] = judged(HISTORY, now="2026-03-02T12:00:00Z")
    assert (reply["state"], inform["state"]) == ("open", "open")
    reply, *_ = judged(HISTORY, now="2026-03-05T19:59:59+08:00")
    assert reply["state"] == "breached"


def test_events_may_say_more_than_the_language_asks_and_less_than_they_could() -> None:
    bare = '{"at": "2026-03-09T20:00:00+08:00", "subject": "complaint:1", "type": "complaint.received"}'
    more = '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09T20:00:00+08:00", "refs": null, "data": null, "id": null, "seen": [1]}'
    assert judged([bare]) == judged([more])


def test_a_second_event_of_one_id_is_passed_over() -> None:
    twice = [
        event("complaint.received", "2026-03-09T20:00:00", id="a"),
        event("complaint.replied", "2026-03-09T21:00:00", id="a"),
        event("complaint.replied", "2026-03-09T22:00:00", id="b"),
    ]
    for options in ([], ["--summary"]):
        assert judged(twice, *options) == judged([twice[0], twice[2]], *options)


# ---- Bad lines ----------------------------------------------------------------------------------

BAD = {
    "not json": "this is not JSON",
    "cut off": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-',
    "a list": '["complaint.received", "complaint:1", "2026-03-09T20:00:00+08:00"]',
    "a number": "17",
    "null": "null",
    "a text": '"complaint.received"',
    "two objects": '{"type": "a.b"} {"type": "a.b"}',
    "no type": '{"subject": "complaint:1", "at": "2026-03-09T20:00:00+08:00"}',
    "no subject": '{"type": "complaint.received", "at": "2026-03-09T20:00:00+08:00"}',
    "no time": '{"type": "complaint.received", "subject": "complaint:1"}',
    "a type that is no text": '{"type": ["a"], "subject": "complaint:1", "at": "2026-03-09T20:00:00+08:00"}',
    "an empty type": '{"type": "", "subject": "complaint:1", "at": "2026-03-09T20:00:00+08:00"}',
    "a subject that is no text": '{"type": "complaint.received", "subject": 1, "at": "2026-03-09T20:00:00+08:00"}',
    "an empty subject": '{"type": "complaint.received", "subject": "", "at": "2026-03-09T20:00:00+08:00"}',
    "a time that is null": '{"type": "complaint.received", "subject": "complaint:1", "at": null}',
    "a time that is a number": '{"type": "complaint.received", "subject": "complaint:1", "at": 1772000000}',
    "a time without an offset": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09T20:00:00"}',
    "a date": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09"}',
    "no such day": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-02-30T20:00:00+08:00"}',
    "no such hour": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09T24:00:00+08:00"}',
    "no such offset": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09T20:00:00+99:00"}',
    "the beginning of time": '{"type": "complaint.received", "subject": "complaint:1", "at": "0001-01-01T00:00:00+08:00"}',
    "the end of time": '{"type": "complaint.received", "subject": "complaint:1", "at": "9999-12-31T23:59:59-08:00"}',
    "refs that are no list": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09T20:00:00+08:00", "refs": "a"}',
    "a ref that is no text": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09T20:00:00+08:00", "refs": ["a", 1]}',
    "data that are no object": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09T20:00:00+08:00", "data": []}',
    "an id that is an object": '{"type": "complaint.received", "subject": "complaint:1", "at": "2026-03-09T20:00:00+08:00", "id": {}}',
    "an extension without an end": event("duty.extended", "2026-03-03T10:00:00", data={"duty": "reply"}),
    "an extension to no time": event("duty.extended", "2026-03-03T10:00:00", data={"duty": "reply", "until": "soon"}),
    "an extension to a zoneless time": event(
        "duty.extended", "2026-03-03T10:00:00", data={"duty": "reply", "until": "2026-03-05T10:00:00"}
    ),
    "a calendar without a year": event("calendar.published", "2026-03-03T10:00:00", data={"off": []}),
    "a calendar with no such day": event(
        "calendar.published", "2026-03-03T10:00:00", data={"year": 2027, "off": ["2027-02-30"]}
    ),
    "parameters that are no object": event("contract.amended", "2026-03-03T10:00:00", data={"parameters": "48h"}),
    "a parameter's value that cannot be": event(
        "contract.amended", "2026-03-03T10:00:00", data={"parameters": {"progress_interval": "soon"}}
    ),
    "a parameter's value that is null": event(
        "contract.amended", "2026-03-03T10:00:00", data={"parameters": {"progress_interval": None}}
    ),
    "an edition that was not given": event("contract.amended", "2026-03-03T10:00:00", data={"edition": "0" * 64}),
    "an edition that is no text": event("contract.amended", "2026-03-03T10:00:00", data={"edition": ["a"]}),
}


@pytest.mark.parametrize("options", [[], ["--summary"], ["--only-open", "--format", "table"]], ids=" ".join)
@pytest.mark.parametrize("line", BAD.values(), ids=BAD)
def test_a_bad_line_is_named_and_nothing_is_printed(line: str, options: list[str]) -> None:
    """At once or where the events have to be sorted first."""
    for events, number in (([*HISTORY[:1], "", line, *HISTORY[1:]], 3), ([*HISTORY[::-1], line], 7)):
        [said] = refused(judge("small.toml", written(events), *options), f"events.jsonl:{number}: ")
        assert ";" in said  # what is wrong; and the cure


def test_bytes_that_are_no_text_are_a_bad_line() -> None:
    refused(judge("small.toml", written(HISTORY[0].encode() + b'\n{"type": "\xff"}\n')), "events.jsonl:2: ")
    refused(judge("small.toml", written("\n".join(HISTORY).encode("utf-16"))), "events.jsonl:1: ")


def test_a_bad_line_later_than_now_is_bad_all_the_same() -> None:
    refused(judge("small.toml", written([*HISTORY, "{}"]), now="2026-01-01T00:00:00+08:00"), "events.jsonl:7: ")


def test_strange_values_that_change_nothing_are_no_fault() -> None:
    events = [
        event("duty.excused", "2026-03-03T10:00:00", data={"duty": ["reply"]}),
        event("event.annulled", "2026-03-03T10:00:00", data={"id": {}}),
        event("complaint.replied", "2026-03-03T10:00:00", data={"deep": [[[{}]]], "number": 1e300}),
    ]
    done = judge("small.toml", written([HISTORY[0], *events]))
    assert done.exit_code == 0
    assert json.loads(done.stdout.splitlines()[0])["state"] == "fulfilled"


# ---- Editions and options --------------------------------------------------------------------------


def test_an_edition_or_events_that_cannot_be_read_are_named(folder: Path) -> None:
    events = written(HISTORY)
    refused(judge("nowhere.toml", events), "nowhere.toml: ")
    refused(judge(".", events), ".: ")
    refused(judge("small.toml", "nowhere.jsonl"), "nowhere.jsonl: ")
    refused(judge("small.toml", "."), ".: ")


def test_every_fault_of_an_edition_is_one_line() -> None:
    events = written(HISTORY)
    Path("empty.toml").write_text("")
    refused(judge("empty.toml", events), "empty.toml:1: ")
    Path("broken.toml").write_text(EDITION + "[[duty]\n")
    refused(judge("broken.toml", events), f"broken.toml:{EDITION.count(chr(10)) + 1}: ")
    Path("twice.toml").write_text(EDITION + 'every = "1d"\nevery = "2d"\n')
    refused(judge("twice.toml", events), f"twice.toml:{EDITION.count(chr(10)) + 1}: ")
    Path("faulty.toml").write_text(EDITION.replace('clause = "1.3.2"', 'clause = "7"'))
    lines = refused(judge("faulty.toml", events), "faulty.toml:22: ", "faulty.toml:30: ")
    assert "7" in lines[0]


def test_a_parameter_is_set_by_its_key() -> None:
    informed = [record for record in judged(HISTORY, "--set", "progress_interval=12h") if record["duty"] == "inform"]
    assert [record["due"] for record in informed][:2] == ["2026-03-03T08:00:00+08:00", "2026-03-03T20:00:00+08:00"]
    assert judged(HISTORY, "--set", "progress_interval = 48h") == judged(HISTORY)


@pytest.mark.parametrize(
    "setting", ["progress_interval", "progress_interval=soon", "progress_interval=", "unheard=1", "=1"]
)
def test_a_parameter_that_does_not_exist_or_cannot_be_so_is_refused(setting: str) -> None:
    refused(judge("small.toml", written(HISTORY), "--set", setting), "--set")


@pytest.mark.parametrize("now", ["2026-03-10T00:00:00", "2026-03-10", "today", "", "2026-13-10T00:00:00Z"])
def test_now_is_a_time_with_an_offset(now: str) -> None:
    refused(judge("small.toml", written(HISTORY), now=now), f"--now {now}")


def test_now_must_be_told() -> None:
    done = CliRunner().invoke(main, ["judge", "small.toml", written(HISTORY)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--now" in done.stderr


def test_an_amendment_names_an_edition_among_those_that_are_given() -> None:
    Path("amended.toml").write_bytes(AMENDED.encode())
    sha = hashlib.sha256(AMENDED.encode()).hexdigest()
    events = [
        HISTORY[0],
        event("contract.amended", "2026-03-04T00:00:00", "contract:1", data={"edition": sha}),
        *HISTORY[2:],
    ]
    replies = [record for record in judged(events, "--amended", "amended.toml") if record["duty"] == "reply"]
    assert [record["due"] for record in replies] == [
        *("2026-03-03T20:00:00+08:00", "2026-03-11T08:00:00+08:00", "2026-03-06T00:00:00+08:00")
    ]
    refused(judge("small.toml", written(events)), "events.jsonl:2: ")
    refused(judge("small.toml", written(events), "--amended", "nowhere.toml"), "nowhere.toml: ")
    Path("amended.toml").write_text("[edition]\n")
    done = judge("small.toml", written(events), "--amended", "amended.toml")
    refused(done, *["amended.toml:1: "] * 3)


def test_an_amendment_may_go_back_to_the_edition_of_the_command() -> None:
    sha = hashlib.sha256(EDITION.encode()).hexdigest()
    events = [event("contract.amended", "2026-03-01T00:00:00", "contract:1", data={"edition": sha}), *HISTORY]
    assert judged(events) == judged(HISTORY)


def test_what_is_passed_over_is_warned_about_and_the_clocks_are_printed() -> None:
    until = {"duty": "unheard-of", "until": "2026-03-05T10:00:00+08:00"}
    events = [
        HISTORY[0],
        event("duty.extended", "2026-03-03T10:00:00", data=until),
        event("contract.amended", "2026-03-03T11:00:00", "contract:1", data={"parameters": {"unheard": "1d"}}),
        *HISTORY[1:],
    ]
    done = judge("small.toml", written(events))
    assert (done.exit_code, done.stdout) == (0, PRINTED)
    first, second = done.stderr.splitlines()
    assert first.startswith("events.jsonl:2: warning: ")
    assert "unheard-of" in first
    assert second.startswith("events.jsonl:3: warning: ")


def test_faults_are_told_in_the_language_of_the_reader() -> None:
    events = written([HISTORY[0], "{}"])
    assert "缺少 `type`" in refused(judge("small.toml", events, "--lang", "zh"), "events.jsonl:2: ")[0]
    assert "缺少 `type`" in refused(judge("small.toml", events, LANG="zh_CN.UTF-8"), "events.jsonl:2: ")[0]
    assert "has no `type`" in refused(judge("small.toml", events, LANG="de_DE.UTF-8"), "events.jsonl:2: ")[0]
    assert "没有" in refused(judge("small.toml", events, "--set", "unheard=1", "--lang", "zh"), "--set")[0]


def test_the_help_teaches_by_an_example() -> None:
    done = CliRunner().invoke(main, ["judge", "--help"])
    assert done.exit_code == 0
    for word in ("encore judge", "--now", "--set", "--amended", '"type": "complaint.received"', "table", "--summary"):
        assert word in done.stdout


# ---- As a process -------------------------------------------------------------------------------


RUN = "from encore.cli.main import main; main()"


def process(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", RUN, "judge", *arguments, "--now", NOW]
    surroundings = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, input=stdin, env=surroundings, capture_output=True, check=False)


def test_the_command_needs_no_settings_and_no_home(folder: Path) -> None:
    done = process("small.toml", written(HISTORY))
    assert (done.returncode, done.stderr, done.stdout.decode()) == (0, b"", PRINTED)
    assert sorted(path.name for path in folder.iterdir()) == ["events.jsonl", "small.toml"]


def test_events_may_come_through_a_pipe() -> None:
    for path in ("-", "/dev/stdin"):
        done = process("small.toml", path, stdin="\n".join(HISTORY[::-1]).encode())
        assert (done.returncode, done.stderr, done.stdout.decode()) == (0, b"", PRINTED)


def test_a_terminal_that_knows_no_chinese_is_no_fault() -> None:
    events = written([event("complaint.received", "2026-03-09T20:00:00", "投诉:一"), "{}"])
    done = process("small.toml", events, "--lang", "zh", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"events.jsonl:2: ")
    assert len(done.stderr.splitlines()) == 1


def test_somebody_who_stops_reading_is_no_fault() -> None:
    events = written([event("complaint.received", "2026-03-09T20:00:00", f"complaint:{n}") for n in range(5_000)])
    command = f"{sys.executable} -c '{RUN}' judge small.toml {events} --now {NOW} | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False)
    assert (done.stderr, done.stdout.count(b"\n")) == (b"", 1)


def test_the_command_starts_without_django() -> None:
    script = (
        "import sys; from encore.cli.main import main\n"
        f"try: main(['judge', 'small.toml', '{written(HISTORY)}', '--now', '{NOW}'])\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert done.stdout == PRINTED
    assert not {"django", "psycopg", "jinja2"} & set(done.stderr.split())
