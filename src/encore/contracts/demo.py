"""A made-up venue and its agency, and their contract."""

from datetime import datetime, timedelta
from typing import Final

from encore.accounts.models import Organisation, Post, Role, User
from encore.contracts.drafts import draw_up
from encore.contracts.models import Contract
from encore.contracts.operations import make_effective, sign

PEOPLE: Final = (
    ("zhou.min", "周敏", Role.VENUE, Post.MANAGER),
    ("lin.jing", "林静", Role.VENUE, Post.CUSTOMER_SERVICE),
    ("he.wei", "何伟", Role.AGENCY, Post.MANAGER),
    ("tang.yue", "唐悦", Role.AGENCY, Post.MARKETING),
    ("xu.lei", "徐磊", Role.AGENCY, Post.PROMOTION),
    ("su.qing", "苏晴", Role.AGENCY, Post.PROMOTER),
)
_SINCE: Final = timedelta(days=45)


def agree(name: str, edition: bytes, at: datetime) -> Contract:
    """A contract under that edition, in force for a month and a half at `at`."""
    venue = Organisation.objects.create(name="星河里量贩KTV", role=Role.VENUE)
    agency = Organisation.objects.create(name="澄酿酒水推广", role=Role.AGENCY)
    parties = {Role.VENUE: venue, Role.AGENCY: agency}
    for username, called, role, post in PEOPLE:
        User.objects.create(username=username, name=called, organisation=parties[role], post=post)
    manager = User.objects.get(post=Post.MANAGER, organisation=venue)
    contract = draw_up(edition, name, {}, venue=venue, agency=agency, at=at - _SINCE - timedelta(days=7))
    sign(contract, by=manager, at=at - _SINCE - timedelta(days=3))
    return make_effective(contract, by=manager, at=at - _SINCE)
