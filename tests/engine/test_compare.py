"""Two editions, clause by clause."""

from collections.abc import Iterator
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore import editions
from encore.engine import Edition, load_edition
from encore.engine.compare import Comparison, Match, Pairing, compare
from tests.engine.generate import case_of

BROUGHT = {name: load_edition(content, name) for name, content in editions.brought()}

BEGINNING = '[edition]\nid = "one"\ntitle = { zh-Hans = "一" }\nversion = "1"\n'


def clause(number: str, heading: str = "", more: str = "") -> str:
    title = f'heading = {{ zh-Hans = "{heading}", en = "heading" }}\n' if heading else ""
    return f'[[clause]]\nnumber = "{number}"\n{title}text = {{ zh-Hans = "第{number}条。" }}\n{more}'


def duty(id: str, number: str, body: str) -> str:
    return f'[[duty]]\nid = "{id}"\nclause = "{number}"\n{body}\n'


def row(table: str, key: str, number: str) -> str:
    return f'[[{table}]]\nkey = "{key}"\nclause = "{number}"\nlabel = {{ zh-Hans = "{key}" }}\n'


def edition(*parts: str) -> Edition:
    return load_edition((BEGINNING + "".join(parts)).encode(), "one.toml")


def compared(one: Edition, other: Edition) -> Comparison:
    return compare(one.terms(), other.terms())


def pairs(comparison: Comparison) -> list[tuple[list[str], list[str], list[str]]]:
    return [
        (numbers(pairing)[0], numbers(pairing)[1], [reason.kind for reason in pairing.reasons])
        for pairing in comparison.pairings
    ]


def numbers(pairing: Pairing) -> tuple[list[str], list[str]]:
    return [entry.number for entry in pairing.left], [entry.number for entry in pairing.right]


def alone(comparison: Comparison) -> tuple[list[str], list[str]]:
    return ([one.entry.number for one in side] for side in (comparison.only_left, comparison.only_right))  # type: ignore[return-value]


REPLY = 'when = "complaint.received"\ndone = "complaint.replied"\nwithin = "{}"'


def test_clauses_that_lay_down_one_promise_stand_together_however_they_are_numbered_and_called() -> None:
    one = edition(clause("1", "甲"), duty("reply", "1", REPLY.format("24h")))
    other = edition(clause("7", "乙"), clause("8"), duty("reply", "7", REPLY.format("12h")))
    found = compared(one, other)
    assert pairs(found) == [(["1"], ["7"], ["promise", "events"])]
    assert [list(side) for side in alone(found)] == [[], ["8"]]
    [match] = found.matched()
    assert [(fact.name, fact.left.get("en"), fact.right.get("en")) for fact in match.facts if fact.differs] == [
        ("time", "within 24 hours", "within 12 hours")
    ]


def test_two_clauses_of_one_edition_may_face_one_of_the_other() -> None:
    appraise, grant = 'done = "appraisal.completed"\nevery = "1q"', 'done = "appraisal.applied"\nevery = "1q"'
    one = edition(clause("1"), clause("2"), duty("appraise", "1", appraise), duty("grant", "2", grant))
    other = edition(clause("9"), duty("appraise", "9", appraise), duty("grant", "9", grant))
    found = compared(one, other)
    assert [numbers(pairing) for pairing in found.pairings] == [(["1", "2"], ["9"])]
    assert [match.differing for match in found.matched()] == [[], []]


def test_the_same_heading_counts_in_the_binding_language_alone() -> None:
    found = compared(
        edition(clause("1", "保密"), clause("2", "续约")), edition(clause("3", "续约"), clause("4", "其他"))
    )
    assert pairs(found) == [(["2"], ["3"], ["heading"])]


def test_duties_of_other_names_are_paired_by_the_events_that_begin_and_end_them() -> None:
    one = edition(clause("1"), duty("answer", "1", REPLY.format("24h")))
    other = edition(clause("2"), duty("reply", "2", REPLY.format("24h")))
    found = compared(one, other)
    assert pairs(found) == [(["1"], ["2"], ["events"])]
    assert [match.differing for match in found.matched()] == [[]]


@pytest.mark.parametrize(
    "body",
    [
        'when = "complaint.assessed"\ndone = "complaint.replied"\nwithin = "24h"',
        'when = "complaint.received"\ndone = "complaint.resolved"\nwithin = "24h"',
        'when = "complaint.received"\ndone = "complaint.replied"\nevery = "1mo"',
        'when = { event = "complaint.received", channel = "web" }\ndone = "complaint.replied"\nwithin = "24h"',
    ],
)
def test_duties_that_begin_or_end_otherwise_are_not_the_same_thing(body: str) -> None:
    one = edition(clause("1"), duty("answer", "1", REPLY.format("24h")))
    other = edition(clause("2"), duty("reply", "2", body))
    assert pairs(compared(one, other)) == []


def test_a_condition_that_every_grade_meets_is_no_condition() -> None:
    def graded(id: str, key: str) -> Edition:
        when = (
            f'when = {{ event = "complaint.assessed", severity = "{key}" }}\ndone = "complaint.planned"\nwithin = "1d"'
        )
        return edition(clause("1"), row("severity", key, "1"), duty(id, "1", when))

    assert "events" in pairs(compared(graded("plan", "high"), graded("devise", "grave")))[0][2]


def test_clauses_that_lay_down_one_list_or_rows_of_one_name_are_paired() -> None:
    one = edition(
        clause("1"), clause("2"), clause("3"),
        row("category", "drinks", "1"), row("stage", "verify", "2"), row("stage", "plan", "3"),
    )  # fmt: skip
    other = edition(
        clause("4"), clause("5"), clause("6"),
        row("category", "noise", "4"), row("stage", "plan", "5"), row("stage", "archive", "6"),
    )  # fmt: skip
    found = compared(one, other)
    assert pairs(found) == [(["1"], ["4"], ["vocabulary"]), (["3"], ["5"], ["vocabulary"])]


def test_a_surer_sign_goes_before_and_what_is_left_says_where_else_to_look() -> None:
    one = edition(clause("1", "分类"), clause("2"), row("category", "drinks", "1"), row("category", "noise", "2"))
    other = edition(clause("3", "分类"), row("category", "drinks", "3"), row("category", "noise", "3"))
    found = compared(one, other)
    assert pairs(found) == [(["1"], ["3"], ["heading", "vocabulary"])]
    [left] = found.only_left
    assert [(entry.number, reason.kind) for entry, reason in left.near] == [("3", "vocabulary")]


def test_one_act_of_the_product_is_a_hint_and_never_a_pair() -> None:
    realised = 'realised = ["operation:complaints.archive"]\n'
    found = compared(edition(clause("1", more=realised)), edition(clause("2", more=realised)))
    assert pairs(found) == []
    assert [reason.kind for _, reason in found.only_left[0].near] == ["act"]


def test_a_party_is_the_same_whatever_an_edition_calls_it() -> None:
    def owed(key: str, label: str, role: str) -> Edition:
        party = f'[[party]]\nkey = "{key}"\nlabel = {{ zh-Hans = "{label}" }}\nrole = "{role}"\n'
        return edition(clause("1"), party, duty("reply", "1", REPLY.format("24h") + f'\nowed_by = "{key}"'))

    [match] = compared(owed("house", "店家", "venue"), owed("ktv", "场所", "venue")).matched()
    assert match.differing == []
    [match] = compared(owed("house", "店家", "venue"), owed("house", "店家", "agency")).matched()
    assert match.differing == ["owed_by"]


def test_the_term_of_both_contracts_is_compared_with_parameters_filled_in() -> None:
    notice = '[[parameter]]\nkey = "notice"\nclause = "1"\nkind = "duration"\ndefault = "30d"\n'
    one = edition('[term]\nlength = "1y"\ntermination_notice = "$notice"\n', clause("1"), notice)
    other = edition('[term]\nlength = "1y"\ntermination_notice = "1mo"\ncopies = 2\n', clause("1"))
    assert [
        (fact.name, fact.left.get("en"), fact.right.get("en"), fact.differs) for fact in compared(one, other).term
    ] == [
        ("length", "1 year", "1 year", False),
        ("termination_notice", "30 days", "1 month", True),
        ("copies", None, "2", True),
    ]


def every_clause_once(comparison: Comparison) -> Iterator[tuple[list[str], list[str]]]:
    for side, rest, text in (
        ("left", comparison.only_left, comparison.left),
        ("right", comparison.only_right, comparison.right),
    ):
        paired = [entry.number for pairing in comparison.pairings for entry in getattr(pairing, side)]
        yield sorted(paired + [one.entry.number for one in rest]), sorted(entry.number for entry in text.entries)


def ids(match: Match) -> tuple[str, str]:
    return (match.left.id if match.left else "", match.right.id if match.right else "")


@given(st.integers(0, 2_000), st.integers(0, 2_000))
def test_every_clause_and_every_duty_stands_exactly_once(seed: int, other: int) -> None:
    one, two = (load_edition(case_of(number).edition_bytes(), "case.toml") for number in (seed, other))
    found = compared(one, two)
    assert all(placed == there for placed, there in every_clause_once(found))
    assert sorted(match.left.id for match in found.matches if match.left) == sorted(one.duties)
    assert sorted(match.right.id for match in found.matches if match.right) == sorted(two.duties)


@pytest.mark.parametrize(("name", "other"), list(permutations(BROUGHT, 2)))
def test_the_editions_of_the_product_are_compared_the_same_from_either_side(name: str, other: str) -> None:
    found, back = compared(BROUGHT[name], BROUGHT[other]), compared(BROUGHT[other], BROUGHT[name])
    assert all(placed == there for placed, there in every_clause_once(found))
    assert {match.left.id for match in found.matched() if match.left} >= set(BROUGHT[name].duties) & set(
        BROUGHT[other].duties
    )
    assert {ids(match)[::-1] for match in found.matched()} == {ids(match) for match in back.matched()}


@pytest.mark.parametrize("name", BROUGHT)
def test_an_edition_differs_in_nothing_from_itself(name: str) -> None:
    found = compared(BROUGHT[name], BROUGHT[name])
    assert [match.differing for match in found.matched()] == [[]] * len(BROUGHT[name].duties)
    assert not any(fact.differs for fact in found.term)
    assert found.unmatched() == []
