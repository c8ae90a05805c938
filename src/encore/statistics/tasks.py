from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_tasks import task

from encore.jobs import effects
from encore.statistics import counting
from encore.statistics.models import Counted


@task(label=_("Counting how often deadlines are kept"), unique=True)
def count(contract: int, hour: str) -> None:
    """`hour`: which it is asked for in; within one it is counted once."""
    at = now()
    since = at - counting.SINCE
    found = counting.stored(counting.kept(contract, since, at))
    with effects():
        Counted.objects.update_or_create(contract=contract, defaults={"since": since, "counted_at": at, "kept": found})
