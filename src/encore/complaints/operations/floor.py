"""What is solved on the spot: one act by which whoever was told also sees to it, with all the stages that the edition has."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Post, User
from encore.complaints import course, queries, scoring
from encore.complaints.models import Complaint, Remedy, Statement
from encore.complaints.operations.intake import Arrived, take_in
from encore.complaints.operations.remedies import given, offered
from encore.complaints.operations.steps import CannotSkip, say, took
from encore.contracts.models import Contract
from encore.contracts.queries import terms_lately
from encore.engine import Edition, Terms
from encore.files.store import Stored
from encore.ledger.record import operation
from encore.ledger.refusal import Refusal
from encore.web.language import reading


class CannotSolve(Refusal):
    """It takes more than whoever was told can do alone. Nothing is recorded; it is taken in as any other."""


# What was told longer ago was not solved on the spot: nobody puts the time of what they did back to where it looks better.
ON_THE_SPOT: Final = timedelta(hours=3)
# What is done besides, in the order in which it comes by itself; the edition's stages may want another.
_STEPS: Final = ("acknowledged", "verified", "assessed", "replied", "planned", "started")
_ENDS: Final = ("resolved", "result_sent")
# These every complaint goes through; the others only where the edition speaks of them.
_ALWAYS: Final = frozenset({"acknowledged", "assessed", "resolved", "result_sent"})


@dataclass(frozen=True)
class Solution:
    """What was done for the guest, and how they took it. `category` and `remedy`: keys of the edition. `is_content`: None where
    they did not say. `traits`: keys of the table of points.
    """

    category: str
    measures: str
    remedy: str = ""
    amount: Decimal | None = None
    improvement: str = ""
    is_content: bool | None = None
    traits: Collection[str] = ()


@operation
def solve(
    arrived: Arrived,
    solution: Solution,
    *,
    contract: Contract,
    by: User,
    at: datetime,
    evidence: Sequence[Stored] = (),
) -> Complaint:
    """Takes a complaint in that was solved where it was told. It was received and taken up as it was told, all else is done at `at`.

    What was given beyond one's own limit is an offer that waits for others: then the complaint stays open until they agree.
    """
    if not timedelta(0) <= at - arrived.at <= ON_THE_SPOT:
        raise CannotSolve(
            _("It was told more than three hours ago: enter it at the desk, with the times of what was done.")
        )
    in_force = terms_lately(contract)
    severity, points = _level(in_force.edition, solution)
    also = ["complaint.taken_up"]
    if by.post == Post.PROMOTER and _is_asked(in_force, "reported"):
        also.append("complaint.reported")  # what a promoter settles reaches those who take reports by the same act
    complaint = take_in(arrived, contract, by, at, evidence, also)
    said = _Said(complaint, solution, severity, points)
    _walk(complaint, in_force, [name for name in _STEPS if _is_asked(in_force, name)], said, by, at)
    remedy = _offered(complaint, solution, by, at)
    if remedy is not None and not remedy.can_be_given:
        return complaint
    if remedy is not None:
        given(remedy, complaint, by, at)
    _walk(complaint, in_force, _ENDS, said, by, at)
    if "complaint.reported" in also:  # who settled it need not be told what came of it
        took(complaint, "complaint.result_sent_promoter", by=by, at=at, data={"form": "oral"})
    if solution.is_content is not None:
        type = "complaint.result_confirmed" if solution.is_content else "complaint.result_rejected"
        took(complaint, type, by=by, at=at, data={"channel": complaint.channel})
    return complaint


def _level(edition: Edition, solution: Solution) -> tuple[str, int]:
    """The lowest level, or the one that the points come to; what alarms, or is of the gravest level, is nobody's alone."""
    if scoring.alarms(solution.traits):
        raise CannotSolve(
            _("This is an emergency: take it in as a complaint, and start the emergency procedure there.")
        )
    points = scoring.score(solution.traits)
    levels = sorted(edition.vocabulary["severity"], key=lambda key: queries.rank(edition, key))
    if not levels or solution.category not in edition.vocabulary["category"]:
        raise CannotSolve(_("The contract does not know this level or category."))
    severity = scoring.level(edition, points) or levels[0]
    if len(levels) > 1 and severity == levels[-1]:
        label = reading(edition.vocabulary["severity"][severity].label)
        raise CannotSolve(
            _("By its points this is “%(level)s”, which is not settled on the spot: take it in as a complaint.")
            % {"level": label}
        )
    return severity, points


def _is_asked(in_force: Terms, name: str) -> bool:
    """Whether the edition has a stage or a duty for it."""
    type = f"complaint.{name}"
    entered = (pattern for stage in course.stages(in_force.edition) for pattern in stage.enters or ())
    owed = (pattern for rule in in_force.rules.values() for pattern in (*rule.when, *rule.done))
    return name in _ALWAYS or any(pattern.event == type for pattern in (*entered, *owed))


@dataclass(frozen=True)
class _Said:
    """What each step records and writes down."""

    complaint: Complaint
    solution: Solution
    severity: str
    points: int

    def data(self, name: str) -> dict[str, Any]:
        channel = {"channel": self.complaint.channel}
        match name:
            case "acknowledged" | "replied":
                return channel
            case "assessed":
                return {"severity": self.severity, "category": self.solution.category}
            case "resolved":
                return channel | self._what_was_given()
            case "result_sent":
                return channel | {"form": "oral"}
        return {}

    def _what_was_given(self) -> dict[str, Any]:
        found: dict[str, Any] = {"remedy": self.solution.remedy} if self.solution.remedy else {}
        if self.solution.amount is not None:
            found |= {"amount": f"{self.solution.amount:.2f}", "currency": self.complaint.contract.currency}
        return found

    def columns(self, name: str) -> Mapping[str, Any]:
        solution = self.solution
        match name:
            case "assessed":
                classes = {"severity": self.severity, "category": solution.category}
                return classes | {"score": self.points, "scoring": scoring.VERSION}
            case "planned":
                return {"plan": solution.measures}
            case "result_sent":
                told = {"measures": solution.measures, "improvement": solution.improvement, "was_told": True}
                return told | {"result": str(_OUTCOMES[solution.is_content])}
        return {}


_OUTCOMES: Final = {
    True: _("Settled on the spot; the guest is content."),
    False: _("Seen to on the spot; the guest is not content."),
    None: _("Seen to on the spot; the guest did not say whether they are content."),
}


def _walk(complaint: Complaint, in_force: Terms, names: Sequence[str], said: _Said, by: User, at: datetime) -> None:
    """Takes these steps in the order that the edition wants; refuses where it wants something that is not among them."""
    left = list(names)
    while left:
        name = next(_possible(complaint, in_force, left, said), "")
        if not name:
            _refuse(complaint, in_force, left[0], said)
        words = said.solution.measures if name == "replied" else ""
        say(complaint, Statement.Kind.REPLY, "complaint.replied", words, by, at, complaint.channel)
        took(complaint, f"complaint.{name}", by=by, at=at, data=said.data(name), columns=said.columns(name))
        left.remove(name)


def _possible(complaint: Complaint, in_force: Terms, names: Sequence[str], said: _Said) -> Iterator[str]:
    for name in names:
        type = f"complaint.{name}"
        if course.lacking(in_force.edition, complaint, type, said.data(name)) is None and not course.premature(
            in_force, complaint, type
        ):
            yield name


def _refuse(complaint: Complaint, in_force: Terms, name: str, said: _Said) -> None:
    stage = course.lacking(in_force.edition, complaint, f"complaint.{name}", said.data(name))
    if stage is not None:
        raise CannotSolve(
            _("The contract wants the stage “%(stage)s” first: take it in as a complaint.")
            % {"stage": reading(stage.label)}
        )
    raise CannotSkip(_("The contract wants something first that nobody does on the spot: take it in as a complaint."))


def _offered(complaint: Complaint, solution: Solution, by: User, at: datetime) -> Remedy | None:
    if solution.remedy:
        return offered(complaint, solution.remedy, solution.measures, solution.amount, by, at)
    if solution.amount is not None:
        raise CannotSolve(_("Say what the guest was given that amount for."))
    return None
