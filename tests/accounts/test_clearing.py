"""What lets nobody in any more does not stay."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from encore.accounts import links
from encore.accounts.cache import Cache
from encore.accounts.models import AccessLog, OneTimeLink, User
from encore.accounts.tasks import clear_expired
from encore.jobs.worker import run_due
from tests.cast import signed_in


@pytest.fixture
def cache(db: None) -> Cache:
    found = caches["default"]
    assert isinstance(found, Cache)
    found.clear()
    return found


def rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache")
        return int(cursor.fetchone()[0])


def expire(key: str) -> None:
    past = connection.ops.adapt_datetimefield_value(now() - timedelta(minutes=1))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cache SET expires = %s WHERE cache_key LIKE %s", [past, f"%{key}"])


def test_sessions_and_links_that_are_over_are_removed_and_others_stay(zhou: User, lin: User, cache: Cache) -> None:
    for person, key in ((zhou, "over"), (lin, "good")):
        session = Session.objects.get(session_key=signed_in(person).session.session_key)
        UserSession.objects.create(user=person, session_key=session.session_key, ip="::1")
        cache.set(key, 1, 300)
    over = signed_in(zhou).session.session_key
    Session.objects.filter(session_key=over).update(expire_date=now() - timedelta(seconds=1))
    UserSession.objects.create(user=zhou, session_key=over, ip="::1")
    UserSession.objects.create(user=zhou, session_key="signed-out-long-ago", ip="::1")
    expire("over")
    old, fresh = (
        links.make(person, links.Purpose.JOIN, now() - age)
        for person, age in ((zhou, timedelta(days=60)), (lin, timedelta(days=8)))
    )
    told = AccessLog.objects.count()
    clear_expired.enqueue(1)
    assert run_due() == 1
    assert not Session.objects.filter(session_key=over).exists()
    assert Session.objects.count() == UserSession.objects.count() == 2
    assert OneTimeLink.objects.count() == 1
    assert {old, fresh} != {None}
    assert rows() == 1
    assert cache.get("good") == 1
    assert AccessLog.objects.count() == told


def test_more_than_a_batch_is_removed(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("encore.accounts.cache._BATCH", 3)
    for number in range(8):
        cache.set(f"{number}-old", number, 300)
    expire("-old")
    assert cache.clear_expired(now()) == 8
    assert rows() == 0


def test_a_key_is_written_by_one_statement(cache: Cache) -> None:
    with CaptureQueriesContext(connection) as queries:
        cache.set("key", "value", 60)
    assert sum("cache" in query["sql"] for query in queries) == 1


def test_what_was_added_stays_until_it_is_over(cache: Cache) -> None:
    assert cache.add("lock", "mine", 60)
    assert not cache.add("lock", "yours", 60)
    assert cache.get("lock") == "mine"
    expire("lock")
    assert cache.get("lock", "none") == "none"
    assert cache.add("lock", "mine", 60)
    expire("lock")
    assert cache.add("lock", "yours", 60), "also over what is over and has not been removed yet"
    assert cache.get("lock") == "yours"
    assert cache.delete("lock")


def test_a_key_is_kept_longer_by_a_touch_as_long_as_it_is_there(cache: Cache) -> None:
    cache.set("key", [1, 2], None)
    assert cache.touch("key", 60)
    assert cache.get("key") == [1, 2]
    expire("key")
    assert not cache.touch("key", 60)
    assert not cache.touch("nothing", 60)


def test_nothing_is_thrown_away_before_its_time(cache: Cache) -> None:
    cache.set("lock", "mine", 300)
    for number in range(400):  # more than Django's own keeps
        cache.set(f"name-{number}", number, 300)
    assert cache.get("lock") == "mine"
