"""Of two transactions that wait for each other PostgreSQL gives up one; that one is done once more."""

from collections.abc import Callable
from typing import Final, TypeVar

from django.db import OperationalError

R = TypeVar("R")

_DEADLOCK: Final = "40P01"  # PostgreSQL's name for it


def once_more(act: Callable[[], R]) -> R:
    try:
        return act()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != _DEADLOCK:
            raise
    return act()
