"""What lies on whose desk: the queue by the time that is left, the board by stages, a shift, each person's work."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from encore.accounts.models import DEPARTMENTS, Post, Role, User
from encore.accounts.queries import people_of
from encore.accounts.rights import may
from encore.complaints import course, queries
from encore.complaints.models import IS_OPEN, Complaint, Concern, Handover, HandoverNote, Phrase, SavedList, Supervision
from encore.contracts.models import Contract
from encore.engine import Edition
from encore.engine.model import Stage
from encore.ledger.models import Clock
from encore.search.queries import having
from encore.venues import queries as venues
from encore.venues.models import Shift, Venue
from encore.web.tables import MOST_COUNTED

MOST_CARDS: Final = 20  # of a column of the board
MOST_LISTED: Final = 50  # of each list that a shift leaves
_DAY: Final = timedelta(days=1)

Editions = Mapping[int, Edition]


# --- the queue --------------------------------------------------------------------------------------------------------


def running(user: User, contracts: Collection[int]) -> QuerySet[Clock]:
    """The clocks that run on complaints under these contracts of theirs, as far as this person may see them."""
    clocks = Clock.objects.filter(contract__in=contracts, noun="complaint", is_ended=False)
    about = Concern.objects.filter(complaint=OuterRef("noun_id"), person=user)
    others = clocks.exclude(Exists(about))
    if user.post != Post.PROMOTER:
        return others
    return others.filter(noun_id__in=Complaint.objects.filter(reporter=user).values("pk"))


def complaints(user: User, contracts: Collection[int]) -> QuerySet[Complaint]:
    """The same of complaints."""
    rows = queries.open_to(Complaint.objects.filter(contract__in=contracts), user)
    return rows.select_related("responsible")


def waiting(user: User, contracts: Collection[int]) -> QuerySet[Clock]:
    """Of each complaint under these contracts the clock that runs out next."""
    others = Clock.objects.filter(
        contract=OuterRef("contract"), noun="complaint", noun_id=OuterRef("noun_id"), is_ended=False
    )
    sooner = others.filter(Q(due_at__lt=OuterRef("due_at")) | Q(due_at=OuterRef("due_at"), id__lt=OuterRef("id")))
    return running(user, contracts).filter(~Exists(sooner))


class Waiting(NamedTuple):
    """A complaint in the queue: the clock that runs out next, and how many run besides."""

    clock: Clock
    complaint: Complaint
    edition: Edition
    others: int

    @property
    def reference(self) -> str:
        return self.complaint.reference


def with_complaints(user: User, editions: Editions, clocks: Iterable[Clock]) -> list[Waiting]:
    clocks = list(clocks)
    numbers = {clock.noun_id for clock in clocks}
    found = queries.visible_to(user).select_related("responsible").in_bulk(numbers)
    counted = running(user, list(editions)).filter(noun_id__in=numbers).order_by().values_list("noun_id")
    all_of = dict(counted.annotate(number=Count("pk")))
    return [
        Waiting(clock, found[clock.noun_id], editions[clock.contract], all_of.get(clock.noun_id, 1) - 1)
        for clock in clocks
    ]


def every(user: User, editions: Editions) -> QuerySet[Complaint]:
    """All complaints that this person may see; by their owners, so that the latest are found by an index."""
    owners = Contract.objects.filter(pk__in=list(editions)).values_list("venue", flat=True)
    rows = queries.visible_to(user).filter(owner__in=sorted(set(owners)))
    return rows.select_related("responsible")


def answering(words: str, user: User) -> Q:
    """The complaints that have these words, that room or that number in them."""
    return having(words, user, "complaint")


def without_clock() -> Q:
    """The complaints that nothing presses: open, and no clock runs on them."""
    clocks = Clock.objects.filter(
        contract=OuterRef("contract_id"), noun="complaint", noun_id=OuterRef("pk"), is_ended=False
    )
    return IS_OPEN & ~Q(Exists(clocks))


def is_overdue(at: datetime) -> Q:
    return Q(due_at__lt=at) & ~Q(state="suspended")


def is_due_until(at: datetime, until: datetime) -> Q:
    return Q(due_at__gte=at, due_at__lt=until) & ~Q(state="suspended")


def of_department(user: User, editions: Editions) -> Q:
    """What is the turn of this person's department: in a stage that the contract gives to it, or answered for by one of it."""
    posts = [post for post, department in DEPARTMENTS.items() if department == user.department]
    found = Q(responsible__organisation=user.organisation_id, responsible__post__in=posts)
    for contract, edition in editions.items():
        keys = [stage.key for stage in course.stages(edition) if stage.department == user.department]
        if keys and _belongs(edition, user.department, Role(user.organisation.role)):
            found |= Q(contract=contract, stage__in=keys)
    return found & IS_OPEN


def _belongs(edition: Edition, department: str, role: Role) -> bool:
    """Whether a department is of that party; so it is where the edition does not say."""
    roles = {row.key: row.role for row in edition.file.party}
    duties = [duty for duty in edition.duties.values() if duty.post == department]
    owing = {str(roles.get(duty.owed_by or "") or duty.owed_by) for duty in duties}
    return role.value in owing or not owing & {Role.VENUE.value, Role.AGENCY.value}


def count(rows: QuerySet[Clock] | QuerySet[Complaint]) -> int:
    """How many; no further than one more than 1,000."""
    return rows.order_by()[: MOST_COUNTED + 1].count()


def handlers(user: User, contracts: Iterable[Contract]) -> list[User]:
    """Who may answer for complaints under these contracts, one's own people first."""
    found = people_of(party for contract in contracts for party in (contract.venue_id, contract.agency_id))
    people = [one for those in found.values() for one in those if may("complaints.take_up", one)]
    return sorted(people, key=lambda one: (one.organisation_id != user.organisation_id, one.sort_key, one.pk))


def colleagues(user: User) -> list[User]:
    """Those of one's own organisation who may answer for complaints."""
    those = people_of([user.organisation_id]).get(user.organisation_id, [])
    return sorted((one for one in those if may("complaints.take_up", one)), key=lambda one: (one.sort_key, one.pk))


def holders(user: User, work: Collection[int | None]) -> list[User]:
    """Those, and whoever has left or changed the post and still has complaints to answer for."""
    people = colleagues(user)
    known = {one.pk for one in people}
    left = User.objects.filter(organisation=user.organisation_id, pk__in={one for one in work if one} - known)
    return [*people, *left.select_related("organisation").order_by("sort_key", "pk")]


def saved_lists(user: User) -> list[SavedList]:
    return list(SavedList.objects.filter(person=user).order_by("name"))


def phrases(user: User) -> QuerySet[Phrase]:
    return Phrase.objects.filter(owner=user.organisation_id).select_related("by").order_by("use", "title")


def phrases_for(user: User, act: str, fields: Collection[str]) -> dict[str, list[Phrase]]:
    """By the fields of an act's form the phrases that they are offered."""
    uses = {field: _USES[act, field] for field in fields if (act, field) in _USES}
    found: dict[str, list[Phrase]] = {field: [] for field in uses}
    for phrase in phrases(user).filter(use__in=set(uses.values())) if uses else ():
        for field, use in uses.items():
            if use == phrase.use:
                found[field].append(phrase)
    return found


def phrase_filled(user: User, act: str, number: str) -> dict[str, str]:
    """The field that a phrase goes into, with its words; nothing for what is not there."""
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    phrase = phrases(user).filter(pk=int(number)).first() if is_number else None
    uses = {use: field for (name, field), use in _USES.items() if name == act}
    return {uses[phrase.use]: phrase.words} if phrase and phrase.use in uses else {}


_USES: Final[Mapping[tuple[str, str], str]] = {
    ("reply", "words"): Phrase.Use.REPLY,
    ("send-progress", "words"): Phrase.Use.PROGRESS,
    ("plan", "plan"): Phrase.Use.PLAN,
    ("send-result", "measures"): Phrase.Use.MEASURES,
    ("send-result", "result"): Phrase.Use.RESULT,
    ("send-result", "improvement"): Phrase.Use.IMPROVEMENT,
}


# --- the board --------------------------------------------------------------------------------------------------------


class Card(NamedTuple):
    complaint: Complaint
    clock: Clock | None


@dataclass(frozen=True)
class Lane:
    """A stage of the edition, how many open complaints stand in it, and those of them that run out first."""

    stage: Stage | None
    number: int
    cards: list[Card]

    @property
    def key(self) -> str:
        return self.stage.key if self.stage else ""

    @property
    def next(self) -> Clock | None:
        return self.cards[0].clock if self.cards else None


def lanes(user: User, contract: Contract, edition: Edition) -> list[Lane]:
    """The stages in the edition's order; what stands in none of them, as after a change of edition, comes first."""
    clocks = Clock.objects.filter(
        contract=contract.pk, noun="complaint", noun_id=OuterRef("pk"), is_ended=False
    ).order_by("due_at", "id")
    placed = Window(RowNumber(), partition_by="stage", order_by=[F("next_due").asc(nulls_last=True), "pk"])
    rows = (
        complaints(user, [contract.pk])
        .filter(IS_OPEN)
        .annotate(next_due=Subquery(clocks.values("due_at")[:1]))
        .annotate(turn=placed, number=Window(Count("pk"), partition_by="stage"))
        .filter(turn__lte=MOST_CARDS)
        .order_by("stage", "turn")
    )
    by_stage: dict[str, list[Complaint]] = {}
    for row in rows:
        by_stage.setdefault(row.stage, []).append(row)
    first = _next_of(user, [contract.pk], [row.pk for those in by_stage.values() for row in those])
    found = [_lane(stage, by_stage.pop(stage.key, []), first) for stage in course.stages(edition)]
    strays = [row for those in by_stage.values() for row in those]
    return ([_lane(None, strays, first)] if strays else []) + found


def _lane(stage: Stage | None, rows: list[Complaint], first: Mapping[int, Clock]) -> Lane:
    number = sum({row.stage: row.number for row in rows}.values())  # type: ignore[attr-defined]
    return Lane(stage, number, [Card(row, first.get(row.pk)) for row in rows])


# --- days and shifts --------------------------------------------------------------------------------------------------


def houses(user: User) -> list[Venue]:
    return list(venues.visible_to(user).order_by("pk"))


def day_ends(at: datetime, venue: Venue | None) -> datetime:
    """The end of the business day that runs; of the usual one where there is no house yet."""
    venue = venue or Venue()
    return venues.beginning(venues.business_day(at, venue) + _DAY, venue)


@dataclass(frozen=True)
class Watch:
    """The shift that runs, or the last one that did, and the one after it. Without shifts they are business days."""

    name: str
    since: datetime
    next_name: str
    until: datetime  # when the next one ends


def watch(at: datetime, venue: Venue, shifts: Iterable[Shift]) -> Watch:
    spans = _spans(venues.business_day(at, venue), venue, [one for one in shifts if one.is_active])
    place = max(number for number, (since, _until, _name) in enumerate(spans) if since <= at)
    since, _until, name = spans[place]
    _since, until, next_name = spans[place + 1]
    return Watch(name, since, next_name, max(until, at))


def _spans(day: date, venue: Venue, shifts: Collection[Shift]) -> list[tuple[datetime, datetime, str]]:
    """All shifts around a business day, in the order in which they begin. A shift after midnight belongs to the day before."""
    zone = ZoneInfo(venue.zone)
    spans = []
    for one in (day + number * _DAY for number in range(-2, 3)):
        if not shifts:
            spans.append((venues.beginning(one, venue), venues.beginning(one + _DAY, venue), ""))
        for shift in shifts:
            begins = one + (_DAY if shift.starts < venue.day_ends else timedelta())
            ends = begins + (_DAY if shift.ends <= shift.starts else timedelta())
            since, until = (
                datetime.combine(when, clock, zone) for when, clock in ((begins, shift.starts), (ends, shift.ends))
            )
            spans.append((since, until, shift.name))
    return sorted(spans, key=lambda span: (span[0], span[1]))


# --- what a shift leaves ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Left:
    """A list of what a shift leaves: how many there are, and the first of them."""

    number: int
    rows: list[Card]


@dataclass(frozen=True)
class Leaving:
    """What came in the shift, what is due in the next one, what is late, and how many are open in all."""

    came: Left
    due: Left
    late: Left
    left: int


def leaving(user: User, watch: Watch, venue: Venue, contracts: Collection[int], at: datetime) -> Leaving:
    here = _in_house(user, venue, contracts)
    came = here.filter(received_at__gte=watch.since, received_at__lte=at).order_by("-received_at", "-pk")
    clocks = waiting(user, contracts).filter(noun_id__in=here.values("pk")).order_by("due_at", "id")
    due, late = clocks.filter(is_due_until(at, watch.until)), clocks.filter(is_overdue(at))
    first = [list(rows[:MOST_LISTED]) for rows in (due, late)]
    fresh = list(came[:MOST_LISTED])
    numbers = {clock.noun_id for those in first for clock in those}
    found = here.in_bulk(numbers)
    by_number = _next_of(user, contracts, [one.pk for one in fresh])
    return Leaving(
        came=Left(count(came), [Card(one, by_number.get(one.pk)) for one in fresh]),
        due=Left(count(due), [Card(found[clock.noun_id], clock) for clock in first[0]]),
        late=Left(count(late), [Card(found[clock.noun_id], clock) for clock in first[1]]),
        left=count(here.filter(IS_OPEN)),
    )


def _next_of(user: User, contracts: Collection[int], numbers: Collection[int]) -> dict[int, Clock]:
    return {clock.noun_id: clock for clock in waiting(user, contracts).filter(noun_id__in=numbers)}


def _in_house(user: User, venue: Venue, contracts: Collection[int]) -> QuerySet[Complaint]:
    """The complaints of a house; of which nobody knows the room, all of its owner's."""
    here = Q(place__venue=venue) | Q(place=None)
    return complaints(user, contracts).filter(here, owner=venue.owner_id)


def notes(user: User, numbers: Collection[int], since: datetime) -> dict[int, list[HandoverNote]]:
    """What one's own people noted of these complaints since then, by complaint."""
    rows = HandoverNote.objects.filter(complaint__in=numbers, owner=user.organisation_id, at__gte=since)
    found: dict[int, list[HandoverNote]] = {}
    for row in rows.select_related("by").order_by("at", "pk"):
        found.setdefault(row.complaint_id, []).append(row)
    return found


def handovers(user: User, venue: Venue) -> QuerySet[Handover]:
    """The latest shifts of a house that one's own people took over."""
    rows = Handover.objects.filter(venue=venue, owner=user.organisation_id)
    return rows.select_related("by", "giver").order_by("-since")


# --- each person's work -----------------------------------------------------------------------------------------------


class Work(NamedTuple):
    """What somebody answers for: open, due until the end of the day, late, reopened; the latest step of any of it."""

    left: int
    due: int
    late: int
    reopened: int
    last_step_at: datetime | None


NO_WORK: Final = Work(0, 0, 0, 0, None)


def work(
    user: User, contracts: Collection[int], at: datetime, until: datetime, person: User | None = None
) -> dict[int | None, Work]:
    """By person who answers for it, None for what nobody does; of one `person` alone where that is given."""
    clocks = Clock.objects.filter(
        contract=OuterRef("contract_id"), noun="complaint", noun_id=OuterRef("pk"), is_ended=False
    )
    rows = complaints(user, contracts).filter(IS_OPEN)
    rows = rows.filter(responsible=person) if person else rows
    counted = (
        rows.annotate(
            is_late=Exists(clocks.filter(is_overdue(at))), is_due=Exists(clocks.filter(is_due_until(at, until)))
        )
        .order_by()
        .values("responsible")
        .annotate(
            left=Count("pk"),
            due=Count("pk", filter=Q(is_due=True, is_late=False)),
            late=Count("pk", filter=Q(is_late=True)),
            reopened=Count("pk", filter=Q(reopened_at__isnull=False)),
            last=Max("stage_since"),
        )
    )
    return {
        row["responsible"]: Work(row["left"], row["due"], row["late"], row["reopened"], row["last"]) for row in counted
    }


def summed(works: Collection[Work]) -> Work:
    return Work(
        sum(one.left for one in works),
        sum(one.due for one in works),
        sum(one.late for one in works),
        sum(one.reopened for one in works),
        None,
    )


def supervisions(people: Iterable[User]) -> dict[int, Supervision]:
    """For each of these people the last time that somebody went through their work with them."""
    latest = Supervision.objects.filter(person=OuterRef("person")).order_by("-at", "-pk")
    rows = Supervision.objects.filter(person__in=[one.pk for one in people], pk=Subquery(latest.values("pk")[:1]))
    return {row.person_id: row for row in rows.select_related("by")}


def held_by(person: User, user: User) -> QuerySet[Complaint]:
    """The open complaints that somebody answers for, as far as `user` may see them."""
    rows = queries.open_to(Complaint.objects.filter(IS_OPEN, responsible=person), user)
    return rows.select_related("contract").order_by("pk")


def may_take(complaint: Complaint, person: User, concerned: Collection[tuple[int, int]]) -> bool:
    """Whether this person could answer for it: of one of its parties, in a post that handles, and not whom it is about."""
    parties = (complaint.contract.venue_id, complaint.contract.agency_id)
    is_party = person.is_active and person.organisation_id in parties and may("complaints.take_up", person)
    return is_party and (complaint.pk, person.pk) not in concerned
