"""Plain lists by pages: where one ends, and how the next goes on from there."""

from datetime import UTC, datetime

from django.db.models import Q

Place = tuple[datetime, int]
"""The last row of a page: the moment that the list is sorted by, and the row's number."""


def place(text: str) -> Place | None:
    """Where the page before ended, as `written` has it; a mistyped one is as good as none."""
    moment, _tilde, number = text.partition("~")
    try:
        at = datetime.fromisoformat(moment)
        return (at.astimezone(UTC), int(number)) if at.tzinfo and len(number) < 19 else None
    except (ValueError, OverflowError):
        return None


def written(at: datetime, number: int) -> str:
    return f"{at.isoformat()}~{number}"


def after(field: str, place: Place | None, *, descending: bool = False) -> Q:
    """The rows beyond that place, in a list sorted by the field and then by number."""
    if place is None:
        return Q()
    beyond = "lt" if descending else "gt"
    return Q(**{f"{field}__{beyond}": place[0]}) | Q(**{field: place[0], f"pk__{beyond}": place[1]})
