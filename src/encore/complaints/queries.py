import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from encore.accounts.models import DEPARTMENTS, Department, Post, Role, User
from encore.accounts.queries import people_of
from encore.accounts.rights import NotYours, may
from encore.complaints import course
from encore.complaints.models import Complaint, Statement
from encore.contracts import queries as contracts
from encore.contracts.models import Contract
from encore.engine import Edition, Terms
from encore.engine.model import Severity, Stage
from encore.ledger.models import Clock
from encore.ledger.queries import Entry
from encore.search.register import Searched


def visible_to(user: User) -> QuerySet[Complaint]:
    """The complaints under contracts to which this person's organisation is a party: both have their steps to take."""
    party = Q(contract__venue=user.organisation_id) | Q(contract__agency=user.organisation_id)
    return Complaint.objects.filter(party).select_related("contract__venue", "contract__agency")


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


# What somebody may give a guest on their own, by post; above it, somebody else approves.
_OWN: Final[Mapping[str, Decimal]] = {Post.CUSTOMER_SERVICE: Decimal(300), Post.PROMOTION: Decimal(300)}


def own_limit(user: User) -> Decimal:
    return Decimal("Infinity") if user.post == Post.MANAGER else _OWN.get(user.post, Decimal(0))


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
    return list(rows if reader else rows.filter(kind__in=Statement.TO_GUEST))


def on_duty(contract: Contract, in_force: Terms) -> QuerySet[User]:
    """Who answers for a new complaint until somebody takes it up, the next one first: those of the department that takes
    complaints in, each in turn, and where nobody works there the managers of its party.
    """
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
    return people.order_by(is_above, latest.asc(nulls_first=True), "pk")


class Burning(NamedTuple):
    """A clock that runs on a complaint, with what a list tells of the two."""

    clock: Clock
    complaint: Complaint
    edition: Edition


def burning(user: User) -> QuerySet[Clock]:
    """The clocks that run on complaints which this person may see."""
    own = Complaint.objects.filter(contract__in=contracts.visible_to(user)).values("pk")
    return Clock.objects.filter(noun="complaint", is_ended=False, noun_id__in=own)


def with_complaints(user: User, editions: Mapping[int, Edition], clocks: Iterable[Clock]) -> list[Burning]:
    clocks = list(clocks)
    complaints = visible_to(user).in_bulk({clock.noun_id for clock in clocks})
    return [Burning(clock, complaints[clock.noun_id], editions[clock.contract]) for clock in clocks]


def answering(words: str) -> Q:
    """The complaints that have these words in them, that room, or that number."""
    found = Q(text__icontains=words) | Q(room__icontains=words)
    number = _NUMBER.fullmatch(words)
    return found | Q(pk=int(number[1])) if number else found


_NUMBER: Final = re.compile(r"(?:C-[0-9]{2}-)?([0-9]{1,18})", re.IGNORECASE | re.ASCII)


def keys_taken(keys: Iterable[str]) -> set[str]:
    """Of these form keys, those that a complaint has already been taken by."""
    return set(Complaint.objects.filter(form_key__in=list(keys)).values_list("form_key", flat=True))
