"""What is put right about a row without anybody's asking later who did it. No event."""

from encore.venues.models import Room


def describe(room: Room, *, name: str, kind: str, seats: int | None) -> None:
    """What a room is called and what it is like; its code, which stands on the door, stays."""
    Room.objects.filter(pk=room.pk).update(name=name, kind=kind, seats=seats)
