"""The made-up house of the demonstration."""

import itertools
from datetime import datetime, timedelta

from django.db.models import Sum

from encore.accounts.models import Organisation, Post, User
from encore.venues.demo import furnish
from encore.venues.models import CLOSED_FROM, CLOSED_UNTIL, Listing, RoomSession, SaleLine
from encore.venues.queries import business_day
from tests.cast import CHINA, person

EVENING = datetime(2026, 5, 15, 21, 30, tzinfo=CHINA)  # a Friday


def test_the_made_up_house_keeps_to_its_own_rules(zhou: User, agency: Organisation, contract: object) -> None:
    promoter = person("苏晴", agency, Post.PROMOTER)
    house = furnish(zhou.organisation, EVENING)
    sessions = list(RoomSession.objects.select_related("shift").order_by("room", "opened_at"))
    assert len(sessions) > 200
    assert any(one.is_open for one in sessions)
    for one in sessions:
        assert one.shift is not None
        assert one.day == business_day(one.opened_at, house)
        assert not CLOSED_FROM <= one.opened_at.astimezone(CHINA).time() < CLOSED_UNTIL
        end = one.closed_at or EVENING
        assert one.opened_at < end <= EVENING
    for before, after in itertools.pairwise(sessions):
        assert before.room_id != after.room_id or (before.closed_at is not None and before.closed_at <= after.opened_at)
    prices = dict(Listing.objects.values_list("product", "amount"))
    lines = list(SaleLine.objects.all())
    assert all(line.amount == prices[line.product_id] * line.quantity for line in lines)
    assert {line.promoter_id for line in lines} == {None, promoter.pk}
    assert max(line.sold_at for line in lines) <= EVENING


def test_the_made_up_house_is_the_same_every_time(zhou: User, other_manager: User, contract: object) -> None:
    def sums(owner: Organisation) -> tuple[object, ...]:
        furnish(owner, EVENING)
        lines = SaleLine.objects.filter(owner=owner)
        return lines.count(), lines.aggregate(total=Sum("amount"))["total"], lines.order_by("line_key").first().quantity  # type: ignore[union-attr]

    assert sums(zhou.organisation) == sums(other_manager.organisation)


def test_it_begins_weeks_before_the_demonstration(zhou: User, contract: object) -> None:
    furnish(zhou.organisation, EVENING)
    days = RoomSession.objects.order_by("day").values_list("day", flat=True)
    assert days[0] <= (EVENING - timedelta(days=20)).date()
