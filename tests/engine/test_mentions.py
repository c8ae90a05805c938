"""Where an edition speaks of events, and which answers that leaves open."""

from pathlib import Path

from encore.engine import Terms, load_edition
from encore.engine.mentions import mentions, values_named

FOURTH = Path(__file__).parent.with_name("fourth.toml").read_bytes()


def terms() -> Terms:
    made: Terms = load_edition(FOURTH, "fourth.toml").terms({"tolerated": ["loud"]})
    return made


def test_every_place_of_a_duty_is_told_in_which_an_event_is_meant() -> None:
    assert [(one.place, one.pattern.event) for one in mentions(terms()) if one.rule.id == "repair"] == [
        ("done", "repair.finished"),
        ("when", "noise.answered"),
        ("from", "noise.reported"),
    ]


def test_values_are_those_that_the_contract_has_filled_in_and_each_is_told_once() -> None:
    named = {
        event: values_named(one for one in mentions(terms()) if one.pattern.event == event)
        for event in ("noise.reported", "noise.settled", "noise.answered", "noise.withdrawn")
    }
    assert named == {
        "noise.reported": {"topic": ["loud"]},
        "noise.settled": {"rounds": [1, 2]},
        "noise.answered": {"repair": [True]},
        "noise.withdrawn": {},
    }


def test_a_mention_matches_what_the_judge_would_take_for_it() -> None:
    (settled,) = (one for one in mentions(terms()) if one.pattern.event == "noise.settled")
    assert [settled.matches(data) for data in ({"rounds": 1}, {"rounds": 2}, {"rounds": 3}, {"rounds": True}, {})] == [
        True, True, False, False, False,
    ]  # fmt: skip
