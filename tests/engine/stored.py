"""The judge as a ledger uses it: for each event only what it concerns is loaded, judged and saved, as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from encore.engine import Clock, Edition, Judge, Terms
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


class Store:
    """What a ledger keeps of a contract: clocks, memos and memory, and nothing that is not written as JSON."""

    def __init__(
        self, terms: Terms, editions: Mapping[str, Edition], foresee: Sequence[tuple[int, Terms]] = ()
    ) -> None:
        self.terms = terms
        self.editions = editions
        self.foresee = foresee
        self.clocks: dict[Key, Json] = {}
        self.memos: dict[str, Json] = {}
        self.memory: Json | None = None
        self.recorded: list[Judged] = []

    def judge(self) -> Judge:
        judge = Judge(self.terms, editions=self.editions, foresee=self.foresee)
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

    def record(self, told: Judged) -> list[Clock]:
        """Judges one more event. An amendment that was needed earlier has everything judged again."""
        self.recorded.append(told)
        event = event_of(told)
        judge = self.judge()
        subjects = self.subjects if event.type in CONTRACT_WIDE else set(event.keys)
        self.load(judge, sorted(subjects))
        changed = judge.apply(event)
        self.save(judge, changed, subjects | set(event.keys))
        if judge.unforeseen:
            self.foresee = [(at, terms) for at, terms, _ in judge.versions[1:]]
            told_again, self.recorded = self.recorded, []
            self.clocks, self.memos, self.memory = {}, {}, None
            for one in told_again:
                self.record(one)
        return changed

    def tick(self, moment: int) -> None:
        """Writes down what has passed by the moment."""
        judge = self.judge()
        self.load(judge, sorted(self.subjects))
        judge.advance(moment)
        self.save(judge, dict.fromkeys(judge.touched), self.subjects)
