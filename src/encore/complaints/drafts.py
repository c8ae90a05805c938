"""What a desk keeps for itself: phrases, searches at hand, words for the next shift. Nobody acts by it, so that it is no event."""

from datetime import datetime

from encore.accounts.models import User
from encore.complaints.models import Complaint, HandoverNote, Phrase, SavedList


def keep_phrase(phrase: Phrase | None, *, use: str, title: str, words: str, by: User, at: datetime) -> Phrase:
    """A new one, or other words for one that there is."""
    kept = phrase or Phrase(owner=by.organisation)
    kept.use, kept.title, kept.words, kept.by, kept.at = use, title, words, by, at
    kept.save()
    return kept


def drop_phrase(phrase: Phrase) -> None:
    phrase.delete()


def keep_list(person: User, name: str, address: str) -> None:
    """Under a name; what stood there under that name before is gone."""
    SavedList.objects.update_or_create(person=person, name=name, defaults={"address": address})


def drop_list(person: User, number: int) -> None:
    SavedList.objects.filter(person=person, pk=number).delete()


def leave_note(complaint: Complaint, words: str, by: User, at: datetime) -> HandoverNote:
    """A word about a complaint for whoever comes next."""
    return HandoverNote.objects.create(owner=by.organisation, complaint=complaint, words=words, by=by, at=at)
