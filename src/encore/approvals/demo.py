"""What people of a made-up house have asked for, and what became of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Model

from encore.accounts.models import Organisation, Post, User
from encore.approvals import drafts, operations, queries
from encore.approvals.models import Approval, Kind
from encore.ledger.late import entered_late

_TIERS: Final = (
    (Decimal("500.00"), (Post.MARKETING,)),
    (Decimal("5000.00"), (Post.FINANCE,)),
    (None, (Post.FINANCE, Post.MANAGER)),
)

# How many hours ago, who asks, what kind, what for, how much, whether it is about a complaint, and what became of it.
_ASKED: Final = (
    (410, Post.CUSTOMER_SERVICE, Kind.COMPENSATION, "客人衣物被酒水弄脏，赔付干洗费", "128.00", True, ("approve",)),
    (
        360,
        Post.PROMOTION,
        Kind.CAMPAIGN,
        "周年庆买一送一：海报、赠饮与抽奖奖品",
        "8600.00",
        False,
        ("approve", "approve"),
    ),
    (290, Post.CUSTOMER_SERVICE, Kind.COMPENSATION, "包厢设备故障，退还两小时房费", "376.00", True, ("approve",)),
    (240, Post.MARKETING, Kind.COST, "满意度调查礼品，定制钥匙扣 200 个", "1240.00", False, ("approve",)),
    (190, Post.CUSTOMER_SERVICE, Kind.COMPENSATION, "客人要求全额免单", "3260.00", True, ("refuse",)),
    (
        150,
        Post.HUMAN_RESOURCES,
        Kind.INCENTIVE,
        "第三季度优秀促销员奖金，共三人",
        "4500.00",
        False,
        ("delegate", "approve"),
    ),
    (96, Post.PROMOTION, Kind.OTHER, "换一台点歌机，旧的已修三次", "6800.00", False, ("withdraw",)),
    (60, Post.PROMOTION, Kind.CAMPAIGN, "圣诞主题夜：布置与主持", "12800.00", False, ("approve",)),
    (31, Post.CUSTOMER_SERVICE, Kind.COMPENSATION, "客人滑倒就医，挂号、检查与交通费", "1480.00", True, ("add",)),
    (9, Post.CUSTOMER_SERVICE, Kind.COMPENSATION, "账单多记两打酒，差价与致歉房费券", "888.00", True, ()),
    (4, Post.MARKETING, Kind.COST, "回访电话套餐续费", "560.00", False, ()),
    (2, Post.HUMAN_RESOURCES, Kind.COST, "促销员换季工服 14 套", "5320.00", False, ()),
)


@entered_late("demonstration")
def decide(organisation: Organisation, at: datetime, complaints: Sequence[Model] = ()) -> None:
    """Through the operations, as it might have gone up to `at`. `complaints`: what some of it is about."""
    staff = (
        User.objects.filter(organisation=organisation, is_active=True).select_related("organisation").order_by("-pk")
    )
    people = {Post(person.post): person for person in staff}
    for kind in (Kind.COST, Kind.COMPENSATION):
        drafts.set_tiers(kind, _TIERS, by=people[Post.MANAGER])
    about = iter(complaints)
    for number, (hours, post, kind, words, amount, is_about, acts) in enumerate(_ASKED):
        asked = at - timedelta(hours=hours)
        approval = operations.request(
            subject=next(about, None) if is_about else None,
            kind=kind,
            words=words,
            form_key=UUID(int=number + 1).hex,
            amount=Decimal(amount),
            beneficiary=None,
            copies=[people[Post.PROMOTION]] if number % 3 == 0 else [],
            by=people[post],
            at=asked,
        )
        for place, act in enumerate(acts, 1):
            _act(act, approval, people, asked + timedelta(hours=1.4 * place))
    away = at.date() + timedelta(days=6)
    drafts.set_absence(people[Post.MARKETING], away, away + timedelta(days=4), by=people[Post.FINANCE])


def _act(act: str, approval: Approval, people: dict[Post, User], at: datetime) -> None:
    approval.refresh_from_db()
    turn = queries.current(approval)
    assert turn is not None
    by = approval.waits_person or people[Post(approval.waits_post)]
    match act:
        case "approve":
            operations.approve(approval, step=turn.pk, words="同意。" if turn.pk % 2 else "", by=by, at=at)
        case "refuse":
            words = "按处理方案只退问题酒水的差价，不同意全额免单。"
            operations.refuse(approval, step=turn.pk, words=words, by=by, at=at)
        case "delegate":
            operations.delegate(approval, step=turn.pk, to=people[Post.MANAGER], by=by, at=at)
        case "add":
            operations.add(approval, step=turn.pk, to=people[Post.MANAGER], is_before=True, by=by, at=at)
        case "withdraw":
            operations.withdraw(approval, by=approval.requested_by, at=at)
