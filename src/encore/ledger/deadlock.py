"""What PostgreSQL gives up because of another transaction is done once more: of two that wait for each other it takes back
one, and of two that begin a stream at once only one gets the first number.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from django.db import DatabaseError

R = TypeVar("R")

_DEADLOCK: Final = "40P01"  # PostgreSQL's name for it
_ONE_A_PLACE: Final = "event_one_a_place"


def once_more(act: Callable[[], R]) -> R:
    try:
        return act()
    except DatabaseError as error:
        cause = error.__cause__
        begun = getattr(getattr(cause, "diag", None), "constraint_name", "") == _ONE_A_PLACE
        if getattr(cause, "sqlstate", "") != _DEADLOCK and not begun:
            raise
    return act()
