"""Patterns: which events a duty listens to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Test = Callable[[Mapping[str, object]], bool]

ANNOUNCEMENTS = frozenset({"duty.warned", "duty.breached", "duty.corrected"})
"""What the ledger says of the judge's findings; the judge never reads them."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """An event type, and for each key of `where` the values of which the event's data must have one."""

    event: str
    where: tuple[tuple[str, tuple[object, ...]], ...] = ()


def same(left: object, right: object) -> bool:
    """Equal as JSON values: `true` is not 1, but 1 is 1.0."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _one_key(key: str, allowed: tuple[object, ...]) -> Test:
    if all(isinstance(value, str) for value in allowed):
        texts = frozenset(allowed)

        def has_text(data: Mapping[str, object]) -> bool:
            value = data.get(key)
            return value.__class__ is str and value in texts

        return has_text

    def has_value(data: Mapping[str, object]) -> bool:
        return key in data and any(same(data[key], value) for value in allowed)

    return has_value


def test_of(pattern: Pattern) -> Test | None:
    """A function that tells whether data match, None where all do."""
    tests = [_one_key(key, allowed) for key, allowed in pattern.where]
    if len(tests) <= 1:
        return tests[0] if tests else None
    return lambda data: all(test(data) for test in tests)


def any_of(tests: list[Test | None]) -> Test | None:
    """The patterns of a list that name one event type match if one does."""
    if None in tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda data: any(test(data) for test in tests if test is not None)


def by_type(patterns: tuple[Pattern, ...]) -> dict[str, Test | None]:
    """For each event type of the patterns, the test its data must pass."""
    tests: dict[str, list[Test | None]] = {}
    for pattern in patterns:
        tests.setdefault(pattern.event, []).append(test_of(pattern))
    return {event: any_of(found) for event, found in tests.items()}
