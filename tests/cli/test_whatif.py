"""`encore whatif`: what it compares, what it prints, and how it says no."""

import gc
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from encore.cli.main import main
from encore.cli.whatif import values_of
from tests.cli.test_judge import EDITION, NOW, event, judge, written

# Received on the 2nd at 20:00, told how it stands on the 4th at 10:00, answered on the 8th at 10:00; another one waits.
# Every 48 hours: kept, breached on the 6th, running at the answer. Every 24: breached, kept, breached, breached, breached, running.
HISTORY = [
    event("complaint.received", "2026-03-02T20:00:00"),
    event("complaint.progress_sent", "2026-03-04T10:00:00"),
    event("complaint.replied", "2026-03-08T10:00:00"),
    event("complaint.received", "2026-03-09T23:00:00", "complaint:2"),
]

OTHER = (
    EDITION.replace('id = "small"', 'id = "other"')
    .replace('id = "reply"\nclause = "1.3.2"', 'id = "reply"\nclause = "1.5.2"')
    .replace('"24h"', '"240h"')
    .replace('id = "inform"', 'id = "tell"')
)


@pytest.fixture(autouse=True)
def _collects_garbage_afterwards() -> Iterator[None]:
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run: two editions and a history lie there."""
    monkeypatch.chdir(tmp_path)
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    Path("small.toml").write_text(EDITION, "utf-8")
    Path("other.toml").write_text(OTHER, "utf-8")
    written(HISTORY)
    return tmp_path


def whatif(*options: str, edition: str = "small.toml", now: str = NOW, stdin: str | None = None) -> Result:
    source = "events.jsonl" if stdin is None else "-"
    return CliRunner().invoke(main, ["whatif", edition, source, "--now", now, *options], input=stdin)


def lines(*options: str, **more: Any) -> list[dict[str, Any]]:
    """The objects that the command prints."""
    done = whatif(*options, "--json", **more)
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def text(*options: str) -> list[str]:
    done = whatif(*options)
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    return done.stdout.splitlines()


def refused(*options: str, edition: str = "small.toml") -> str:
    done = whatif(*options, edition=edition)
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    [line] = done.stderr.splitlines()
    return line


def changes(found: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(line["value"], line["change"]) for line in found]


# ---- What it compares ---------------------------------------------------------------------------


def test_a_pace_of_24_hours_would_have_cost_three_breaches_more() -> None:
    whole, *rest = lines("--set", "progress_interval=24h")
    assert (whole["what"], whole["here"], whole["there"], whole["change"]) == ("total", 2, 5, 3)
    clauses = [line for line in rest if line["what"] == "clause"]
    assert [(line["clause_here"], line["duties"], line["change"]) for line in clauses] == [
        ("1.5.2", ["inform"], 3),
        ("1.3.2", ["reply", "plan"], 0),
    ]
    alone = rest[len(clauses) :]
    assert [(line["what"], line["subject"], line["index"], line["state"]) for line in alone] == [
        ("only_there", "complaint:1", 3, "breached"),
        ("only_there", "complaint:1", 4, "breached"),
        ("only_there", "complaint:1", 5, "discharged"),
    ]


def test_clocks_that_are_on_one_side_only_are_printed_as_judge_prints_them() -> None:
    found = [line for line in lines("--set", "progress_interval=24h") if line.pop("what") == "only_there"]
    every = [json.loads(line) for line in judge("small.toml", "events.jsonl", "--set", "progress_interval=24h").stdout.splitlines()]  # fmt: skip
    assert found == [one for one in every if one["duty"] == "inform" and one["index"] > 2]


def test_another_edition_is_compared_clause_by_clause() -> None:
    whole, *rest = lines("--against", "other.toml")
    # There the reply was due only after ten days; who tells how it stands does so under another name.
    assert (whole["here"], whole["there"], whole["both"], whole["fewer"]) == (2, 1, 2, 1)
    assert (whole["only_here"], whole["only_there"]) == ({"clocks": 4, "breached": 1}, {"clocks": 4, "breached": 1})
    clauses = [(line["clause_here"], line["clause_there"], line["duties"], line["change"]) for line in rest if line["what"] == "clause"]  # fmt: skip
    assert clauses == [
        ("1.5.2", None, ["inform"], -1),
        ("1.3.2", "1.5.2", ["reply"], -1),
        ("1.3.2", "1.3.2", ["plan"], 0),
        (None, "1.5.2", ["tell"], 1),
    ]


def test_set_belongs_to_how_it_is_where_the_other_side_has_its_own_values() -> None:
    for options in (
        ["--against", "other.toml", "--set", "progress_interval=24h", "--set-other", "progress_interval=24h"],
        ["--against", "small.toml", "--set", "progress_interval=24h"],
        ["--set", "progress_interval=24h", "--set-other", "progress_interval=48h"],
    ):
        assert lines(*options)[0]["here"] == 5
    assert lines("--set", "progress_interval=24h", "--set-other", "progress_interval=48h")[0]["change"] == -3
    assert changes(lines("--set", "progress_interval=24h", "--vary", "progress_interval=24h,48h")) == [
        ("24h", 0),
        ("48h", -3),
    ]


def test_a_hundred_values_say_what_a_hundred_commands_would_say() -> None:
    Path("small.toml").write_text(EDITION.replace('within = "24h"', 'within = "$progress_interval"'), "utf-8")
    found = lines("--vary", "progress_interval=2h..200h/2h")
    assert len(found) == 100
    for line in found[::33]:
        whole, *rest = lines("--set", f"progress_interval={line['value']}")
        assert {**whole, "what": "", "clauses": [{**one, "what": ""} for one in rest if one["what"] == "clause"]} == {
            **{key: value for key, value in line.items() if key not in ("key", "value")},
            "what": "",
            "clauses": [{**one, "what": ""} for one in line["clauses"]],
        }


def test_a_deadline_is_varied_as_the_judge_would_count_it() -> None:
    Path("small.toml").write_text(
        EDITION.replace('within = "24h"', 'within = "$progress_interval"').replace('every = "$p', 'every = "48h" #'),
        "utf-8",
    )
    # Answered after 134 hours; the other one has been waiting for one hour.
    values = ["30min", "1h", "133h", "134h"]
    assert changes(lines("--vary", f"progress_interval={','.join(values)}")) == [
        ("30min", 1),
        ("1h", 0),
        ("133h", 0),
        ("134h", -1),
    ]


def test_another_edition_may_be_varied_too() -> None:
    found = lines("--against", "other.toml", "--vary", "progress_interval=24h,48h")
    assert changes(found) == [("24h", 2), ("48h", -1)]


def test_events_may_come_from_the_standard_input() -> None:
    told = "\n".join(HISTORY)
    assert lines("--set", "progress_interval=24h", stdin=told)[0]["change"] == 3
    assert changes(lines("--vary", "progress_interval=24h,48h", stdin=told)) == [("24h", 3), ("48h", 0)]


def test_an_event_that_sets_the_terms_itself_is_named_and_may_be_passed_over() -> None:
    sha = hashlib.sha256(Path("small.toml").read_bytes()).hexdigest()
    terms = {"edition": sha, "parameters": {"progress_interval": "48h"}}
    written([event("contract.effective", "2026-03-01T00:00:00", "contract:1", data=terms), *HISTORY])
    for options in (["--set", "progress_interval=24h"], ["--vary", "progress_interval=24h"]):
        done = whatif(*options, "--json")
        assert (done.exit_code, json.loads(done.stdout.splitlines()[0])["change"]) == (0, 0)
        assert done.stderr == (
            "events.jsonl:1: warning: this event sets progress_interval on both sides from here on; "
            "--unamended passes over it\n"
        )
        assert lines(*options, "--unamended")[0]["change"] == 3
    done = whatif("--against", "other.toml", "--lang", "zh")
    assert done.stderr == (
        "events.jsonl:1: 警告：自此事件起，两边都适用其中约定的 版本；可用 --unamended 忽略事件中的约定\n"
    )
    assert lines("--against", "other.toml", "--unamended")[0]["change"] == -1


def test_a_warning_of_both_sides_is_said_once() -> None:
    excuse = event("duty.excused", "2026-03-05T00:00:00", data={"duty": "nobody", "reason": "agreed"})
    written([*HISTORY[:2], excuse, *HISTORY[2:]])
    done = whatif("--set", "progress_interval=24h")
    assert (done.exit_code, done.stderr.count("nobody")) == (0, 1)


# ---- What it prints -----------------------------------------------------------------------------


def test_the_text_says_both_sides_the_sum_the_clauses_and_the_rest() -> None:
    assert text("--set", "progress_interval=24h") == [
        "as it is: small.toml",
        "what if:  small.toml, progress_interval=24h",
        "",
        "Breaches as of 2026-03-10T00:00:00+08:00: 2 as it is, 5 what if: 3 more.",
        "",
        "clause  heading  as it is  what if  change  more  fewer  only as it is  only what if",
        "1.5.2            1         4        +3      2     1      ·              3 (2)",
        "",
        "Clauses without a difference: 1 (with 1 breaches).",
        "",
        "Only what if: 3 clocks, of which breached: 2.",
        "clause  duty    subject      #  opened                     due                        state       closed",
        "1.5.2   inform  complaint:1  3  2026-03-05T20:00:00+08:00  2026-03-06T20:00:00+08:00  breached",
        "1.5.2   inform  complaint:1  4  2026-03-06T20:00:00+08:00  2026-03-07T20:00:00+08:00  breached",
        "1.5.2   inform  complaint:1  5  2026-03-07T20:00:00+08:00  2026-03-08T20:00:00+08:00  discharged  2026-03-08T10:00:00+08:00",
    ]


def test_the_text_is_chinese_where_the_reader_is() -> None:
    found = text("--set", "progress_interval=24h", "--lang", "zh")
    assert found[:7] == [
        "现状：small.toml",
        "假设：small.toml，progress_interval=24h",
        "",
        "截至 2026-03-10T00:00:00+08:00，违约：现状 2 次，假设 5 次，多 3 次。",
        "",
        "条款   标题  现状违约  假设违约  变化  新增  免去  只在现状  只在假设",
        "1.5.2        1         4         +3    2     1     ·         3 (2)",
    ]
    assert "只在假设中：3 个时钟，其中违约 2 个。" in found
    assert text("--set", "progress_interval=48h", "--lang", "zh")[3:] == [
        "截至 2026-03-10T00:00:00+08:00，违约：现状 2 次，假设 2 次，次数相同。",
        "",
        "没有差别的条款：2 条（违约 2 次）。",
    ]


def test_many_values_are_a_table_with_a_column_for_each_clause_that_changes() -> None:
    assert text("--vary", "progress_interval=24h..72h/24h") == [
        "as it is: small.toml",
        "what if:  small.toml, progress_interval=…",
        "",
        "Breaches as of 2026-03-10T00:00:00+08:00: 2 as it is.",
        "",
        "progress_interval  breaches  change  1.5.2  only as it is  only what if",
        "24h                5         +3      +3     ·              3 (2)",
        "48h                2         ·       ·      ·              ·",
        "72h                1         -1      -1     1 (0)          ·",
    ]


def test_long_lists_are_cut_in_a_text_and_whole_as_json() -> None:
    written([event("complaint.received", "2026-03-02T20:00:00", f"complaint:{number}") for number in range(30)])
    found = text("--against", "other.toml")
    assert [line for line in found if line.startswith("…")] == ["… and 100 more; --json has them all."] * 2
    assert len([line for line in lines("--against", "other.toml") if line["what"] == "only_here"]) == 120


# ---- What it is asked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ("24h", ["24h"]),
        ("24h, 5wd,24h", ["24h", "5wd"]),
        ("12h..48h/12h", ["12h", "24h", "36h", "48h"]),
        ("1d..6d/2d", ["1d", "3d", "5d"]),
        ("30min .. 2h / 30min", ["30min", "60min", "90min", "120min"]),
        ("0.05..0.2/0.05", ["0.05", "0.10", "0.15", "0.20"]),
        ("3..3/1", ["3"]),
        *(
            (wrong, None)
            for wrong in ("", "a,,b", "1h..5h", "5h..1h/1h", "1h..5h/0h", "1d..5wd/1d", "1h..5h/-1h", "..")
        ),
    ],
)
def test_values_are_written_one_by_one_or_as_a_range(asked: str, values: list[str] | None) -> None:
    assert values_of(asked) == values


def test_what_cannot_be_compared_is_refused_in_one_line() -> None:
    assert refused() == "small.toml: nothing to compare with; give --set, --set-other, --against or --vary"
    assert refused("--lang", "zh").startswith("small.toml：没有可比较的对象")
    assert refused("--set", "pace=24h").startswith("--set pace: small.toml has no such parameter")
    assert refused("--set-other", "pace=24h").startswith("--set-other pace: small.toml has no such parameter")
    assert refused("--against", "other.toml", "--set-other", "x").startswith("--set-other x: write key=value")
    assert refused("--against", "missing.toml").startswith("missing.toml: cannot be read")
    assert refused("--set", "progress_interval=soon").startswith("--set: clause 1.5.2: ")
    assert refused("--set", "progress_interval=24h", edition="missing.toml").startswith("missing.toml: cannot be read")


@pytest.mark.parametrize(
    ("varied", "begins"),
    [
        ("progress_interval", "--vary progress_interval: write key=v1,v2,… or key=from..to/step"),
        ("progress_interval=1h..5h", "--vary progress_interval=1h..5h: write key=v1,v2,…"),
        ("progress_interval=1h..8000h/1h", "--vary progress_interval=1h..8000h/1h: more than 1,000 values"),
        ("pace=24h,48h", "--vary pace: small.toml has no such parameter; it has: progress_interval"),
        ("progress_interval=24h,soon", "--vary: clause 1.5.2: "),
        ("progress_interval=0h,24h", "--vary: clause 1.5.2: "),
    ],
)
def test_values_that_cannot_be_are_refused_in_one_line(varied: str, begins: str) -> None:
    assert refused("--vary", varied).startswith(begins)


def test_a_bad_event_is_refused_with_its_line() -> None:
    written([*HISTORY, "nothing"])
    assert refused("--set", "progress_interval=24h").startswith("events.jsonl:5: ")
    assert refused("--vary", "progress_interval=24h,48h").startswith("events.jsonl:5: ")
