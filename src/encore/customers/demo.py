"""Guests of the made-up venue, who gave their consent over the past weeks; two of them ask something."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from encore.accounts.models import Organisation, Post, User
from encore.customers.models import PrivacyRequest, Purpose
from encore.customers.operations import Consented, Known, receive_request, register, withdraw
from encore.ledger.late import entered_late

_NUMBER: Final = 26
_SINCE: Final = timedelta(days=40)
_NAMES: Final = "王李张刘陈杨赵黄周吴徐孙朱胡林郭何高罗郑梁谢宋唐许邓"
_WORDS: Final = (
    "我们只为您同意的用途保留您的联系方式，加密保存，最后一次联系后至多二十四个月；您随时可以撤回、查看、要求删除。"
)


@entered_late("demonstration")
def know_guests(owner: Organisation, until: datetime) -> None:
    """The same every time, telephone numbers among it: nobody calls them, since nothing is sent from a demonstration."""
    chance = Random(20_263)  # noqa: S311 - a demonstration is no secret
    desk = User.objects.filter(organisation=owner, post=Post.CUSTOMER_SERVICE).select_related("organisation").first()
    assert desk is not None
    guests = []
    for name, at in zip(_NAMES, sorted(_moments(chance, until)), strict=False):
        purposes = [purpose.value for purpose in Purpose if chance.random() < 0.6] or [Purpose.CARE.value]
        consent = Consented(purposes, _WORDS, chance.choice(("onsite", "phone", "wechat", "paper")))
        known = Known(name + chance.choice(("女士", "先生")), f"1370000{chance.randrange(10_000):04}")
        guests.append(register(known, consent=consent, by=desk, at=at))
    for guest in guests[3:20:8]:
        given = guest.consents.earliest("pk")
        withdraw(guest, purpose=given.purpose, channel="web", by=None, at=until - timedelta(days=1))
    receive_request(guests[2], kind=PrivacyRequest.Kind.ACCESS, channel="web", by=None, at=until - timedelta(hours=20))
    receive_request(guests[7], kind=PrivacyRequest.Kind.ERASE, channel="phone", by=desk, at=until - timedelta(hours=3))


def _moments(chance: Random, until: datetime) -> Iterator[datetime]:
    for _ in range(_NUMBER):
        yield until - timedelta(days=2) - _SINCE * chance.random()
