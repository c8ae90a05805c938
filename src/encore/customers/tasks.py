from datetime import timedelta
from typing import Final

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_tasks import task

from encore.accounts.queries import first_manager
from encore.customers import operations, queries
from encore.customers.models import Contact
from encore.jobs.recurring import recurring

_MOST: Final = 200


@recurring(every=timedelta(hours=6))
@task(label=_("Guests' data whose time has run out are looked for"), unique=True)
def end_keeping(time: int) -> None:
    """A job for each guest of whom nothing may be kept any longer."""
    for contact in queries.outlived(now())[:_MOST]:
        end_keeping_of.enqueue(contact.pk)


@task(label=_("A guest's data are erased, since their time has run out"), unique=True)
def end_keeping_of(number: int) -> None:
    """In the name of the venue's manager; a venue without one keeps what it has until somebody manages it again."""
    at = now()
    contact = Contact.objects.select_related("owner").get(pk=number)
    manager = first_manager(contact.owner)
    if manager is None or not queries.outlived(at).filter(pk=number).exists():
        return
    try:
        operations.erase(contact, reason="kept_long_enough", by=manager, at=at)
    except operations.AlreadyErased:
        return
