from datetime import timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db.models import Model, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_tasks import task

from encore.accounts.cache import Cache
from encore.accounts.models import OneTimeLink
from encore.jobs import effects
from encore.jobs.recurring import recurring

_BATCH: Final = 1_000
_LINKS_KEPT: Final = timedelta(days=30)


@recurring(every=timedelta(hours=1))
@task(unique=True, label=_("What lets nobody in any more is removed: sessions, links, counted tries"))
def clear_expired(hour: int) -> None:
    """Who signed in, and when, stays in the access log."""
    at = now()
    cache = caches["default"]
    assert isinstance(cache, Cache)
    cache.clear_expired(at)
    good = Session.objects.filter(expire_date__gte=at)
    with effects():
        _clear(UserSession.objects.exclude(session_key__in=good.values("session_key")))
        _clear(Session.objects.filter(expire_date__lt=at))
        _clear(OneTimeLink.objects.filter(expires_at__lt=at - _LINKS_KEPT))


def _clear(rows: QuerySet[Model]) -> None:
    """Batch by batch: a statement takes so many values."""
    while numbers := list(rows.values_list("pk", flat=True)[:_BATCH]):
        rows.filter(pk__in=numbers).delete()
