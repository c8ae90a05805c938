"""Stories: what happened, as of when, and which clocks that must give. The clause writers' tests, written as data.

A file of stories names its edition (`edition`, a path beside it, or `edition_text`) and holds `[[story]]` tables: `name`,
`why`, `now`, `set`, `events`, `clocks`, and `amended` or `amended_text`, whose hashes `data.edition = "amended:0"` stands for.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from encore.engine.batch import Lines, Sheet, judge_all
from encore.engine.edition import Edition, load_edition
from encore.engine.moments import Times

Beside = Callable[[str], bytes]
"""Reads a file that is named in the stories."""


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    edition: Edition
    editions: Mapping[str, Edition]  # what amendments may name
    now: str
    parameters: Mapping[str, object]
    events: list[dict[str, Any]]
    clocks: list[dict[str, Any]]  # as `encore judge` prints them

    def judged(self) -> list[dict[str, object]]:
        """The clocks that the events give."""
        lines = [orjson.dumps(event) for event in self.events]
        terms = self.edition.terms(self.parameters)
        judge = judge_all(terms, Lines(lambda: lines), Times().parse(self.now), editions=self.editions)
        sheet = Sheet(judge)
        clauses = {clock["duty"]: clock["clause"] for clock in self.clocks if "clause" in clock}
        records = [sheet.record(clock) for clock in sheet.clocks()]
        return [
            {key: value for key, value in record.items() if key != "clause" or record["duty"] in clauses}
            for record in records
        ]

    def differences(self) -> list[str]:
        """What was expected and did not come, and what came unexpected; nothing when the story holds."""
        expected = [{"closed": None, "index": 0, **clock} for clock in self.clocks]
        found = self.judged()
        if found == expected:
            return []
        missing = [f"expected {clock}" for clock in expected if clock not in found]
        surplus = [f"found    {clock}" for clock in found if clock not in expected]
        return missing + surplus or ["the same clocks in another order"]


def stories(data: bytes, name: str, beside: Beside, digest: Callable[[bytes], str]) -> Iterator[Story]:
    """The stories of a file. `digest` is the SHA-256 by which an amendment names an edition."""
    told = tomllib.loads(data.decode())
    text = told["edition_text"].encode() if "edition_text" in told else beside(told["edition"])
    edition = load_edition(text, name)
    for story in told["story"]:
        both = {**told, **story}  # amendments may be given once for all stories of the file
        given = [part.encode() for part in both.get("amended_text", ())] + [
            beside(path) for path in both.get("amended", ())
        ]
        hashes = [digest(part) for part in given]
        yield Story(
            name=story["name"],
            edition=edition,
            editions={sha: load_edition(part, name) for sha, part in zip(hashes, given, strict=True)},
            now=story["now"],
            parameters=story.get("set", {}),
            events=[_with_hashes(event, hashes) for event in story["events"]],
            clocks=story["clocks"],
        )


def _with_hashes(event: dict[str, Any], hashes: list[str]) -> dict[str, Any]:
    named = event.get("data", {}).get("edition", "")
    if not isinstance(named, str) or not named.startswith("amended:"):
        return event
    return {**event, "data": {**event["data"], "edition": hashes[int(named.removeprefix("amended:"))]}}
