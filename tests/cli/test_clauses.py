import shutil
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from django.apps import apps

from encore import editions
from encore.cli import clauses as command
from encore.cli.main import main
from encore.cli.product import names

EDITIONS = Path(editions.__file__).parent
NUMBERS = {"ktv_a": 143, "ktv_b": 132, "ktv_c": 93}

OWN = """
[edition]
id = "own"
title = { zh-Hans = "自拟", en = "of our own" }
version = "1"

[[clause]]
number = "1"
heading = { zh-Hans = "看一看", en = "Looking" }
text = { zh-Hans = "看。", en = "Somebody looks." }
realised = ["duty:look", "operation:complaints.verify"]

[[clause]]
number = "2.10"
text = { zh-Hans = "这一条没有标题，正文也比标题所能占的地方长，所以只取开头。", en = "Words." }
realised = ["operation:complaints.divine", "page:complaints/queue"]

[[duty]]
id = "look"
clause = "1"
owed_by = "venue"
when = "complaint.received"
done = "complaint.verified"
within = "1h"
"""


def said(*arguments: str) -> str:
    done = CliRunner().invoke(main, [*arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def own(tmp_path: Path) -> str:
    file = tmp_path / "own.toml"
    file.write_text(OWN, "utf-8")
    return str(file)


@pytest.mark.parametrize(("name", "number"), NUMBERS.items())
def test_every_clause_of_the_editions_is_listed_once_with_what_realises_it(name: str, number: int) -> None:
    told = orjson.loads(said("clauses", str(EDITIONS / f"{name}.toml"), "--json"))
    listed = [row["clause"] for row in told["clauses"]]
    assert len(listed) == len(set(listed)) == told["totals"]["clauses"] == number
    assert all(row["realised"] and row["heading"] for row in told["clauses"])
    for row in told["clauses"]:
        assert (row["state"] == "planned") == (not all(name["resolves"] for name in row["realised"]))
    assert sum(told["totals"]["ways"].values()) == sum(told["totals"]["states"].values()) == number


@pytest.mark.parametrize("name", NUMBERS)
def test_the_editions_have_no_error_and_no_warning_that_is_not_explained(name: str) -> None:
    told = said("check", str(EDITIONS / f"{name}.toml"), "--strict", "--lang", "en")
    assert "0 warnings" in told
    assert f"{NUMBERS[name]} clauses: " in told


def test_a_clause_is_printed_with_heading_names_and_state_in_the_language_of_the_reader(own: str) -> None:
    assert said("clauses", own, "--lang", "en").splitlines() == [
        "clause  state    heading  realised by",
        "1       built    Looking  duty:look operation:complaints.verify",
        "2.10    planned  Words.   (operation:complaints.divine) page:complaints/queue",
        "",
        (
            "2 clauses: 1 monitored by a clock, 0 enforced by a rule, 1 shown in a document or on a page, 0 text only, "
            "0 by nothing yet; 1 planned, 1 built, 0 shown"
        ),
    ]
    chinese = said("clauses", own, "--lang", "zh").splitlines()
    assert chinese[1].split() == ["1", "已实现", "看一看", "duty:look", "operation:complaints.verify"]
    assert chinese[2].split()[2] == "这一条没有标题，正文也比标题所能占的地方长，所以…"
    assert chinese[-1].startswith("2 条条款：1 由时钟监测")


def test_a_clause_that_a_test_walked_is_shown(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "walked", lambda edition: {"1": ["a test"], "2.10": ["a test"]})
    told = orjson.loads(said("clauses", own, "--json"))
    assert [row["state"] for row in told["clauses"]] == ["shown", "planned"]


def test_an_edition_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text('[edition]\nid = "x"\n')
    done = CliRunner().invoke(main, ["clauses", str(file)])
    assert (done.exit_code, "broken.toml:1:" in done.output) == (2, True)


def test_check_tells_warnings_from_notes(own: str) -> None:
    text = (
        Path(own)
        .read_text("utf-8")
        .replace('owed_by = "venue"\n', "")
        .replace("complaint.verified", "complaint.closed")
    )
    Path(own).write_text(text, "utf-8")
    told = said("check", own, "--lang", "en")
    assert "warning: clause 1: duty look does not say who owes it" in told
    assert "1 duties; 2 warnings, 0 notes" in told
    assert CliRunner().invoke(main, ["check", own, "--strict"]).exit_code == 1


def test_the_stories_beside_an_edition_are_still_judged(tmp_path: Path) -> None:
    for name in ("ktv_c.toml", "ktv_c.examples.toml"):
        shutil.copy(EDITIONS / name, tmp_path / name)
    stories = tmp_path / "ktv_c.examples.toml"
    stories.write_text(stories.read_text("utf-8").replace('state = "fulfilled"', 'state = "late"', 1), "utf-8")
    done = CliRunner().invoke(main, ["check", str(tmp_path / "ktv_c.toml")])
    assert done.exit_code == 2


def test_the_product_has_its_operations_its_pages_and_what_apps_say_of_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = names()
    assert {
        "operation:complaints.assess",
        "operation:contracts.sign",
        "page:complaints/queue",
        "page:home/board",
    } <= found
    assert not any(name.startswith("document:minutes") for name in found)
    monkeypatch.setattr(apps.get_app_config("ledger"), "realises", ["document:minutes"], raising=False)
    assert names() - found == {"document:minutes"}
