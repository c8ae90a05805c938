"""What is done about entries themselves. They stay; an annulment says that one does not count."""

from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Post, User
from encore.accounts.rights import NotYours
from encore.ledger import annulment
from encore.ledger.models import Event
from encore.ledger.nouns import NOUNS
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotAnnul(Refusal):
    pass


class AlreadyAnnulled(Refusal):
    pass


class NeedsAnother(Refusal):
    """It would help whoever annuls, or the entry is somebody else's: the other party has to agree."""


class AlreadyAsked(Refusal):
    pass


class NeedsNobody(Refusal):
    pass


@operation
def annul(entry: Event, *, reason: str, by: User, at: datetime) -> None:
    """Says that an entry does not count, and why; all is judged as if it had never been recorded.

    Where that lets a clock end better which the annuller's own party owes, or the entry was made by another party, somebody
    of another party must have asked for it. An annulment can be annulled too, which brings the entry back.
    """
    subject = _annullable(entry, reason, by)
    asked = annulment.asked_by_others(entry, by.organisation_id)
    if asked is None and annulment.needs_another(entry, by, annulment.changes(entry, at)):
        raise NeedsAnother(_("This takes somebody of the other party as well: ask them to annul it."))

    more: dict[str, Any] = {} if asked is None else {"asked": asked.pk}
    record("event.annulled", subject=subject, actor=by, occurred_at=at, id=entry.pk, reason=reason, **more)


@operation
def ask_annulment(entry: Event, *, reason: str, by: User, at: datetime) -> None:
    """Asks the other party to annul an entry."""
    subject = _annullable(entry, reason, by)
    if not annulment.needs_another(entry, by, annulment.changes(entry, at)):
        raise NeedsNobody(_("This takes nobody else: it can be annulled at once."))
    if annulment.asked_by(entry, by.organisation_id) is not None:
        raise AlreadyAsked(_("The other party has already been asked."))

    record("event.annulment_asked", subject=subject, actor=by, occurred_at=at, id=entry.pk, reason=reason)


def _annullable(entry: Event, reason: str, by: User) -> Model:
    """What the entry is about, locked."""
    subject: Model = NOUNS[entry.noun].visible_to(by).select_for_update(of=("self",)).get(pk=entry.noun_id)
    if reason not in annulment.REASONS:
        raise CannotAnnul(_("There is no such reason."))
    if not annulment.can_be_annulled(entry):
        raise CannotAnnul(_("Entries of this kind are not annulled."))
    if annulment.is_void(entry):
        raise AlreadyAnnulled(_("This entry has already been annulled."))
    if annulment.is_wide(entry) and by.post != Post.MANAGER:
        raise NotYours(_("What moves the whole contract is for managers to annul."))
    return subject
