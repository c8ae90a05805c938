"""Verifying a complaint, grading it, and who answers for it."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import queries, scoring
from encore.complaints.models import Complaint, Concern, Regrading, Statement
from encore.complaints.operations.steps import handled, refuse_the_concerned, say, took
from encore.contracts.queries import edition_of
from encore.engine import Edition
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotTakeUp(Refusal):
    pass


class CannotVerify(Refusal):
    pass


class CannotAssess(Refusal):
    pass


class CannotAssign(Refusal):
    pass


class CannotName(Refusal):
    pass


@operation
def take_up(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    """From now on it is this person who answers for the complaint, unless somebody does already."""
    complaint = handled(complaint, by)
    if not complaint.awaits_taking_up:
        raise CannotTakeUp(_("This complaint has already been taken up."))
    return took(complaint, "complaint.taken_up", by=by, at=at, columns={"responsible": by})


@operation
def verify(complaint: Complaint, *, by: User, at: datetime, finding: str = "") -> Complaint:
    """`finding`: what the verification found."""
    complaint = handled(complaint, by)
    if not complaint.awaits_verification:
        raise CannotVerify(_("This complaint has already been verified."))
    say(complaint, Statement.Kind.VERIFIED, "complaint.verified", finding, by, at)
    return took(complaint, "complaint.verified", by=by, at=at)


@operation
def assess(
    complaint: Complaint,
    *,
    severity: str,
    category: str,
    by: User,
    at: datetime,
    cause: str = "",
    score: int | None = None,
    reason: str = "",
) -> Complaint:
    """Gives it its classes, keys of the edition that governs the contract. `score` is what the table of points came to.

    Once it has them, a higher level takes a reason, and a lower one a second person: see `ask_lower`.
    """
    complaint = handled(complaint, by)
    if complaint.resolved_at is not None:
        raise CannotAssess(_("The handling is finished."))
    edition = edition_of(complaint.contract)
    _refuse_unknown(edition, severity=severity, category=category, cause=cause)
    if complaint.assessed_at is not None:
        if not reason:
            raise CannotAssess(_("Say why the assessment changes."))
        if queries.rank(edition, severity) < queries.rank(edition, complaint.severity):
            raise CannotAssess(_("A lower level takes a second person: ask for it."))
    say(complaint, Statement.Kind.REASON, "complaint.assessed", reason, by, at)
    return _graded(complaint, edition, severity, category, cause, by, at, score)


@operation
def ask_lower(complaint: Complaint, *, severity: str, reason: str, by: User, at: datetime) -> Regrading:
    """Asks for a lower level. Until somebody else agrees, the present one holds, with its deadlines."""
    complaint = handled(complaint, by)
    edition = edition_of(complaint.contract)
    _refuse_unknown(edition, severity=severity)
    if complaint.resolved_at is not None:
        raise CannotAssess(_("The handling is finished."))
    if complaint.assessed_at is None or queries.rank(edition, severity) >= queries.rank(edition, complaint.severity):
        raise CannotAssess(_("Only a lower level than the present one is asked for."))
    if complaint.regradings.filter(decided_at__isnull=True).exists():
        raise CannotAssess(_("A lower level has been asked for already."))
    asked: Regrading = complaint.regradings.create(severity=severity, reason=reason, by=by, at=at)
    record("complaint.regrading_asked", subject=complaint, actor=by, occurred_at=at, severity=severity)
    return asked


@operation
def decide_lower(asked: Regrading, *, agrees: bool, by: User, at: datetime) -> Complaint:
    """Somebody else than who asked agrees to the lower level, or refuses it."""
    complaint = handled(asked.complaint, by)
    asked = Regrading.objects.select_for_update().get(pk=asked.pk)
    if asked.decided_at is not None:
        raise CannotAssess(_("This has been decided already."))
    if asked.by_id == by.pk:
        raise CannotAssess(_("Somebody else than who asked for it decides."))
    if agrees and (complaint.resolved_at is not None or (complaint.assessed_at and complaint.assessed_at > asked.at)):
        raise CannotAssess(_("It has been assessed anew since, or its handling is finished: refuse this."))
    asked.decided_by, asked.decided_at, asked.is_agreed = by, at, agrees
    asked.save(update_fields=["decided_by", "decided_at", "is_agreed"])
    if not agrees:
        record("complaint.regrading_refused", subject=complaint, actor=by, occurred_at=at, severity=asked.severity)
        return complaint
    edition = edition_of(complaint.contract)
    say(complaint, Statement.Kind.REASON, "complaint.assessed", asked.reason, asked.by, at)
    return _graded(complaint, edition, asked.severity, complaint.category, complaint.cause, by, at, complaint.score)


def _refuse_unknown(edition: Edition, **words: str) -> None:
    for vocabulary, word in words.items():
        if word not in edition.vocabulary[vocabulary] and (word or vocabulary != "cause"):
            raise CannotAssess(_("The contract does not know this level, category or cause."))


def _graded(
    complaint: Complaint,
    edition: Edition,
    severity: str,
    category: str,
    cause: str,
    by: User,
    at: datetime,
    score: int | None,
) -> Complaint:
    data = {"severity": severity, "category": category} | ({"cause": cause} if cause else {})
    columns: dict[str, Any] = {"severity": severity, "category": category, "cause": cause}
    if score is not None:
        columns |= {"score": score, "scoring": scoring.VERSION}
    return took(complaint, "complaint.assessed", by=by, at=at, data=data, columns=columns)


@operation
def assign(
    complaint: Complaint,
    *,
    person: User,
    by: User,
    at: datetime,
    stage: str = "",
    department: str = "",
) -> Complaint:
    """Makes somebody answer for the complaint; for which stage, and for which department, where the edition divides them."""
    complaint = handled(complaint, by)
    parties = (complaint.contract.venue_id, complaint.contract.agency_id)
    if not person.is_active or person.organisation_id not in parties:
        raise CannotAssign(_("Only somebody in a post with one of the parties can answer for it."))
    refuse_the_concerned(complaint, person)
    edition = edition_of(complaint.contract)
    if (stage and stage not in edition.vocabulary["stage"]) or (
        department and department not in edition.vocabulary["department"]
    ):
        raise CannotAssign(_("The contract does not know this stage or this department."))
    given = {"stage": stage, "department": department, "handler": f"person:{person.pk}"}
    return took(
        complaint,
        "complaint.assigned",
        by=by,
        at=at,
        data={name: value for name, value in given.items() if value},
        columns={"responsible": person},
    )


@operation
def name_concerned(complaint: Complaint, *, person: User, by: User, at: datetime) -> Complaint:
    """Says whom the complaint is about: from now on they neither handle it nor see how the guest is reached."""
    complaint = handled(complaint, by)
    if complaint.responsible_id == person.pk:
        raise CannotName(_("This person answers for the complaint. Give it to somebody else first."))
    _concern, is_new = Concern.objects.get_or_create(complaint=complaint, person=person, defaults={"named_at": at})
    if not is_new:
        raise CannotName(_("This person has been named already."))
    record("complaint.concern_named", subject=complaint, refs=[person], actor=by, occurred_at=at)
    return complaint
