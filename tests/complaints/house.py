"""A venue and its agency under an edition that comes with the product, with a complaint brought as far as a test wants it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils.timezone import localtime

from encore.accounts.models import Organisation, User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.contracts.queries import edition_of
from encore.engine import Edition
from encore.ledger.models import Clock
from tests.cast import CHINA, HOUR, RECEIVED, agreed, complain, recording_at
from tests.clauses import content

SECOND = timedelta(seconds=1)
ENDING = ("resolve", "send_result", "follow_up", "archive")
# The steps in the order in which the stages of each edition follow one another.
STEPS = {
    "A": ("assess", "verify", "plan", "start", *ENDING),
    "B": ("verify", "assess", "plan", "start", *ENDING),
    "C": ("assess", "verify", "plan", "reply", *ENDING),
}


@dataclass(frozen=True)
class House:
    """A venue and its agency under an edition that comes with the product."""

    contract: Contract
    manager: User
    steps: tuple[str, ...]

    @property
    def edition(self) -> Edition:
        return edition_of(self.contract)

    def more(self, step: str) -> dict[str, Any]:
        """What a step asks for besides being taken: the first level and category of the edition, or words."""
        match step:
            case "assess":
                return {name: next(iter(self.edition.vocabulary[name])) for name in ("severity", "category")}
            case "plan":
                return {"plan": "退还多收的钱，当面致歉。"}
            case "resolve":
                return {"grounds": "账单和监控都看过。"}
            case "reply":
                return {"words": "已经在查了。", "channel": "phone"}
            case "send_result":
                return {
                    "measures": "核对账单。",
                    "result": "多收的钱已经退回。",
                    "improvement": "账单两人核对。",
                    "channel": "web",
                }
            case "contact":
                return {"words": "客人要求退钱，并当面致歉。", "channel": "phone"}
        return {}

    def told(self, channel: str = "web", by: User | None = None, recorded_at: datetime | None = None) -> Complaint:
        told = operations.Told("账单多算了一打。", uuid4().hex, "B08")
        more = {"contract": self.contract, "channel": channel, "by": by, "recorded_at": recorded_at}
        with recording_at(recorded_at or RECEIVED):
            return operations.receive(told, at=RECEIVED, **more)  # type: ignore[arg-type]

    def taken(self, complaint: Complaint, *steps: str, **more: Any) -> Complaint:
        """With these steps taken, one an hour. `more`: what is filled in instead of the first of each."""
        for hours, step in enumerate(steps, 1):
            filled = {name: more.get(name, value) for name, value in self.more(step).items()}
            at = RECEIVED + hours * HOUR
            with recording_at(at):
                getattr(operations, step)(complaint, **filled, by=self.manager, at=at)
        complaint.refresh_from_db()
        return complaint

    def take(self, complaint: Complaint, step: str, at: datetime) -> None:
        getattr(operations, step)(complaint, **self.more(step), by=self.manager, at=at)

    def walked(self, before: str) -> Complaint:
        """A complaint with the steps before this one taken, one an hour."""
        complaint = complain(self.contract)
        for hours, step in enumerate(self.steps[: self.steps.index(before)], 1):
            self.take(complaint, step, RECEIVED + hours * HOUR)
        return complaint


def house(letter: str, zhou: User, agency: Organisation) -> House:
    return House(agreed(content(letter), zhou, agency), zhou, STEPS[letter])


def clock(complaint: Complaint, duty: str) -> Clock:
    return Clock.objects.filter(noun="complaint", noun_id=complaint.pk, duty=duty).latest("pk")


def china(*when: int) -> datetime:
    return datetime(*when, tzinfo=CHINA)  # type: ignore[arg-type, misc]


def sent(desk: Client, complaint: Complaint, act: str, at: datetime | None = None, **fields: Any) -> Any:
    """What came of sending the form of an act, which happened at that very second; left out, just now."""
    when = {"occurred_at": f"{localtime(at):%Y-%m-%d %H:%M:%S}", "late_reason": "on_paper"} if at else {}
    address = f"/complaints/{complaint.reference}/{act}/"
    if at is None:
        return desk.post(address, fields)
    with recording_at(at):
        return desk.post(address, {**fields, **when})


def page_of(desk: Client, complaint: Complaint, **asked: str) -> str:
    return desk.get(f"/complaints/{complaint.reference}/", asked).content.decode()


def tones(page: str, number: str, label: str) -> list[str]:
    """How the clocks of a duty look on a page: `kept`, `missed`, `overdue` and the like, each with its clause."""
    blocks = [block.partition(">") for block in page.split('<div class="clock clock-')[1:]]
    said = f"第{number}条"
    return [head.split('"')[0] for head, _end, block in blocks if said in block and f"{label}</p>" in block]
