"""What the promoter concerned is told and may say, and what a promoter who passed a complaint on is answered."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints.models import Complaint, Concern, Statement
from encore.complaints.operations.steps import handled, locked, refuse_the_concerned, say, took
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotAnswerPromoter(Refusal):
    pass


class CannotTell(Refusal):
    pass


class CannotState(Refusal):
    pass


@operation
def answer_promoter(complaint: Complaint, *, words: str, by: User, at: datetime) -> Complaint:
    """Tells the promoter who passed it on how far it is."""
    complaint = handled(complaint, by)
    if complaint.reported_at is None:
        raise CannotAnswerPromoter(_("No promoter has reported this complaint."))
    if not words:
        raise CannotAnswerPromoter(_("Write down what the promoter is told."))
    say(complaint, Statement.Kind.TO_PROMOTER, "complaint.answered_promoter", words, by, at)
    return took(complaint, "complaint.answered_promoter", by=by, at=at)


@operation
def tell_promoter(complaint: Complaint, *, words: str, by: User, at: datetime) -> Complaint:
    """Tells the promoter who passed it on what came of it."""
    complaint = locked(complaint)
    refuse_the_concerned(complaint, by)
    if complaint.resolved_at is None or complaint.promoter_told_at is not None:
        raise CannotAnswerPromoter(_("The promoter is told the result once, after the complaint has been resolved."))
    if not words:
        raise CannotAnswerPromoter(_("Write down what the promoter is told."))
    say(complaint, Statement.Kind.TO_PROMOTER, "complaint.result_sent_promoter", words, by, at)
    return took(complaint, "complaint.result_sent_promoter", by=by, at=at, data={"form": "written"})


@operation
def tell_concerned(concern: Concern, *, by: User, at: datetime, words: str = "") -> Concern:
    """The person whom the complaint is about learns of it, and is asked for their side. `words`: what it is about; never who
    complained.
    """
    complaint, concern = _locked(concern)
    refuse_the_concerned(complaint, by)
    if concern.told_at is not None:
        raise CannotTell(_("This person has been told already."))
    concern.told_at = at
    concern.save(update_fields=["told_at"])
    say(complaint, Statement.Kind.TO_CONCERNED, "complaint.concerned_told", words, by, at, to=concern.person)
    record("complaint.concerned_told", subject=complaint, refs=[concern.person], actor=by, occurred_at=at)
    return concern


@operation
def state(concern: Concern, *, words: str, by: User, at: datetime) -> Concern:
    """Their own side of it, once, in their own words."""
    complaint, concern = _locked(concern)
    if concern.person_id != by.pk or concern.told_at is None:
        raise CannotState(_("Only the person concerned can say this, once they have been told."))
    if concern.stated_at is not None:
        raise CannotState(_("You have given your statement."))
    if not words:
        raise CannotState(_("Write down what you want to say."))
    concern.stated_at = at
    concern.save(update_fields=["stated_at"])
    say(complaint, Statement.Kind.PROMOTER, "complaint.concerned_heard", words, by, at)
    record("complaint.concerned_heard", subject=concern, refs=[complaint], actor=by, occurred_at=at)
    return concern


@operation
def tell_finding(concern: Concern, *, words: str, by: User, at: datetime) -> Concern:
    """They learn what was found and what follows for them."""
    complaint, concern = _locked(concern)
    refuse_the_concerned(complaint, by)
    if complaint.resolved_at is None or concern.result_told_at is not None:
        raise CannotTell(_("The result is told once, after the complaint has been resolved."))
    if concern.told_at is None:
        raise CannotTell(_("Tell this person of the complaint first, and hear their side."))
    if not words:
        raise CannotTell(_("Write down what this person is told."))
    concern.result_told_at = at
    concern.save(update_fields=["result_told_at"])
    say(complaint, Statement.Kind.TO_CONCERNED, "complaint.concerned_result", words, by, at, to=concern.person)
    record("complaint.concerned_result", subject=complaint, refs=[concern.person], actor=by, occurred_at=at)
    return concern


@operation
def appeal(concern: Concern, *, words: str, by: User, at: datetime) -> Concern:
    """They do not accept what was found: a manager looks at it again."""
    complaint, concern = _locked(concern)
    if concern.person_id != by.pk or concern.result_told_at is None:
        raise CannotState(_("Only the person concerned can appeal, once they have been told the result."))
    if concern.appealed_at is not None:
        raise CannotState(_("You have appealed already."))
    if not words:
        raise CannotState(_("Write down what you want to say."))
    concern.appealed_at = at
    concern.save(update_fields=["appealed_at"])
    say(complaint, Statement.Kind.APPEAL, "complaint.concerned_appealed", words, by, at)
    record("complaint.concerned_appealed", subject=concern, refs=[complaint], actor=by, occurred_at=at)
    return concern


def _locked(concern: Concern) -> tuple[Complaint, Concern]:
    complaint = locked(concern.complaint)
    return complaint, Concern.objects.select_related("person").get(pk=concern.pk)
