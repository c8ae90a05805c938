"""A clock: one running instance of a duty on a subject, and how it ended."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any

from encore.engine.moments import to_datetime
from encore.engine.terms import Rule


class State(IntEnum):
    """Ordered: from `FULFILLED` on a clock has ended."""

    OPEN = 0
    SUSPENDED = 1
    BREACHED = 2
    FULFILLED = 3
    LATE = 4
    DISCHARGED = 5
    EXCUSED = 6


NAMES = tuple(state.name.lower() for state in State)
OPEN, SUSPENDED, BREACHED, FULFILLED, LATE, DISCHARGED, EXCUSED = range(7)


class Clock:
    """Moments are microseconds since 1970 (UTC); `opened_at`, `due_at` and the like are the same as datetimes.

    An open clock past its due is breached, and an open prohibition past its due fulfilled, even before anybody looked:
    `settle` writes it down, `state_at` tells it.
    """

    __slots__ = (
        "breached", "closed", "closed_by", "due", "end", "first_due", "index", "moves", "need", "opened", "provisional",
        "rule", "shift", "started_by", "state", "subject",
    )  # fmt: skip

    def __init__(self, rule: Rule, subject: str, index: int, opened: int, due: int, started_by: int) -> None:
        self.rule = rule
        self.subject = subject
        self.index = index
        self.opened = opened
        self.due = due
        self.state: int = OPEN
        self.closed: int | None = None
        self.started_by = started_by  # positions of the events that started and closed it
        self.closed_by: int | None = None
        self.provisional = False
        self.first_due: int | None = None
        self.shift = 0  # what suspensions have added to `due`
        self.end: int | None = None  # of a period, without grace
        self.need = 0  # fulfilling events that a period still lacks
        self.breached: int | None = None  # when a prohibition was violated
        self.moves: tuple[tuple[str, int, int], ...] = ()  # what moved `due`: how, by which event, from when

    def __repr__(self) -> str:
        return f"<Clock {self.duty} {self.subject} #{self.index} {NAMES[self.state]} due {self.due_at.isoformat()}>"

    @property
    def duty(self) -> str:
        return self.rule.id

    @property
    def clause(self) -> str:
        return self.rule.clause

    @property
    def name(self) -> str:
        """The state in the words of the contract language."""
        return NAMES[self.state]

    @property
    def opened_at(self) -> datetime:
        return to_datetime(self.opened)

    @property
    def due_at(self) -> datetime:
        return to_datetime(self.due)

    @property
    def closed_at(self) -> datetime | None:
        return None if self.closed is None else to_datetime(self.closed)

    @property
    def first_due_at(self) -> datetime | None:
        return None if self.first_due is None else to_datetime(self.first_due)

    @property
    def breached_at(self) -> datetime | None:
        """When it was breached: at its due, or a prohibition when it was violated."""
        if self.breached is not None:
            return to_datetime(self.breached)
        return self.due_at if self.state in (BREACHED, LATE) else None

    @property
    def is_period(self) -> bool:
        return self.end is not None

    @property
    def is_prohibition(self) -> bool:
        return bool(self.rule.forbid)

    @property
    def ended(self) -> bool:
        """Nothing can happen to it any more, but that a breached period or prohibition may still be excused."""
        return self.state >= FULFILLED or (self.state == BREACHED and (self.is_period or self.is_prohibition))

    def settle(self, moment: int) -> bool:
        """Writes down that `due` passed before `moment`. True where that changed the clock."""
        if self.state != OPEN or self.due >= moment:
            return False
        if self.rule.forbid:
            self.state, self.closed = FULFILLED, self.due
        else:
            self.state = BREACHED
        return True

    def state_at(self, moment: int) -> str:
        """What an unfinished clock is at that moment, if nothing more happens to it until then."""
        if self.state != OPEN or self.due >= moment:
            return NAMES[self.state]
        return NAMES[FULFILLED if self.rule.forbid else BREACHED]

    def move(self, how: str, position: int, due: int) -> None:
        self.moves = (*self.moves, (how, position, self.due))
        self.due = due

    @property
    def counted(self) -> int:
        """The due as it was first counted, before anything moved it."""
        return self.moves[0][2] if self.moves else self.due

    def dump(self) -> dict[str, Any]:
        """All of it as JSON has it; `Judge.put` takes it back."""
        return {
            "duty": self.rule.id, "subject": self.subject, "index": self.index, "opened": self.opened, "due": self.due,
            "state": self.state, "closed": self.closed, "provisional": self.provisional, "first_due": self.first_due,
            "shift": self.shift, "end": self.end, "need": self.need, "started_by": self.started_by,
            "closed_by": self.closed_by, "breached": self.breached, "moves": self.moves,
        }  # fmt: skip

    @classmethod
    def load(cls, saved: Mapping[str, Any], rule: Rule) -> "Clock":
        clock = cls(rule, saved["subject"], saved["index"], saved["opened"], saved["due"], saved["started_by"])
        for key in ("state", "closed", "provisional", "first_due", "shift", "end", "need", "closed_by", "breached"):
            setattr(clock, key, saved[key])
        clock.moves = tuple((how, position, before) for how, position, before in saved["moves"])
        return clock
