from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext as _

from encore.accounts.models import DEPARTMENTS, Department, Organisation, Post, Role, User
from encore.accounts.queries import people_of
from encore.accounts.rights import NotYours, Sight, may, sight
from encore.approvals.models import Absence
from encore.channels.models import Message, State
from encore.complaints import course
from encore.complaints.models import Answer, Complaint, Concern, PaperForms, Regrading, Remedy, Statement
from encore.contracts import queries as contracts
from encore.contracts.models import Contract
from encore.customers.queries import phone_digest
from encore.engine import Edition, Terms
from encore.engine.model import Severity, Stage
from encore.files.models import File, Hold
from encore.ledger.models import Clock, Event
from encore.ledger.queries import Entry
from encore.search.register import Searched


def visible_to(user: User) -> QuerySet[Complaint]:
    """The complaints under contracts to which this person's organisation is a party: both have their steps to take.

    Not those that are about this person: they have a page of their own. A promoter sees what they passed on.
    """
    party = Q(contract__venue=user.organisation_id) | Q(contract__agency=user.organisation_id)
    return open_to(Complaint.objects.filter(party), user).select_related("contract__venue", "contract__agency")


def open_to(complaints: QuerySet[Complaint], user: User) -> QuerySet[Complaint]:
    others = complaints.exclude(Exists(Concern.objects.filter(complaint=OuterRef("pk"), person=user)))
    return others.filter(reporter=user) if user.post == Post.PROMOTER else others


def concerns_visible_to(user: User) -> QuerySet[Concern]:
    """Where a complaint is about oneself."""
    return Concern.objects.filter(person=user).select_related("person", "complaint__contract__venue")


SEARCHED: Final = frozenset({"plan", "measures", "result", "improvement"})


def searched(complaint: Complaint) -> Searched:
    """Both parties find it by all that both see of it."""
    return Searched(
        [
            complaint.reference,
            complaint.text,
            complaint.wish,
            complaint.room,
            complaint.plan,
            complaint.measures,
            complaint.result,
            complaint.improvement,
        ],
        (complaint.contract.venue_id, complaint.contract.agency_id),
        at=complaint.received_at,
    )


def responsible(numbers: Collection[int]) -> dict[int, list[User]]:
    """For each complaint who answers for it, and those of the department that its stage is for; the managers of both parties
    where that is nobody.
    """
    complaints = list(Complaint.objects.filter(pk__in=numbers).select_related("contract"))
    parties = {one.pk: (one.contract.venue_id, one.contract.agency_id) for one in complaints}
    people = people_of(organisation for both in parties.values() for organisation in both)
    found: dict[int, list[User]] = {}
    for complaint in complaints:
        those = [one for party in parties[complaint.pk] for one in people.get(party, ())]
        in_force = contracts.terms_lately(complaint.contract)
        stage = in_force.edition.vocabulary["stage"].get(complaint.stage)
        department = stage.department if isinstance(stage, Stage) else None
        owner = departments(complaint.contract, in_force).get(department or "")
        found[complaint.pk] = [
            one
            for one in those
            if complaint.is_open
            and (one.pk == complaint.responsible_id or (one.department == department and one.organisation_id == owner))
        ] or [one for one in those if complaint.is_open and one.post == Post.MANAGER]
    return found


def contract_for(venue: Organisation, at: datetime) -> Contract | None:
    """The contract that a complaint in this house falls under: of those in force the one whose term runs, the latest first."""
    rows = contracts.in_force().filter(venue=venue, effective_at__lte=at)
    return max(rows, key=lambda one: (_runs(one, at), one.effective_at, one.pk), default=None)


def _runs(contract: Contract, at: datetime) -> bool:
    today = localtime(at).date()
    begins, ends = contract.term_from, contract.term_to
    return (begins is None or begins <= today) and (ends is None or today <= ends)


def edition(complaint: Complaint) -> Edition:
    return contracts.edition_of(complaint.contract)


def channel(edition: Edition, via: str) -> str:
    """The edition's key for complaints that come this way (`web`, `phone`, …), or the way itself where it names none."""
    rows = edition.vocabulary["channel"].items()
    return next((key for key, row in rows if getattr(row, "via", None) == via), via)


def is_void(entries: Iterable[Entry]) -> bool:
    """Whether its very receipt was annulled, so that there is nothing to do about it."""
    return not any(entry.type == "complaint.received" and entry.annulled is None for entry in entries)


def rank(edition: Edition, severity: str) -> int:
    """How grave a level is among those of the edition: the higher, the graver. 0 for none."""
    rows = edition.vocabulary["severity"]
    row = rows.get(severity)
    if not isinstance(row, Severity):
        return 0
    return int(row.rank) if row.rank is not None else len(rows) - list(rows).index(severity)


# What somebody may give the guest of one complaint on their own, by post; above it, somebody else approves.
_OWN: Final[Mapping[str, Decimal]] = {
    Post.MANAGER: Decimal(2000),
    Post.CUSTOMER_SERVICE: Decimal(300),
    Post.PROMOTION: Decimal(300),
}


def own_limit(user: User) -> Decimal:
    return _OWN.get(user.post, Decimal(0))


def offered_so_far(complaint: Complaint) -> Decimal:
    """What stands offered or given, by whomever: small amounts one after the other are a large one."""
    whole = Q(complaint=complaint) | Q(complaint__merged_into=complaint)
    standing = Remedy.objects.filter(whole).exclude(state=Remedy.State.REFUSED)
    return standing.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def lower_levels(edition: Edition, severity: str) -> list[str]:
    present = rank(edition, severity)
    return [key for key in edition.vocabulary["severity"] if rank(edition, key) < present]


def undelivered(complaint: Complaint) -> list[Message]:
    """The messages to its guest that did not arrive, or of which nobody knows, unless a later one of the same wording did."""
    rows = Message.objects.filter(noun="complaint", noun_id=complaint.pk, reader_noun="customer").order_by("pk")
    latest = {message.wording: message for message in rows}
    return [message for message in latest.values() if message.state in _LOST]


_LOST: Final = (State.FAILED, State.REFUSED, State.UNCLEAR)


def departments(contract: Contract, in_force: Terms) -> dict[str, int]:
    """The organisation to which each post or department belongs that the contract gives duties to."""
    roles = {row.key: row.role for row in in_force.edition.file.party}
    parties = {Role.VENUE.value: contract.venue_id, Role.AGENCY.value: contract.agency_id}
    found: dict[str, int] = {}
    for rule in in_force.rules.values():
        organisation = parties.get(str(roles.get(rule.owed_by) or rule.owed_by))
        if rule.post and organisation:
            found.setdefault(rule.post, organisation)
    return found


def require_department(complaint: Complaint, type: str, by: User, in_force: Terms) -> None:
    """Refuses an act that the contract gives to another department than this person's.

    Managers may, and so may whoever answers for the complaint: it was given to them.
    """
    if by.post == Post.MANAGER or by.pk == complaint.responsible_id:
        return
    rules = in_force.rules.values()
    named = {rule.post for rule in rules if rule.post in Department and any(one.event == type for one in rule.done)}
    belongs = departments(complaint.contract, in_force)
    if named and not any(by.department == one and by.organisation_id == belongs[one] for one in named):
        labels = ", ".join(str(Department(one).label) for one in sorted(named))
        raise NotYours(_("The contract gives this to: %(departments)s.") % {"departments": labels})


def may_answer_for(complaint: Complaint) -> list[User]:
    """Those of both parties who handle complaints, without the ones whom this one is about."""
    concerned = set(complaint.concerns.values_list("person", flat=True))
    return [one for one in _people(complaint) if may("complaints.take_up", one) and one.pk not in concerned]


def may_be_concerned(complaint: Complaint) -> list[User]:
    return [one for one in _people(complaint) if one.pk != complaint.responsible_id]


def _people(complaint: Complaint) -> list[User]:
    parties = (complaint.contract.venue_id, complaint.contract.agency_id)
    found = people_of(parties)
    return [one for party in parties for one in found.get(party, ())]


def progress_so_far(complaint: Complaint) -> str:
    """What a progress report may begin with: written from the record, for the guest to read."""
    lines = [
        (complaint.taken_up_at, _("We have taken it up.")),
        (complaint.verified_at, _("We have checked what happened.")),
        (complaint.assessed_at, _("We have judged how serious it is.")),
        (complaint.planned_at, _("We have settled what we will do.")),
        (complaint.started_at, _("We are doing it.")),
    ]
    return "\n".join(f"{localtime(at):%m-%d %H:%M} {words}" for at, words in lines if at)


def statements(complaint: Complaint, reader: User | None) -> list[Statement]:
    """What was said in its course; the guest (None) reads what was said to them, and by them."""
    rows = Statement.objects.filter(complaint=complaint).select_related("by").order_by("at", "id")
    if (
        reader is not None and reader.post == Post.PROMOTER
    ):  # reads what was said to them and by them, and no colleague's side
        return list(rows.filter(Q(kind__in=Statement.TO_GUEST | {Statement.Kind.TO_PROMOTER}) | Q(by=reader)))
    return list(rows if reader else rows.filter(kind__in=Statement.TO_GUEST))


def on_duty(contract: Contract, in_force: Terms, at: datetime) -> QuerySet[User]:
    """Who answers for a new complaint until somebody takes it up, the next one first: those of the department that takes
    complaints in, each in turn, and where nobody works there the managers of its party; who is away that day comes last.
    """
    day = localtime(at).date()
    away = Absence.objects.filter(person=OuterRef("pk"), from_day__lte=day, to_day__gte=day)
    first = course.entered_by(in_force.edition, "complaint.received", {})
    department = (first.department if first else None) or Department.CUSTOMER_SERVICE.value
    posts = [post for post, one in DEPARTMENTS.items() if one == department and post != Post.PROMOTER]
    given = Complaint.objects.filter(responsible=OuterRef("pk")).order_by("-received_at", "-id")
    people = User.objects.filter(
        organisation=departments(contract, in_force).get(department, contract.venue_id),
        is_active=True,
        post__in=[*posts, Post.MANAGER],
    )
    latest = Subquery(given.values("received_at")[:1])
    is_above = Case(When(post=Post.MANAGER, then=1), default=0) if Post.MANAGER not in posts else Value(0)
    is_away = Case(When(Exists(away), then=1), default=0)
    return people.order_by(is_away, is_above, latest.asc(nulls_first=True), "pk")


def keys_taken(keys: Iterable[str]) -> set[str]:
    """Of these form keys, those that a complaint has already been taken by."""
    return set(Complaint.objects.filter(form_key__in=list(keys)).values_list("form_key", flat=True))


# --- the page of a complaint ---------------------------------------------------------------------------------------------


class Exhibit(NamedTuple):
    """A file of a complaint, and whether there is a small picture of it."""

    file: File
    has_thumbnail: bool
    is_held: bool


def evidence(complaint: Complaint, reader: User) -> list[Exhibit]:
    """What hangs on a complaint, in one question; whoever asks sees the complaint itself."""
    rows = File.objects.filter(noun="complaint", noun_id=complaint.pk)
    mine = rows.filter(Q(is_own=False) | Q(owner=reader.organisation_id))
    held = Exists(Hold.objects.filter(file=OuterRef("pk"), released_at=None))
    found = list(mine.select_related("uploaded_by").annotate(is_kept=held).order_by("pk"))
    shown = {one.original_id for one in found if one.rendition == "thumbnail"}
    return [
        Exhibit(one, one.pk in shown and not one.is_erased, one.is_kept) for one in found if one.original_id is None
    ]


def concerned(complaint: Complaint) -> list[Concern]:
    return list(complaint.concerns.select_related("person").order_by("pk"))


def remedies(complaint: Complaint) -> list[Remedy]:
    return list(complaint.remedies.select_related("by", "decided_by", "given_by", "approval").order_by("pk"))


IS_ASKED_LOWER: Final = Exists(Regrading.objects.filter(complaint=OuterRef("pk"), decided_at=None))


def asked_lower(complaint: Complaint) -> Regrading | None:
    """The lower level that somebody has asked for and nobody has decided on."""
    return complaint.regradings.filter(decided_at=None).select_related("by").first()


def said_with(concern: Concern) -> list[Statement]:
    """What the person concerned was told, and what they said: not what was told to others, or said by them."""
    theirs = Q(kind=Statement.Kind.TO_CONCERNED, to=concern.person_id) | Q(
        kind__in=(Statement.Kind.PROMOTER, Statement.Kind.APPEAL), by=concern.person_id
    )
    rows = Statement.objects.filter(theirs, complaint=concern.complaint_id)
    return list(rows.select_related("by").order_by("at", "pk"))


def hand_overs(complaint: Complaint, in_force: Terms) -> list[dict[str, str]]:
    """What the contract wants to hear when a stage goes to another department than its own: the fields of `assign`.

    Only where the work that is handed over has begun, and has not been done.
    """
    found: list[dict[str, str]] = []
    for rule in in_force.rules.values():
        for pattern in rule.when:
            if pattern.event != "complaint.assigned" or not pattern.where:
                continue
            is_begun = any(course.is_reached(complaint, one.event) for one in rule.start)
            is_done = any(course.is_reached(complaint, one.event) for one in rule.done)
            if is_begun and not is_done:
                found.append({name: str(values[0]) for name, values in pattern.where})
    return found


# --- the review of the handling --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Review:
    """What a month says about the handling itself."""

    month: date
    received: int
    rated: dict[int, int]  # how many gave so many stars
    rejected: int
    unanswered: int
    reopened: int
    appealed: int
    follow_ups: list[Statement]
    low: list[Complaint]  # rated with one or two stars, with what the guest said of it
    late: list[tuple[Edition, str, int]]  # duties that were missed, and how often


def review(user: User, editions: Mapping[int, Edition], month: date, most: int) -> Review:
    first = make_aware(datetime.combine(month, time.min))
    last = make_aware(datetime.combine((month.replace(day=28) + timedelta(days=4)).replace(day=1), time.min))
    rows = visible_to(user).order_by()
    within = {"gte": first, "lt": last}

    def at(column: str) -> Q:
        return Q(**{f"{column}__{name}": moment for name, moment in within.items()})

    stars = rows.filter(at("rated_at")).values_list("rating").annotate(n=Count("pk"))
    answers = rows.filter(at("answered_at")).values_list("answer").annotate(n=Count("pk"))
    by_answer = dict(answers)
    follow_ups = Statement.objects.filter(at("at"), kind=Statement.Kind.FOLLOW_UP, complaint__in=rows.values("pk"))
    low = rows.filter(at("rated_at"), rating__lte=2)
    own = rows.values("pk")
    missed = (
        Clock.objects.filter(at("due_at"), noun="complaint", noun_id__in=own, state__in=("late", "breached"))
        .values_list("contract", "duty")
        .annotate(n=Count("pk"))
        .order_by("-n", "duty")
    )
    return Review(
        month,
        rows.filter(at("received_at")).count(),
        {number: dict(stars).get(number, 0) for number in range(5, 0, -1)},
        by_answer.get(Answer.REJECTED, 0),
        by_answer.get(Answer.UNANSWERED, 0),
        rows.filter(at("reopened_at")).count(),
        Concern.objects.filter(at("appealed_at"), complaint__in=own).count(),
        list(follow_ups.select_related("complaint", "by").order_by("-at", "-pk")[:most]),
        list(low.order_by("-rated_at", "-pk")[:most]),
        [(editions[contract], duty, n) for contract, duty, n in missed if contract in editions],
    )


# --- how it comes in --------------------------------------------------------------------------------------------------

_ALIKE: Final = timedelta(hours=3)  # within which two complaints from one room may be one matter
_SAME_PERSON: Final = timedelta(days=30)
_NO_ACT: Final = ("complaint.received", "complaint.recorded")


def promoter_channel(in_force: Terms) -> str:
    """The way by which promoters take complaints: that of which the edition's duties of promoters speak, or else what is told
    on the spot.
    """
    ways = in_force.edition.vocabulary["channel"]
    for rule in in_force.rules.values():
        named = [
            dict(one.where) for one in rule.when if rule.post == Post.PROMOTER and one.event == "complaint.received"
        ]
        for key in (key for where in named for key in where.get("channel", ())):
            if key in ways:
                return str(key)
    return channel(in_force.edition, "onsite")


def perhaps_the_same(
    user: User, contract: Contract, *, room: str, at: datetime, phone: str = "", most: int = 5
) -> list[Complaint]:
    """What this person may see of complaints that came from the same room about then, or of the same guest, the latest first.

    Who is not shown how guests are reached is told nothing by a telephone number either.
    """
    alike = Q(pk__in=[])
    if room:
        alike |= Q(room__iexact=room, received_at__range=(at - _ALIKE, at + _ALIKE))
    if phone and sight("complaint.contact", user) == Sight.SHARED:
        digest = phone_digest(phone, contract.venue_id)
        alike |= Q(contact__phone_digest=digest, received_at__gte=at - _SAME_PERSON)
    rows = visible_to(user).filter(alike, contract=contract, withdrawn_at=None, merged_at=None)
    return list(rows.order_by("-received_at", "-pk")[:most])


def untouched(batch: int) -> QuerySet[Complaint]:
    """Of what came with a sheet, the complaints on which nobody has acted."""
    acts = Event.objects.filter(noun="complaint", noun_id=OuterRef("pk"))
    acts = acts.exclude(type__in=_NO_ACT).exclude(type__startswith="duty.")
    return Complaint.objects.filter(~Exists(acts), batch=batch)


def passed_on(user: User) -> QuerySet[Complaint]:
    """What this person passed on, the latest first."""
    rows = (
        open_to(Complaint.objects.all(), user)
        .filter(reporter=user)
        .select_related("contract__venue", "contract__agency")
    )
    return rows.order_by("-received_at", "-pk")


def paper_forms(user: User) -> QuerySet[PaperForms]:
    """Those of the contracts of this person's organisation, the latest first."""
    rows = PaperForms.objects.filter(contract__in=contracts.visible_to(user)).select_related("contract__venue", "by")
    return rows.order_by("-first", "-pk")


def papers_entered(owner: int) -> set[str]:
    """The numbers on paper that have been entered in this house."""
    rows = Complaint.objects.filter(owner=owner).exclude(paper_number="")
    return set(rows.values_list("paper_number", flat=True))


def is_reserved(owner: int, number: int) -> bool:
    return PaperForms.objects.filter(owner=owner, first__lte=number, last__gte=number).exists()
