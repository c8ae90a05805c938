"""A made-up venue and its agency, their contract, and what they have recorded by hand under it."""

from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from django.db.models import Model

from encore.accounts.demo import people
from encore.accounts.models import Organisation, Post, Role, User
from encore.contracts import queries
from encore.contracts.drafts import draw_up
from encore.contracts.models import Contract
from encore.contracts.operations import Told, make_effective, note, sign
from encore.ledger.late import entered_late

_SINCE: Final = timedelta(days=45)


@entered_late("demonstration")
def agree(name: str, edition: bytes, at: datetime) -> Contract:
    """A contract under that edition, in force for a month and a half at `at`."""
    venue = Organisation.objects.create(name="星河里量贩KTV", role=Role.VENUE, is_made_up=True)
    agency = Organisation.objects.create(name="澄酿酒水推广", role=Role.AGENCY, is_made_up=True)
    manager = people({Role.VENUE: venue, Role.AGENCY: agency}, at - _SINCE - timedelta(days=10))
    contract = draw_up(edition, name, {}, venue=venue, agency=agency, at=at - _SINCE - timedelta(days=7))
    sign(contract, by=manager, at=at - _SINCE - timedelta(days=3))
    return make_effective(contract, by=manager, at=at - _SINCE)


# What was done outside of the program: what it is called, on what grounds, and which of it happened how many days ago.
_STORIES: Final = (
    ("第一期培训", "签到表一式两份，存人事部；到场 14 人。", (("training.held", 33),)),
    ("第二期培训", "", (("training.held", 9),)),
    (
        "上月到店客人满意度调查",
        "纸质问卷 86 份，录入表存市场部文件柜。",
        (("survey.opened", 30), ("survey.closed", 16), ("survey.shared", 12), ("improvement.planned", 7)),
    ),
    ("第一季促销员考核", "评分表由双方经理签字。", (("appraisal.completed", 14), ("appraisal.fed_back", 11))),
    ("周年庆买一送一活动", "海报与活动细则见市场部共享盘。", (("campaign.started", 26), ("campaign.ended", 18))),
    ("老客电话关怀", "", (("customer.visited", 20), ("customer.cared_for", 19))),
    ("年度投诉处理经费", "预算表经双方财务核对。", (("budget.set", 38),)),
)


@entered_late("demonstration")
def record_by_hand(contract: Contract, until: datetime) -> None:
    """What of these stories the contract speaks of, and no page of its own records. The same every time."""
    chance = Random(20_260 + contract.pk)  # noqa: S311 - a demonstration is no secret
    edition, spoken = queries.edition_of(contract), queries.spoken_of(contract)
    managers = {one.organisation_id: one for one in User.objects.filter(post=Post.MANAGER).order_by("-pk")}
    for number, (title, words, steps) in enumerate(_STORIES):
        subject: Model | None = None
        for type, days in steps:
            found = spoken.get(type, [])
            if not found or not queries.is_by_hand(type):
                continue
            asked = queries.answers(edition, found)
            wanted = [one.pattern.where for one in found if one.place == "done"] or [()]
            named = wanted[number % len(wanted)]
            data = {
                key: next(value for value in asked[key] if value in allowed) for key, allowed in named if key in asked
            }
            owing = queries.debtors(contract, edition, [one for one in found if one.matches(data)])
            by = managers[owing[0].pk if owing else contract.venue_id]
            told = Told(type, data, UUID(int=chance.getrandbits(128)).hex, "", title=title, words=words)
            subject = note(told, contract=contract, subject=subject, by=by, at=_on(until, days))
            words = ""


def _on(until: datetime, days: int) -> datetime:
    """That many days ago at half past three in the afternoon, in China."""
    return until.replace(hour=7, minute=30, second=0, microsecond=0) - timedelta(days=days)
