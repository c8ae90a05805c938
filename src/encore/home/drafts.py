"""What people are told. Nobody acts by it, so that it is no event."""

from collections.abc import Collection
from datetime import datetime

from encore.accounts.models import User
from encore.home.models import Reminder
from encore.ledger.nouns import NOUNS, Key
from encore.ledger.queries import Finding, findings


def tell(numbers: Collection[int]) -> None:
    """Puts what the ledger found on the lists of the people who are responsible for it, at the party that owes it."""
    found = findings(numbers)
    responsible = _responsible({finding.key for finding in found})
    Reminder.objects.bulk_create(
        (
            Reminder(person=person, event_id=finding.event)
            for finding in found
            for person in responsible.get(finding.key, ())
            if _is_for(person, finding)
        ),
        ignore_conflicts=True,
    )


def _responsible(keys: Collection[Key]) -> dict[Key, Collection[User]]:
    by_noun: dict[str, set[int]] = {}
    for key in keys:
        by_noun.setdefault(key.noun, set()).add(key.id)
    return {
        Key(name, number): people
        for name, numbers in by_noun.items()
        if name in NOUNS
        for number, people in NOUNS[name].responsible(numbers).items()
    }


def _is_for(person: User, finding: Finding) -> bool:
    return finding.debtor in ("", person.organisation.role)


def mark_read(person: User, to: int, at: datetime) -> None:
    """Marks all that this person has been told of up to an event, so that what came meanwhile stays new."""
    Reminder.objects.filter(person=person, read_at=None, event__lte=to).update(read_at=at)
