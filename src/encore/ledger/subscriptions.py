"""What an event sets running above the ledger: a package's `tasks.py` says which events it wants to hear of."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from django.utils.functional import Promise
from django_tasks import task

from encore.jobs.backend import JobTask
from encore.ledger.kinds import KINDS
from encore.ledger.writing import Recorded

Heard = Callable[[list[int]], None]

_HEARD_BY: Final[dict[str, list[JobTask[[list[int]], None]]]] = defaultdict(list)
_MOST: Final = 1_000  # as many numbers as a job takes


def on(*types: str, label: str | Promise = "") -> Callable[[Heard], JobTask[[list[int]], None]]:
    """Makes a job of a function that is to hear of these events, and takes their numbers.

    It is enqueued with them, in one transaction: once for an event, and once with the whole list for what a tick, an import
    or another act records at a stroke. It runs one operation or writes within `jobs.effects()`. What it records must not
    set it running again. `KeyError` for a type that is not declared.
    """
    for type in types:
        KINDS[type]

    def subscribed(hear: Heard) -> JobTask[[list[int]], None]:
        made = task(label=label, unique=True)(hear)
        assert isinstance(made, JobTask)
        for type in types:
            _HEARD_BY[type].append(made)
        return made

    return subscribed


def tell_subscribers(events: Iterable[Recorded]) -> None:
    """Enqueues the jobs of those who want to hear of these events, in the transaction that records them."""
    heard: dict[str, tuple[JobTask[[list[int]], None], list[int]]] = {}
    for event in events:
        for job in _HEARD_BY.get(event.draft.type, ()):
            heard.setdefault(job.module_path, (job, []))[1].append(event.id)
    for job, numbers in heard.values():
        for start in range(0, len(numbers), _MOST):
            job.enqueue(numbers[start : start + _MOST])
