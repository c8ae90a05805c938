"""The made-up people of the demonstration, one in each post of both parties."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from encore.accounts.models import Organisation, Post, Role, User

PEOPLE: Final = (
    ("zhou.min", "周敏", Role.VENUE, Post.MANAGER),
    ("lin.jing", "林静", Role.VENUE, Post.CUSTOMER_SERVICE),
    ("he.wei", "何伟", Role.AGENCY, Post.MANAGER),
    ("tang.yue", "唐悦", Role.AGENCY, Post.MARKETING),
    ("xu.lei", "徐磊", Role.AGENCY, Post.PROMOTION),
    ("su.qing", "苏晴", Role.AGENCY, Post.PROMOTER),
    ("ma.chao", "马超群", Role.VENUE, Post.MARKETING),
    ("qin.lan", "秦岚", Role.VENUE, Post.PROMOTION),
    ("fang.yi", "方怡", Role.VENUE, Post.HUMAN_RESOURCES),
    ("gao.yuan", "高远", Role.VENUE, Post.FINANCE),
    ("shen.qi", "沈琪", Role.AGENCY, Post.CUSTOMER_SERVICE),
    ("bai.lu", "白露", Role.AGENCY, Post.HUMAN_RESOURCES),
    ("cheng.hao", "程昊", Role.AGENCY, Post.FINANCE),
)


def people(organisations: Mapping[Role, Organisation], at: datetime) -> User:
    """Makes them, without passwords, and gives the venue's manager."""
    for username, name, role, post in PEOPLE:
        person = User(
            username=username, name=name, organisation=organisations[role], post=post, entered_at=at, joined_at=at
        )
        person.set_unusable_password()
        person.save()
    return User.objects.get(username=PEOPLE[0][0])


def give_password(password: str) -> None:
    """The same to all of them: it is told to whoever tries the demonstration."""
    for person in User.objects.filter(organisation__is_made_up=True):
        person.set_password(password)
        person.save(update_fields=["password"])
