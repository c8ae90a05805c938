"""What is done about a complaint between its assessment and its result."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import course
from encore.complaints.models import Complaint, Statement
from encore.complaints.operations.letters import write
from encore.complaints.operations.steps import handled, say, took
from encore.ledger.record import operation
from encore.ledger.refusal import Refusal


class CannotContact(Refusal):
    pass


class CannotReply(Refusal):
    pass


class CannotSendProgress(Refusal):
    pass


class CannotPlan(Refusal):
    pass


class CannotApprove(Refusal):
    pass


class CannotStart(Refusal):
    pass


class CannotMediate(Refusal):
    pass


class CannotStartEmergency(Refusal):
    pass


class CannotResolve(Refusal):
    pass


OUTCOMES: Final = {
    "agreed": _("both sides agree"),
    "not_agreed": _("no agreement"),
}
# What the emergency procedure begins with; who starts it says which of these are done.
EMERGENCY: Final = {
    "care": _("the hurt are looked after, an ambulance (120) is called where needed"),
    "police": _("the police (110) are called where there is violence or a crime"),
    "minor": _("somebody under eighteen is taken out of the room and their family told"),
    "recordings": _("the recordings of the cameras are kept, with an order to whoever runs them"),
    "witnesses": _("who saw it is written down"),
    "manager": _("the manager on duty is there"),
}


@operation
def contact(complaint: Complaint, *, words: str, channel: str, by: User, at: datetime) -> Complaint:
    """Notes a talk with the guest: what was said, and what they ask for."""
    complaint = handled(complaint, by)
    if not words:
        raise CannotContact(_("Write down what was said."))
    say(complaint, Statement.Kind.CONTACT, "complaint.contacted", words, by, at, channel)
    return took(complaint, "complaint.contacted", by=by, at=at, data={"channel": channel})


@operation
def reply(complaint: Complaint, *, words: str, channel: str, by: User, at: datetime) -> Complaint:
    """The first answer in the matter itself."""
    complaint = handled(complaint, by)
    if complaint.replied_at is not None:
        raise CannotReply(_("The guest has been replied to. Tell them of the progress instead."))
    if not words:
        raise CannotReply(_("Write down what the guest is told."))
    say(complaint, Statement.Kind.REPLY, "complaint.replied", words, by, at, channel)
    write(complaint, "complaint-progress", by=by, at=at, key=f"reply-{at:%y%m%d%H%M%S}", channel=channel)
    return took(complaint, "complaint.replied", by=by, at=at, data={"channel": channel})


@operation
def send_progress(complaint: Complaint, *, words: str, channel: str, by: User, at: datetime) -> Complaint:
    """Tells the guest how far it is, while it is open; as often as the contract wants it."""
    complaint = handled(complaint, by)
    if complaint.resolved_at is not None:
        raise CannotSendProgress(_("The handling is finished: send the result."))
    if not words:
        raise CannotSendProgress(_("Write down what the guest is told."))
    say(complaint, Statement.Kind.PROGRESS, "complaint.progress_sent", words, by, at, channel)
    write(complaint, "complaint-progress", by=by, at=at, key=f"progress-{at:%y%m%d%H%M%S}", channel=channel)
    return took(complaint, "complaint.progress_sent", by=by, at=at, data={"channel": channel})


@operation
def start_emergency(complaint: Complaint, *, done: Collection[str], by: User, at: datetime) -> Complaint:
    """Starts the emergency procedure. `done`: which points of `EMERGENCY` have been seen to."""
    complaint = handled(complaint, by)
    if complaint.emergency_at is not None:
        raise CannotStartEmergency(_("The emergency procedure has been started already."))
    if unknown := set(done) - EMERGENCY.keys():
        raise CannotStartEmergency(_("Not on the list: %(points)s.") % {"points": ", ".join(sorted(unknown))})
    points = [str(label) for key, label in EMERGENCY.items() if key in done]
    say(complaint, Statement.Kind.REASON, "complaint.emergency_started", "\n".join(points), by, at)
    return took(complaint, "complaint.emergency_started", by=by, at=at)


@operation
def plan(complaint: Complaint, *, plan: str, by: User, at: datetime) -> Complaint:
    """Once for each assessment: a new one asks for a new plan."""
    complaint = handled(complaint, by)
    if not complaint.awaits_plan:
        raise CannotPlan(_("A plan is made once for each assessment."))
    if complaint.assessed_at is not None and at < complaint.assessed_at:
        raise CannotPlan(_("That is before it was assessed."))
    return took(
        complaint,
        "complaint.planned",
        by=by,
        at=at,
        columns={"plan": plan, **dict.fromkeys(course.RENEWS["complaint.planned"])},
    )


@operation
def approve_plan(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    complaint = handled(complaint, by)
    if not complaint.awaits_approval:
        raise CannotApprove(_("There is no plan that waits for approval."))
    return took(complaint, "complaint.plan_approved", by=by, at=at)


@operation
def start(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    complaint = handled(complaint, by)
    if not complaint.awaits_start:
        raise CannotStart(_("Execution starts once, after there is a plan."))
    return took(complaint, "complaint.started", by=by, at=at)


@operation
def mediate(
    complaint: Complaint, *, guest_side: str, house_side: str, outcome: str, words: str, by: User, at: datetime
) -> Complaint:
    """Both sides were heard. `outcome`: a key of `OUTCOMES`, `words` what was agreed on, or what stands between them."""
    complaint = handled(complaint, by)
    if complaint.resolved_at is not None:
        raise CannotMediate(_("The handling is finished."))
    if not guest_side or not house_side:
        raise CannotMediate(_("Both sides are heard: write down what each of them said."))
    if outcome not in OUTCOMES:
        raise CannotMediate(_("Say whether both sides agree."))
    say(complaint, Statement.Kind.GUEST_SIDE, "complaint.mediated", guest_side, by, at)
    say(complaint, Statement.Kind.HOUSE_SIDE, "complaint.mediated", house_side, by, at)
    say(complaint, Statement.Kind.OUTCOME, "complaint.mediated", words, by, at)
    return took(complaint, "complaint.mediated", by=by, at=at, data={"outcome": outcome})


@operation
def resolve(
    complaint: Complaint,
    *,
    by: User,
    at: datetime,
    remedy: str = "",
    amount: Decimal | None = None,
    laid_out: bool = False,
    grounds: str = "",
) -> Complaint:
    """What was planned is done. `remedy`: a key of the edition, `amount` what it cost; `laid_out`: somebody paid it out of their
    own pocket and is to get it back. `grounds`: the evidence that the decision rests on, or why there is none.
    """
    complaint = handled(complaint, by)
    if not complaint.awaits_resolution:
        raise CannotResolve(_("This complaint has been resolved already, or is closed."))
    if amount is not None and amount <= 0:
        raise CannotResolve(_("An amount is more than nothing."))
    data: dict[str, Any] = {"channel": complaint.channel}
    if remedy:
        data["remedy"] = remedy
    if amount is not None:
        data |= {"amount": f"{amount:.2f}", "currency": complaint.contract.currency}
    if laid_out:
        data["costs"] = True
    say(complaint, Statement.Kind.REASON, "complaint.resolved", grounds, by, at)
    return took(complaint, "complaint.resolved", by=by, at=at, data=data)
