from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from hashlib import sha256
from time import monotonic
from typing import Final

import orjson
from django.db.models import Min, Model, Q, QuerySet
from django.utils.timezone import localtime

from encore.accounts.models import Organisation, Post, Role, User
from encore.accounts.queries import people_of
from encore.contracts.models import Contract, Draft, Matter, Note
from encore.editions import brought as files
from encore.engine import Edition, Terms, load_edition
from encore.engine.calendar import Calendar, Notice
from encore.engine.compare import Comparison, compare
from encore.engine.events import ANNULLED, CONTRACT_WIDE, EXCUSED, EXTENDED, PUBLISHED
from encore.engine.mentions import Mention, is_sayable, mentions, values_named
from encore.ledger import terms
from encore.ledger.models import Clock, EditionFile, Event, Memory, TermsInForce
from encore.ledger.nouns import NOUNS, Key, by_reference, contract_of
from encore.ledger.recorded import recorded
from encore.search.register import Searched
from encore.web.paging import Place, after
from encore.web.tables import PAGE

_DECEMBER: Final = 12


def visible_to(user: User) -> QuerySet[Contract]:
    """The contracts to which this person's organisation is a party."""
    own = Q(venue=user.organisation_id) | Q(agency=user.organisation_id)
    return Contract.objects.filter(own).select_related("venue", "agency")


def searched(contract: Contract) -> Searched:
    parties = [contract.venue, contract.agency]
    return Searched(
        [contract.reference],
        [party.pk for party in parties],
        names=[party.name for party in parties],
        at=contract.effective_at,
    )


def matter_searched(matter: Matter) -> Searched:
    parties = (matter.contract.venue_id, matter.contract.agency_id)
    return Searched([matter.reference, matter.title], parties, at=matter.opened_at)


def in_force() -> QuerySet[Contract]:
    return Contract.objects.filter(effective_at__isnull=False).select_related("venue", "agency").order_by("pk")


def in_force_of(user: User) -> list[Contract]:
    """The contracts in force to which this person's organisation is a party."""
    return list(visible_to(user).filter(effective_at__isnull=False).order_by("pk"))


def drafts_visible_to(user: User) -> QuerySet[Draft]:
    """The drafts of this person's organisation: the other party sees what is signed."""
    return Draft.objects.filter(owner=user.organisation_id).select_related("owner", "contract")


def begun(user: User) -> QuerySet[Draft]:
    """The drafts of which no contract came yet, the one that was changed last first."""
    return drafts_visible_to(user).filter(contract=None).order_by("-changed_at", "-pk")


def known_parties(user: User) -> dict[int, Organisation]:
    """Those on the other side of this organisation's contracts."""
    found = [contract.other_party(user.organisation) for contract in visible_to(user)]
    return {one.pk: one for one in sorted(found, key=lambda one: one.pk)}


def named(name: str, role: Role) -> Organisation | None:
    """The organisation of that role and of exactly that name; None where there is none, or where it is not one alone."""
    found = list(Organisation.objects.filter(name=name, role=role)[:2])
    return found[0] if len(found) == 1 else None


def has_people(organisation: Organisation) -> bool:
    """Whether anybody of it has come in."""
    return User.objects.filter(organisation=organisation, is_active=True, joined_at__isnull=False).exists()


def is_known_to_others(party: Organisation, user: User) -> bool:
    """Whether it has contracts with anybody but this person's organisation."""
    own = Q(venue=user.organisation_id) | Q(agency=user.organisation_id)
    return Contract.objects.filter(Q(venue=party) | Q(agency=party)).exclude(own).exists()


def kept_editions(user: User) -> list[EditionFile]:
    """The editions that this organisation brought in itself, those that come with the product left out."""
    own = {sha256(content).hexdigest() for _name, content in files()}
    rows = Q(pk__in=visible_to(user).values("edition")) | Q(pk__in=drafts_visible_to(user).values("edition"))
    return list(EditionFile.objects.filter(rows).exclude(pk__in=own).order_by("name", "pk"))


def notices(contract: Contract) -> list[Notice]:
    """The holiday notices that the contract is judged by, besides what the product knows; the latest speaks last."""
    memory = Memory.objects.filter(contract=contract.pk).first()
    return [
        Notice(year, frozenset(map(date.fromisoformat, off)), frozenset(map(date.fromisoformat, work)))
        for year, off, work in (memory.body.get("notices", ()) if memory else ())
    ]


def year_missing(contract: Contract, at: datetime) -> int | None:
    """In December the next year, as long as nobody has told its working days: deadlines that reach into it are provisional."""
    today = localtime(at).date()
    if today.month < _DECEMBER or Calendar(tuple(notices(contract))).is_published(today.year + 1):
        return None
    return today.year + 1


def edition_of(contract: Contract) -> Edition:
    """The edition that governs it now: as the ledger has it, or before it is in force, as it was drawn up."""
    found = terms.terms_of(contract.pk)
    return found.edition if found else terms.edition(contract.edition_id)


def terms_of(contract: Contract) -> Terms:
    """Edition and values that govern it now; before it is in force, those that it was drawn up with."""
    return terms.terms_of(contract.pk) or terms.terms(contract.edition_id, contract.parameters)


_LATELY: Final[dict[tuple[int, str, bytes], tuple[float, Terms]]] = {}
_GOOD_FOR: Final = 5.0  # seconds


def terms_lately(contract: Contract) -> Terms:
    """What governed it a few seconds ago at the earliest: for what a page offers and a form asks, without a question.

    What is owed is judged by the ledger, by the terms of that very moment.
    """
    key = (contract.pk, contract.edition_id, orjson.dumps(contract.parameters, option=orjson.OPT_SORT_KEYS))
    known = _LATELY.get(key)
    if known is None or monotonic() - known[0] > _GOOD_FOR:
        if len(_LATELY) > _MOST_KEPT:
            _LATELY.clear()
        known = _LATELY[key] = (monotonic(), terms_of(contract))
    return known[1]


_MOST_KEPT: Final = 1_000


def amended_at(contract: Contract) -> datetime | None:
    """Since when its present terms hold, where they are not those that it came into force with."""
    versions = terms.versions_of(contract.pk)
    return versions[-1].since if len(versions) > 1 else None


@cache
def brought() -> Mapping[str, Terms]:
    """The editions that come with the product, by their id, with nothing filled in."""
    read = [load_edition(content, name) for name, content in files()]
    return {edition.id: edition.terms() for edition in read}


@lru_cache(maxsize=64)
def compared(left: str, right: str) -> Comparison:
    """Two editions that come with the product. `KeyError` for one that does not."""
    return compare(brought()[left], brought()[right])


def responsible(numbers: Collection[int]) -> dict[int, list[User]]:
    """For each contract the managers of its parties."""
    parties = {row.pk: (row.venue_id, row.agency_id) for row in Contract.objects.filter(pk__in=numbers)}
    people = people_of(organisation for both in parties.values() for organisation in both)
    return {
        number: [one for party in both for one in people.get(party, ()) if one.post == Post.MANAGER]
        for number, both in parties.items()
    }


def editions(user: User) -> dict[int, Edition]:
    """The editions that govern the contracts of this person's organisation, as far as these have come into force."""
    rows = TermsInForce.objects.filter(contract__in=visible_to(user).values("pk")).order_by("since", "id")
    return {row.contract: terms.terms(row.edition_id, row.parameters).edition for row in rows}


# --- by hand -------------------------------------------------------------------------------------------------------------

# What these do to clocks they say in their data, which no pattern names: an agreement, an excuse, a notice, a correction.
_SAYING_MORE: Final = frozenset({EXTENDED, EXCUSED, PUBLISHED, ANNULLED})


def is_by_hand(type: str) -> bool:
    """Whether such an event is recorded by hand, where a contract speaks of it: no operation of the product does."""
    return type not in recorded() and type not in _SAYING_MORE


def spoken_of(contract: Contract) -> dict[str, list[Mention]]:
    """By event type, where the contract speaks of it: as it is in force, and as it was when clocks started that still run."""
    found: dict[str, list[Mention]] = {}
    for row in reversed(terms.versions_of(contract.pk)):
        for mention in mentions(terms.terms(row.edition_id, row.parameters)):
            found.setdefault(mention.pattern.event, []).append(mention)
    return found


def recordable(in_force: Terms) -> Mapping[str, list[Mention]]:
    """By duty, what of it is recorded by hand; duties that the product keeps by its own operations are left out."""
    found: dict[str, list[Mention]] = {}
    for mention in mentions(in_force):
        if is_by_hand(mention.pattern.event):
            found.setdefault(mention.rule.id, []).append(mention)
    return {duty: said for duty, said in found.items() if any(one.place in ("done", "when", "forbid") for one in said)}


def answers(edition: Edition, found: Iterable[Mention]) -> dict[str, list[str | int | bool]]:
    """What a form asks about such an event: for each field that patterns name the values that it may have."""
    asked: dict[str, list[str | int | bool]] = {}
    for key, values in values_named(found).items():
        if not is_sayable(key):
            continue
        if any(isinstance(value, bool) for value in values):
            values = [True, False]
        asked[key] = list(dict.fromkeys([*edition.vocabulary.get(key, ()), *values]))
    return asked


def debtors(contract: Contract, edition: Edition, found: Iterable[Mention]) -> list[Organisation]:
    """The parties that owe what these events fulfil; none where it is both of them, or somebody else."""
    roles: set[str | None] = set()
    for mention in found:
        if mention.place == "done":
            owed_by = mention.rule.owed_by
            roles.add(next((row.role for row in edition.file.party if row.key == owed_by), owed_by))
    parties = {Role.VENUE: contract.venue, Role.AGENCY: contract.agency}
    return [party for role, party in parties.items() if role in roles] if roles <= set(parties) else []


def may_tell(by: User, owing: Sequence[Organisation], type: str) -> bool:
    """Whose word it takes: what moves every clock is for managers; that something was done is said by those who owed it, or
    acknowledged by a manager of the other party; all else is for both.
    """
    if by.post == Post.MANAGER:
        return True
    return type not in CONTRACT_WIDE and (not owing or by.organisation in owing)


def waiting(contract: Contract, found: Iterable[Mention], most: int) -> list[Key]:
    """What such an event may have happened to: subjects with clocks that heed it, the nearest deadline first."""
    duties = {one.rule.id for one in found if one.place in ("done", "cancel", "forbid", "until")}
    clocks = Clock.objects.filter(contract=contract.pk, is_ended=False, duty__in=duties).exclude(noun="contract")
    places = clocks.values_list("noun", "noun_id").annotate(first=Min("due_at")).order_by("first", "noun", "noun_id")
    return [Key(noun, number) for noun, number, _due in places[:most]]


def subject(contract: Contract, reference: str, user: User) -> Model | None:
    """The row that people call so, if it belongs to this contract and this person may see it."""
    rows = (by_reference(noun.visible_to(user), reference) for noun in NOUNS.values())
    return next((row for row in rows if row is not None and contract_of(row) == contract.pk), None)


def matters_visible_to(user: User) -> QuerySet[Matter]:
    """The matters of the contracts to which this person's organisation is a party."""
    own = Q(contract__venue=user.organisation_id) | Q(contract__agency=user.organisation_id)
    return Matter.objects.filter(own).select_related("contract__venue", "contract__agency")


def responsible_for_matters(numbers: Collection[int]) -> dict[int, list[User]]:
    """For each matter those who see to its contract."""
    contracts = dict(Matter.objects.filter(pk__in=numbers).values_list("pk", "contract"))
    people = responsible(set(contracts.values()))
    return {number: people[contract] for number, contract in contracts.items()}


def matters(contract: Contract, place: Place | None) -> list[Matter]:
    """A page of a contract's matters, the one that began last first, and one row more where there are more."""
    beyond = after("opened_at", place, descending=True)
    return list(Matter.objects.filter(beyond, contract=contract).order_by("-opened_at", "-pk")[: PAGE + 1])


def titles(numbers: Iterable[int]) -> dict[int, str]:
    return dict(Matter.objects.filter(pk__in=set(numbers)).values_list("pk", "title"))


def running_on(found: Iterable[Matter]) -> dict[int, Clock]:
    """For each matter on which something is owed, the clock that runs out first."""
    numbers = [matter.pk for matter in found]
    clocks = Clock.objects.filter(noun="matter", noun_id__in=numbers, is_ended=False).order_by("-due_at", "-pk")
    return {clock.noun_id: clock for clock in clocks}


def ended_by(key: Key, contract: Contract) -> QuerySet[Clock]:
    """The clocks on the contract itself that events on this subject have ended."""
    own = Clock.objects.filter(contract=contract.pk, noun="contract", noun_id=contract.pk)
    events = Event.objects.filter(noun=key.noun, noun_id=key.id).values("pk")
    return own.filter(closed_by__in=events).order_by("opened_at", "id")


def words_beside(key: Key) -> dict[str, str]:
    """What was written beside events on this subject, by the hash that the event holds."""
    notes = Note.objects.filter(noun=key.noun, noun_id=key.id).exclude(words="")
    return dict(notes.values_list("bound", "words"))
