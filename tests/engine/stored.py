"""The judge as a ledger uses it: for each event only what it concerns is loaded, judged and saved, as JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from encore.engine import Clock, Edition, Judge, Terms, judge_all
from encore.engine.clocks import BREACHED
from encore.engine.events import CONTRACT_WIDE, Event, Judged
from encore.engine.moments import to_datetime
from tests.engine.generate import Json

Key = tuple[str, str, int]


def as_json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


def key_of(clock: Clock) -> Key:
    return (clock.subject, clock.duty, clock.index)


def event_of(told: Judged) -> Event:
    at, position, kind, subject, keys, data, name = told
    return Event(kind, subject, to_datetime(at), tuple(keys[1:]), data, name, position)


def told_of(judge: Judge, clock: Clock) -> Json:
    """All there is to know of a clock, but for the number of its version: equal amendments are one version or two."""
    dumped: Json = as_json(judge.dump(clock))
    return without_version(dumped)


def without_version(dumped: Json) -> Json:
    return {key: value for key, value in dumped.items() if key != "version"}


class Store:
    """What a ledger keeps of a contract: clocks, memos and memory, and nothing that is not written as JSON."""

    def __init__(self, terms: Terms, editions: Mapping[str, Edition]) -> None:
        self.terms = terms
        self.editions = editions
        self.clocks: dict[Key, Json] = {}
        self.memos: dict[str, Json] = {}
        self.memory: Json | None = None
        self.recorded: list[Judged] = []

    def judge(self) -> Judge:
        judge = Judge(self.terms, editions=self.editions)
        judge.restore(self.memory)
        return judge

    def load(self, judge: Judge, subjects: Iterable[str]) -> None:
        for subject in subjects:
            unfinished = [
                saved for (whose, _, _), saved in self.clocks.items() if whose == subject and saved["state"] <= BREACHED
            ]
            if unfinished or subject in self.memos:
                judge.put(subject, unfinished, self.memos.get(subject))

    @property
    def found(self) -> dict[Key, Json]:
        """The clocks as `told_of` tells them."""
        return {key: without_version(clock) for key, clock in self.clocks.items()}

    @property
    def subjects(self) -> set[str]:
        return {subject for subject, _, _ in self.clocks} | self.memos.keys()

    def save(self, judge: Judge, changed: Iterable[Clock], subjects: Iterable[str]) -> None:
        for clock in changed:
            self.clocks[key_of(clock)] = as_json(judge.dump(clock))
        for subject in subjects:
            memo = as_json(judge.memo(subject))
            if memo:
                self.memos[subject] = memo
        self.memory = as_json(judge.memory())

    def record(self, told: Judged) -> list[Key]:
        """Judges one more event, and tells which clocks it changed. Where an amendment would have had to be known earlier,
        the contract is judged whole."""
        self.recorded.append(told)
        event = event_of(told)
        judge = self.judge()
        subjects = self.subjects if event.type in CONTRACT_WIDE else set(event.keys)
        self.load(judge, sorted(subjects))
        changed = judge.apply(event)
        if judge.unforeseen:
            whole = judge_all(self.terms, lambda: self.recorded, told[0], editions=self.editions)
            self.clocks, self.memos = {}, {}
            self.save(whole, whole.clocks(), whole.matters)
            return list(self.clocks)
        self.save(judge, changed, subjects | set(event.keys))
        return [key_of(clock) for clock in changed]

    def tick(self, moment: int) -> None:
        """Writes down what has passed by the moment."""
        judge = self.judge()
        self.load(judge, sorted(self.subjects))
        judge.advance(moment)
        self.save(judge, dict.fromkeys(judge.touched), self.subjects)
