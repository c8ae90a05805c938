"""How a clause's state follows from the names that realise it, and what is doubtful about them."""

from datetime import date

import pytest

from encore.engine import Edition, load_edition
from encore.engine.check import Report, check
from encore.engine.coverage import coverage, held, totals

HEAD = '[edition]\nid = "own"\ntitle = { en = "of our own" }\nversion = "1"\n'
LAID_DOWN = """
[[clause]]
number = "1"
text = { en = "A complaint is answered within a day, and counts as grave or light." }
realised = REALISED

[[severity]]
key = "grave"
clause = "1"
label = { en = "grave" }

[[parameter]]
key = "time"
clause = "1"
default = "24h"

[[party]]
key = "venue"
role = "venue"

[[right]]
id = "leave"
clause = "1"

[[duty]]
id = "reply"
clause = "1"
owed_by = "venue"
when = "complaint.received"
done = "complaint.replied"
within = "$time"
"""


def text_of(*names: str) -> str:
    return HEAD + LAID_DOWN.replace("REALISED", "[" + ", ".join(f'"{name}"' for name in names) + "]")


def edition_of(*names: str) -> Edition:
    return load_edition(text_of(*names).encode(), "own.toml")


def checked(text: str) -> Report:
    return check(text.encode(), "own.toml", today=date(2026, 3, 1))


@pytest.mark.parametrize(
    ("names", "product", "walked", "state", "way"),
    [
        ([], [], [], "built", "text"),
        ([], [], ["1"], "shown", "text"),
        (["parameter:time", "vocabulary:severity", "severity:grave", "party:venue"], [], [], "built", "text"),
        (["duty:reply"], [], [], "built", "clock"),
        (["duty:reply"], [], ["1"], "shown", "clock"),
        (["duty:reply"], [], ["2"], "built", "clock"),
        (["right:leave", "page:home/board"], ["page:home/board"], [], "built", "rule"),
        (["operation:complaints.reply"], ["operation:complaints.reply"], [], "built", "rule"),
        (["document:record"], ["document:record"], [], "built", "page"),
        (["document:record"], [], ["1"], "planned", "nothing"),
        (["parameter:time", "operation:complaints.reply"], [], [], "planned", "nothing"),
        (["duty:reply", "operation:complaints.reply"], [], ["1"], "planned", "clock"),
        (["operation:complaints.reply", "page:home/board"], ["page:home/board"], [], "planned", "page"),
        (["duty:answer"], ["duty:answers"], [], "planned", "nothing"),
    ],
)
def test_a_clause_is_planned_built_or_shown_by_the_names_that_realise_it(
    names: list[str], product: list[str], walked: list[str], state: str, way: str
) -> None:
    [row] = coverage(edition_of(*names), product, walked)
    assert (row.state, row.way) == (state, way)


def test_every_name_says_whether_it_is_there() -> None:
    [row] = coverage(edition_of("duty:reply", "page:home/board"), [])
    assert row.names == (("duty:reply", True), ("page:home/board", False))


def test_an_edition_holds_its_rows_by_kind_and_key() -> None:
    assert held(edition_of()) == {
        "duty:reply", "right:leave", "parameter:time", "party:venue", "severity:grave", "vocabulary:severity",
        "vocabulary:severity/grave",
    }  # fmt: skip


def test_totals_add_up_to_all_clauses() -> None:
    counted = totals(coverage(edition_of("duty:reply"), []) + coverage(edition_of("page:home/board"), []))
    assert counted.clauses == 2
    assert counted.ways == {"clock": 1, "rule": 0, "page": 0, "text": 0, "nothing": 1}
    assert counted.states == {"planned": 1, "built": 1, "shown": 0}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("duty:answer", "unresolved"),
        ("right:stay", "unresolved"),
        ("limit:cap", "unresolved"),
        ("remedy:fine", "unresolved"),
        ("vocabulary:category", "unresolved"),
        ("vocabulary:severity/light", "unresolved"),
        ("annex:1", "unresolved"),
        ("dutty:reply", "no_kind"),
        ("reply", "no_kind"),
        ("duty", "no_kind"),
    ],
)
def test_a_name_that_nothing_will_ever_resolve_is_warned_about(name: str, code: str) -> None:
    report = checked(text_of("duty:reply", name))
    [warning] = report.warnings
    assert (warning.code, warning.clause, warning.values["value"]) == (code, "1", name)
    assert text_of("duty:reply", name).splitlines()[warning.line - 1].startswith("realised = ")


def test_a_name_that_the_product_does_not_have_yet_is_no_doubt_about_the_edition() -> None:
    report = checked(text_of("operation:complaints.reply", "page:complaints/reply", "document:reply"))
    assert (report.warnings, report.notes) == ([], [])


def test_a_duty_without_a_debtor_is_named() -> None:
    report = checked(text_of().replace('owed_by = "venue"\n', ""))
    assert [(warning.code, warning.values["duty"]) for warning in report.warnings] == [("no_debtor", "reply")]
    assert "reply" in report.warnings[0].message("zh")


ASKED = '\n[[parameter]]\nkey = "who"\nclause = "1"\ndefault = "venue"\nchoices = ["venue", "agency"]\n'


def test_who_owes_a_duty_may_be_asked_for_when_the_contract_is_drawn_up() -> None:
    asked = text_of().replace('owed_by = "venue"', 'owed_by = "$who"') + ASKED
    both = asked + '\n[[party]]\nkey = "agency"\nrole = "agency"\n'
    assert checked(both).warnings == []
    [warning] = checked(asked).warnings
    assert (warning.code, warning.values) == (
        "no_such_debtor",
        {"duty": "reply", "parameter": "$who", "values": "'agency'"},
    )
    assert "'agency'" in warning.message("en")


SURVEY = """
[[duty]]
id = "close"
clause = "1"
owed_by = "venue"
when = "survey.opened"
done = "survey.closed"
within = "5d"
"""
SURVEYED = '\n[[duty]]\nid = "survey"\nclause = "1"\nowed_by = "venue"\ndone = "survey.closed"\nevery = "1q"\n'


def test_what_another_duty_cannot_be_fulfilled_without_is_compelled_with_it() -> None:
    alone, both = (
        [warning.code for warning in checked(text_of() + text).warnings] for text in (SURVEY, SURVEY + SURVEYED)
    )
    assert alone == ["not_compelled"]
    assert both == []


def test_what_no_operation_records_and_years_without_a_notice_are_notes() -> None:
    recorded = ["contract.effective", "complaint.received", "complaint.replied"]
    report = check((text_of() + SURVEYED).encode(), "own.toml", recorded=recorded, today=date(2035, 3, 1))
    assert report.warnings == []
    assert [(note.code, note.values) for note in report.notes] == [
        ("by_hand", {"duty": "survey", "events": "survey.closed"})
    ]
    days = (text_of() + SURVEYED).replace('"24h"', '"5wd"')
    assert [note.code for note in check(days.encode(), "own.toml", today=date(2035, 3, 1)).notes] == ["unpublished"]


def test_what_no_event_of_the_ledger_can_say_is_a_warning() -> None:
    asked = '{ event = "survey.closed", By-Whom = "venue", subject = "guests", form = "written" }'
    report = checked(text_of() + SURVEYED.replace('"survey.closed"', asked))
    assert [(warning.code, warning.values) for warning in report.warnings] == [
        ("unsayable", {"duty": "survey", "keys": "By-Whom, subject"})
    ]
