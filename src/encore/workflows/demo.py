"""A made-up house's budgets of the year, and what its people laid out over the past weeks."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

from django.db.models import Model

from encore.accounts.models import Organisation, Post, User
from encore.approvals.operations import approve, refuse
from encore.approvals.queries import current
from encore.books import operations, queries
from encore.books.models import BudgetLine, Cost
from encore.books.operations import Budget, Claim, Item
from encore.ledger.late import entered_late
from encore.money import Money
from encore.workflows.operations import submit_cost
from encore.workflows.queries import approval_of

_LINES: Final = (("投诉处理与客户补偿", 36_000), ("员工培训", 24_000), ("设备与物料", 18_000), ("满意度调查", 8_000))

# The place of its budget line, what for, what was paid for, and between how many yuan and how many each.
_LAID_OUT: Final = (
    (0, "客人衣物被酒水弄脏，代付干洗", ("干洗费",), (68, 128)),
    (0, "包厢设备故障，给客人补送果盘", ("果盘", "小食拼盘"), (88, 168)),
    (0, "客人滑倒，陪同就医", ("挂号与检查", "出租车"), (150, 480)),
    (0, "退还多收的酒水款，现金垫付", ("退款差额",), (120, 388)),
    (1, "促销员酒水知识培训，场地与茶歇", ("培训场地", "茶歇", "讲义打印"), (200, 900)),
    (1, "服务礼仪外训，两人报名费", ("报名费",), (600, 1200)),
    (2, "麦克风海绵套与消毒用品", ("海绵套", "消毒液"), (60, 260)),
    (2, "更换破损酒杯", ("酒杯一箱",), (180, 420)),
    (2, "冰桶与夹子补货", ("冰桶", "冰夹"), (90, 300)),
    (3, "第三季度满意度问卷奖品", ("定制钥匙扣", "快递费"), (150, 520)),
)


@entered_late("demonstration")
def keep_books(organisation: Organisation, at: datetime, complaints: tuple[Model, ...] = ()) -> None:
    """Through the operations, as it might have gone up to `at`. `complaints`: what some of the money was spent on."""
    chance = Random(20_260)  # noqa: S311 - a demonstration is no secret
    staff = User.objects.filter(organisation=organisation, is_active=True).select_related("organisation").order_by("pk")
    people = {Post(person.post): person for person in staff}
    today = queries.day_of(at)
    begun = at - timedelta(days=75)
    year = queries.day_of(begun).replace(month=1, day=1), today.replace(month=12, day=31)
    lines = [
        operations.set_budget(
            Budget(name, Money(Decimal(yuan)), *year), by=people[Post.FINANCE], at=begun + timedelta(minutes=place)
        )
        for place, (name, yuan) in enumerate(_LINES)
    ]
    askers = [people[post] for post in (Post.CUSTOMER_SERVICE, Post.MARKETING, Post.PROMOTION, Post.HUMAN_RESOURCES)]
    months: set[date] = set()
    for number in range(26):
        submitted = begun + timedelta(days=1 + number * 2.8, hours=chance.uniform(0, 6))
        place, purpose, things, between = chance.choice(_LAID_OUT)
        claim = _claim(chance, lines[place], purpose, things, between, queries.day_of(submitted))
        if place == 0 and complaints and chance.random() < 0.6:
            claim = replace(claim, about=chance.choice(complaints))
        cost = submit_cost(claim, by=chance.choice(askers), at=submitted)
        if number < 24 and (paid := _decide(chance, cost, people, submitted, at)):  # the latest wait to be decided on
            months.add(queries.first_of(paid))
    for month in sorted(months):
        if month < queries.first_of(today - timedelta(days=today.day)):  # the month before this one waits to be closed
            operations.close_period(month, by=people[Post.FINANCE], at=at - timedelta(minutes=30))


def _claim(
    chance: Random, line: BudgetLine, purpose: str, things: tuple[str, ...], between: tuple[int, int], day: date
) -> Claim:
    items = [
        Item(
            day - timedelta(days=chance.randint(0, 3)),
            thing,
            Money(Decimal(chance.randint(between[0] * 10, between[1] * 10)) / 10),
            "".join(chance.choices("0123456789", k=20)),
        )
        for thing in things
    ]
    return Claim(line, purpose, items, UUID(int=chance.getrandbits(128)).hex, len(items))


def _decide(chance: Random, cost: Cost, people: dict[Post, User], submitted: datetime, until: datetime) -> date | None:
    """Approved and paid, as a rule; the day of the payment, where it was paid."""
    decided = submitted + timedelta(days=chance.uniform(0.2, 2.5))
    if decided > until:
        return None
    approval = approval_of(cost)
    assert approval is not None
    while (turn := current(approval)) is not None:
        by = people[Post(approval.waits_post)]
        if chance.random() < 0.1:
            refuse(approval, step=turn.pk, words="请补开发票后重新填单", by=by, at=decided)
            return None
        approval = approve(approval, step=turn.pk, words="", by=by, at=decided)
    paid = decided + timedelta(days=chance.uniform(1, 6))
    if paid > until:
        return None
    operations.pay_cost(cost, day=queries.day_of(paid), by=people[Post.FINANCE], at=paid)
    return queries.day_of(paid)
