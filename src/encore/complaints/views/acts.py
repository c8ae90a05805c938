"""What can be done with a complaint on its page: in which order it is offered, and what is due first."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.accounts.rights import NotYours, may
from encore.complaints import course, operations, queries
from encore.complaints.forms import acts as forms
from encore.complaints.models import Complaint
from encore.engine import Edition, Terms
from encore.ledger.models import Clock

HANDLING: Final = _("Handling")
GUEST: Final = _("With the guest")
PROMOTER: Final = _("With the promoters")
ELSE: Final = _("Otherwise")


@dataclass(frozen=True)
class Act:
    """A step that a page offers: its button, what must be filled in, what it does, and the event that tells of it."""

    name: str
    label: str | Promise
    event: str
    form: type[forms.ActForm]
    perform: Callable[..., object]
    is_open: Callable[[Complaint], bool]
    group: str | Promise = HANDLING
    is_step: bool = True  # on the way from receipt to archive; all else is offered, but never as the next thing
    follows: str | Promise = ""  # what follows from it, said before it is done
    fits: Callable[[Complaint, Edition], bool] = lambda complaint, edition: True
    is_ripe: Callable[[Complaint, datetime], bool] = lambda complaint, at: True  # it is too early before


def _act(
    name: str,
    label: str | Promise,
    event: str,
    form: type[forms.ActForm],
    is_open: Callable[[Complaint], bool],
    **more: object,
) -> Act:
    perform = getattr(operations, name.replace("-", "_"))
    return Act(name, label, f"complaint.{event}", form, perform, is_open, **more)  # type: ignore[arg-type]


ACTS: Final[Mapping[str, Act]] = {
    act.name: act
    for act in (
        _act("acknowledge", _("Receipt is acknowledged"), "acknowledged", forms.Channel, lambda c: c.awaits_acknowledgement, group=GUEST),
        _act("take-up", _("Take it up"), "taken_up", forms.Nothing, lambda c: c.awaits_taking_up),
        _act("report", _("Report it"), "reported", forms.Nothing, lambda c: c.is_open and c.reported_at is None, group=PROMOTER, is_step=False),
        _act("verify", _("The facts are verified"), "verified", forms.Finding, lambda c: c.awaits_verification),
        _act("assess", _("Classify and assess"), "assessed", forms.Assessment, lambda c: c.awaits_assessment),
        _act("start-emergency", _("Start the emergency procedure"), "emergency_started", forms.Emergency, lambda c: c.is_open and c.emergency_at is None, is_step=False, follows=_("All evidence is held beyond its time, and the managers of both parties are told.")),
        _act("plan", _("Settle the plan"), "planned", forms.Plan, lambda c: c.awaits_plan),
        _act("offer", _("Offer the guest something"), "remedy_offered", forms.Remedy, lambda c: c.is_open and c.assessed_at is not None, is_step=False, fits=lambda c, edition: bool(edition.vocabulary["remedy_kind"])),
        _act("ask-lower", _("Ask for a lower level"), "regrading_asked", forms.LowerLevel, lambda c: c.is_open and c.assessed_at is not None and c.resolved_at is None, group=ELSE, is_step=False, follows=_("The present level and its deadlines hold until somebody else agrees."), fits=lambda c, edition: bool(queries.lower_levels(edition, c.severity))),
        _act("approve-plan", _("Approve the plan"), "plan_approved", forms.Nothing, lambda c: c.awaits_approval, is_step=False),
        _act("reply", _("Reply to the guest"), "replied", forms.Letter, lambda c: c.is_open and c.replied_at is None and c.resolved_at is None, group=GUEST),
        _act("start", _("Execution starts"), "started", forms.Nothing, lambda c: c.awaits_start),
        _act("mediate", _("Mediate"), "mediated", forms.Mediation, lambda c: c.is_open and c.resolved_at is None, is_step=False),
        _act("resolve", _("Execution is finished"), "resolved", forms.Resolution, lambda c: c.awaits_resolution),
        _act("send-result", _("Send the result"), "result_sent", forms.Result, lambda c: c.awaits_result, group=GUEST),
        _act("ask-confirmation", _("Ask the guest to confirm"), "confirmation_asked", forms.Channel, lambda c: c.awaits_confirmation and c.confirmation_asked_at is None, group=GUEST),
        _act("confirm", _("The guest accepts the result"), "result_confirmed", forms.Channel, lambda c: c.awaits_confirmation, group=GUEST, is_step=False),
        _act("reject", _("The guest rejects the result"), "result_rejected", forms.Rejection, lambda c: c.awaits_confirmation, group=GUEST, is_step=False),
        _act("note-silence", _("The guest did not answer"), "result_unanswered", forms.Nothing, lambda c: c.awaits_confirmation and c.confirmation_asked_at is not None, group=GUEST, is_step=False, follows=_("That is no acceptance. The complaint can be archived, and reopened if the guest comes back."), is_ripe=lambda c, at: c.confirmation_asked_at is not None and at >= c.confirmation_asked_at + operations.TIME_TO_ANSWER),
        _act("follow-up", _("The guest was asked how it is now"), "followed_up", forms.FollowUp, lambda c: c.is_open and c.resolved_at is not None, group=GUEST, is_step=False),
        _act("archive", _("Archive"), "archived", forms.Nothing, lambda c: c.awaits_archiving, follows=_("It is closed: no more reports are owed. It can be reopened.")),
        _act("contact", _("Note a talk with the guest"), "contacted", forms.Talk, lambda c: c.is_open, group=GUEST, is_step=False),
        _act("send-progress", _("Tell the guest how far it is"), "progress_sent", forms.Progress, lambda c: c.is_open and c.resolved_at is None, group=GUEST, is_step=False),
        _act("answer-promoter", _("Answer the promoter who reported it"), "answered_promoter", forms.ToPromoter, lambda c: c.is_open and c.reported_at is not None and c.resolved_at is None, group=PROMOTER, is_step=False),
        _act("tell-promoter", _("Tell the promoter the result"), "result_sent_promoter", forms.ToPromoter, lambda c: c.resolved_at is not None and c.promoter_told_at is None and not c.is_void, group=PROMOTER, is_step=False),
        _act("name-concerned", _("Name whom it is about"), "concern_named", forms.Naming, lambda c: c.is_open, group=PROMOTER, is_step=False),
        _act("assign", _("Give it to somebody"), "assigned", forms.Assignment, lambda c: c.is_open, group=ELSE, is_step=False),
        _act("escalate", _("Hand it upwards"), "escalated", forms.Reason, lambda c: c.is_open, group=ELSE, is_step=False, follows=_("The managers of both parties are told at once. Deadlines stay as they are.")),
        _act("withdraw", _("The guest takes it back"), "withdrawn", forms.Withdrawal, lambda c: c.is_open and c.resolved_at is None, group=ELSE, is_step=False, follows=_("It is closed and its clocks end; what was missed before stays missed. Only an annulment brings it back.")),
        _act("merge", _("Merge it into another"), "merged", forms.Merging, lambda c: c.is_open, group=ELSE, is_step=False, follows=_("This one is closed and its clocks end; the other goes on with its own. The guest's page leads there.")),
        _act("reopen", _("Reopen it"), "reopened", forms.Reason, lambda c: c.can_be_reopened and not c.is_void, group=ELSE, is_step=False, follows=_("What came after the handling began is done again, on new clocks. What was said and recorded stays.")),
    )
}  # fmt: skip
# The same form again, once there is an assessment: a higher level takes a reason, a lower one a second person.
REASSESS: Final = Act(
    "assess",
    _("Assess anew"),
    "complaint.assessed",
    forms.Assessment,
    operations.assess,
    lambda c: c.is_open and c.assessed_at is not None and c.resolved_at is None,
    ELSE,
    is_step=False,
)


@dataclass(frozen=True)
class Offer:
    """An act that a person is offered. `due_at`: when the contract wants it at the latest."""

    act: Act
    due_at: datetime | None


@dataclass(frozen=True)
class Offers:
    """`first`: the one thing to do now, where this person may; `theirs`: it is the turn of others, and whose."""

    first: Offer | None
    others: list[Offer]
    theirs: list[tuple[Act, str]]


def offers(complaint: Complaint, clocks: Iterable[Clock], user: User, in_force: Terms, at: datetime) -> Offers:
    """What is due first comes first; where nothing is, the next step towards the archive."""
    due: dict[str, datetime] = {}
    for clock in clocks:
        rule = in_force.rules.get(clock.duty)
        if clock.is_ended or rule is None:
            continue
        for pattern in rule.done:
            if pattern.event not in due or clock.due_at < due[pattern.event]:
                due[pattern.event] = clock.due_at
    found: list[Offer] = []
    theirs: list[tuple[Act, str]] = []
    for act in (*ACTS.values(), REASSESS):
        if not is_turn(complaint, act, in_force) or not act.is_ripe(complaint, at):
            continue
        reason = refusal(complaint, act, user, in_force)
        if not reason:
            found.append(Offer(act, due.get(act.event)))
        elif act.event in due or act.is_step:
            theirs.append((act, reason))
    late = datetime.max.replace(tzinfo=complaint.received_at.tzinfo)
    urgent = sorted((one for one in found if one.due_at), key=lambda one: one.due_at or late)
    first = next(iter(urgent), None) or next((one for one in found if one.act.is_step), None)
    return Offers(first, [one for one in found if one is not first], theirs)


def is_turn(complaint: Complaint, act: Act, in_force: Terms) -> bool:
    """Whether it can be done now: nothing that the contract puts before it is missing."""
    if not act.is_open(complaint) or not act.fits(complaint, in_force.edition):
        return False
    if course.premature(in_force, complaint, act.event, taken_up=True):
        return False
    return course.lacking(in_force.edition, complaint, act.event, _data(complaint), taken_up=True) is None


def _data(complaint: Complaint) -> dict[str, object]:
    return {"channel": complaint.channel, "severity": complaint.severity, "category": complaint.category}


def refusal(complaint: Complaint, act: Act, user: User, in_force: Terms) -> str:
    """Why this person does not take this step; empty where they may."""
    if not may(f"complaints.{act.perform.__name__}", user):
        return str(_("not for your post"))
    try:
        queries.require_department(complaint, act.event, user, in_force)
    except NotYours as error:
        return str(error)
    return ""
