"""What the editions say: every clause of the register, in words of our own, the same in both languages."""

import csv
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from opencc import OpenCC

from encore import editions
from encore.engine import load_edition
from encore.engine.edition import Edition

MISSION: Final = Path(__file__).resolve().parents[3] / "shared/mission"
REGISTER: Final = MISSION / "clauses.csv"
CONTRACTS: Final = MISSION / "seed.txt"
FOLDER: Final = Path(editions.__file__).parent
EDITIONS: Final = {"A": "ktv_a", "B": "ktv_b", "C": "ktv_c"}

OUR_OWN: Final = 8
"""So many characters in a row are never those of the contracts that the editions were written after."""

UNITS: Final = {"小时": "h", "个工作日": "wd", "天": "d", "周": "w", "个月": "mo", "年": "y"}
WORDS: Final = {"one": "1", "two": "2", "three": "3", "five": "5", "ten": "10", "thirty": "30"}
IN_ENGLISH: Final = {"h": "h", "hour": "h", "working day": "wd", "day": "d", "week": "w", "month": "mo", "year": "y"}

CHINESE_FIGURE: Final = re.compile(rf"([0-9]+) ({'|'.join(UNITS)})|([0-9]+)%")
ENGLISH_FIGURE: Final = re.compile(
    rf"\b([0-9]+|{'|'.join(WORDS)})(?:[ -]?(h|hour|working day|day|week|month|year)(?:s|'s|s')?\b|(%))", re.IGNORECASE
)
LENGTH: Final = re.compile(r"([0-9]+)([a-z]+)")
REFERENCE: Final = re.compile(r"第([0-9][0-9.]*)条")
STUDIED: Final = re.compile(r"[\u4e00-\u9fff0-9A-Za-z]")

needs_register = pytest.mark.skipif(not REGISTER.exists(), reason="needs ../shared/mission/clauses.csv")
needs_contracts = pytest.mark.skipif(not CONTRACTS.exists(), reason="needs ../shared/mission/seed.txt")
of_each_edition = pytest.mark.parametrize("letter", EDITIONS)


@cache
def edition(letter: str) -> Edition:
    path = FOLDER / f"{EDITIONS[letter]}.toml"
    return load_edition(path.read_bytes(), path.name)


@cache
def register(letter: str) -> list[dict[str, str]]:
    with REGISTER.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["edition"] == letter]


def figures_in_chinese(text: str) -> set[tuple[str, str]]:
    return {(share, "%") if share else (number, UNITS[unit]) for number, unit, share in CHINESE_FIGURE.findall(text)}


def figures_in_english(text: str) -> set[tuple[str, str]]:
    return {
        (WORDS.get(number.lower(), number), "%" if share else IN_ENGLISH[unit.lower()])
        for number, unit, share in ENGLISH_FIGURE.findall(text)
    }


def chinese_of(file: str) -> list[tuple[str, str]]:
    """Every Chinese text of an edition file, with the way to it."""

    def walk(value: Any, way: str) -> list[tuple[str, str]]:
        if isinstance(value, dict):
            return [found for key, inner in value.items() for found in walk(inner, f"{way}/{key}")]
        if isinstance(value, list):
            return [found for index, inner in enumerate(value) for found in walk(inner, f"{way}/{index}")]
        return [(way, value)] if isinstance(value, str) and way.endswith("/zh-Hans") else []

    return walk(tomllib.loads((FOLDER / f"{file}.toml").read_text("utf-8")), file)


@cache
def runs_of_the_contracts() -> frozenset[str]:
    text = OpenCC("t2s").convert(CONTRACTS.read_text("utf-8"))
    return frozenset(runs(text))


def runs(text: str) -> set[str]:
    letters = "".join(STUDIED.findall(text))
    return {letters[start : start + OUR_OWN] for start in range(len(letters) - OUR_OWN + 1)}


@needs_register
@of_each_edition
def test_each_row_of_the_register_is_one_clause_and_there_is_no_other(letter: str) -> None:
    numbers = [clause.number for clause in edition(letter).file.clause]
    assert numbers == list(dict.fromkeys(numbers))
    assert sorted(numbers) == sorted(row["clause"] for row in register(letter))


@needs_register
@of_each_edition
def test_each_figure_of_the_register_stands_in_its_clause(letter: str) -> None:
    def stands_in(number: str) -> set[tuple[str, str]]:
        clause = edition(letter).clauses[number]
        return figures_in_chinese(clause.text["zh-Hans"])

    owed = {row["clause"]: figures_in_english(f"{row['meaning']}; {row['figure']}") for row in register(letter)}
    assert any(owed.values())
    assert {number: found for number, figures in owed.items() if (found := figures - stands_in(number))} == {}


@needs_register
@of_each_edition
def test_no_clause_makes_a_figure_up(letter: str) -> None:
    known = {figure for row in register(letter) for figure in figures_in_english(f"{row['meaning']}; {row['figure']}")}
    said = {clause.number: figures_in_chinese(clause.text["zh-Hans"]) for clause in edition(letter).file.clause}
    assert {number: found for number, figures in said.items() if (found := figures - known)} == {}


@needs_register
@of_each_edition
@pytest.mark.parametrize("table", ["duty", "right", "parameter"])
def test_what_the_register_asks_for_hangs_on_its_clause(letter: str, table: str) -> None:
    """Or on the clause that its text points to, where two clauses speak of one thing."""
    carried = {row.clause for row in getattr(edition(letter).file, table)}
    asked = [row["clause"] for row in register(letter) if row["kind"] == table or f"({table})" in row["figure"]]
    assert asked

    def pointed_to(number: str) -> set[str]:
        return set(REFERENCE.findall(edition(letter).clauses[number].text["zh-Hans"]))

    assert [number for number in asked if not ({number} | pointed_to(number)) & carried] == []


@needs_contracts
@of_each_edition
def test_each_clause_is_in_words_of_our_own(letter: str) -> None:
    theirs = runs_of_the_contracts()
    ours = {
        clause.number: runs(clause.text["zh-Hans"]) | runs((clause.heading or {}).get("zh-Hans", ""))
        for clause in edition(letter).file.clause
    }
    assert {number: found for number, said in ours.items() if (found := said & theirs)} == {}


@of_each_edition
def test_each_clause_has_a_heading_and_a_text_in_both_languages(letter: str) -> None:
    def is_whole(texts: dict[str, str] | None) -> bool:
        return texts is not None and all(texts.get(language, "").strip() for language in ("zh-Hans", "en"))

    clauses = edition(letter).file.clause
    assert [c.number for c in clauses if not (is_whole(c.heading) and is_whole(c.text))] == []


@of_each_edition
def test_both_languages_give_the_same_figures(letter: str) -> None:
    assert [
        clause.number
        for clause in edition(letter).file.clause
        if figures_in_chinese(clause.text["zh-Hans"]) != figures_in_english(clause.text["en"])
    ] == []


@of_each_edition
def test_the_time_that_a_duty_gives_is_the_time_that_its_clause_names(letter: str) -> None:
    def names(number: str, time: str) -> bool:
        found = LENGTH.fullmatch(time)
        return found is not None and found.groups() in figures_in_chinese(
            edition(letter).clauses[number].text["zh-Hans"]
        )

    fixed = [d for d in edition(letter).file.duty if d.done and d.within and not str(d.within).startswith("$")]
    assert fixed
    assert [duty.id for duty in fixed if not names(duty.clause, str(duty.within))] == []


@of_each_edition
def test_a_clause_says_that_what_it_leaves_open_is_filled_in_at_signing(letter: str) -> None:
    clauses = edition(letter).clauses
    assert [
        f"{parameter.clause} {parameter.key}"
        for parameter in edition(letter).file.parameter
        if "签约时" not in clauses[parameter.clause].text["zh-Hans"]
        or "at signing" not in clauses[parameter.clause].text["en"]
    ] == []


@of_each_edition
def test_chinese_is_set_as_chinese(letter: str) -> None:
    half_width = re.compile(r"[,;:!?()\"']")
    unspaced = re.compile(rf"[0-9](?:{'|'.join(UNITS)})|[\u4e00-\u9fff](?<!第)[0-9]+ ?(?:{'|'.join(UNITS)}|%)")
    spelt_out = re.compile(r"[一二三四五六七八九十百]+(?:小时|个工作日|周)|百分之")
    faults = (half_width, unspaced, spelt_out)
    texts = chinese_of(EDITIONS[letter])
    assert texts
    assert [(way, text) for way, text in texts if any(fault.search(text) for fault in faults)] == []
    assert [clause.number for clause in edition(letter).file.clause if not clause.text["zh-Hans"].endswith("。")] == []


@of_each_edition
def test_the_last_story_runs_from_signature_to_end_through_every_duty(letter: str) -> None:
    told = tomllib.loads((FOLDER / f"{EDITIONS[letter]}.examples.toml").read_text("utf-8"))
    last = told["story"][-1]
    happened = {event["type"] for event in last["events"]}
    assert {"contract.signed", "contract.effective", "contract.ended"} <= happened
    assert {clock["duty"] for clock in last["clocks"]} == set(edition(letter).duties)
