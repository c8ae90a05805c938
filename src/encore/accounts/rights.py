"""Who may do what, and what each party sees: the one place where it stands.

An operation without a row does not start, and a noun without a row has no pages.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from encore.accounts.models import Post, Role, User

# One row an act, one column a post; all are operations but those on jobs and on how the house runs, which no contract
# speaks of and which the venue looks after. A guest is anybody who has not signed in; they reach the public pages only.
#   x  in either party to a contract: the venue and the agency
#   v  in the venue only        a  in the agency only
#   e  in every organisation, also in a third party
_ACTS: Final = """
                          manager  customer_service  marketing  promotion  human_resources  finance  promoter  guest
people.join                  e            e              e          e             e            e         e       ·
people.invite                e            ·              ·          ·             ·            ·         ·       ·
people.bring_in              e            ·              ·          ·             ·            ·         ·       ·
people.invite_again          e            ·              ·          ·             ·            ·         ·       ·
people.appoint               e            ·              ·          ·             ·            ·         ·       ·
people.end_post              e            ·              ·          ·             ·            ·         ·       ·
complaints.receive           x            x              x          x             ·            ·         x       x
complaints.bring_in          x            x              ·          ·             ·            ·         ·       ·
complaints.verify            x            ·              x          ·             ·            ·         ·       ·
complaints.assess            x            ·              x          ·             ·            ·         ·       ·
complaints.plan              x            ·              x          x             ·            ·         ·       ·
complaints.start             x            ·              x          x             ·            ·         ·       ·
complaints.resolve           x            ·              x          x             ·            ·         ·       ·
complaints.send_result       x            x              x          x             ·            ·         ·       ·
complaints.follow_up         x            x              ·          ·             ·            ·         ·       ·
complaints.archive           x            x              ·          ·             ·            ·         ·       ·
complaints.put_back          x            x              x          x             x            x         ·       ·
contracts.sign               x            ·              ·          ·             ·            ·         ·       ·
contracts.make_effective     x            ·              ·          ·             ·            ·         ·       ·
contracts.take_over          x            ·              ·          ·             ·            ·         ·       ·
ledger.annul                 x            x              x          x             x            x         ·       ·
ledger.ask_annulment         x            x              x          x             x            x         ·       ·
running.look_after           v            ·              ·          ·             ·            ·         ·       ·
jobs.try_again               v            ·              ·          ·             ·            ·         ·       ·
jobs.settle                  v            ·              ·          ·             ·            ·         ·       ·
contracts.note               x            x              x          x             x            x         ·       ·
"""
_MARKS: Final[Mapping[str, frozenset[Role]]] = {
    "x": frozenset({Role.VENUE, Role.AGENCY}),
    "v": frozenset({Role.VENUE}),
    "a": frozenset({Role.AGENCY}),
    "e": frozenset(Role),
    "·": frozenset(),
}


def _rows(table: str) -> Iterator[tuple[str, dict[str, str]]]:
    header, *rows = table.strip("\n").splitlines()
    for row in rows:
        name, *marks = row.split()
        yield name, dict(zip(header.split(), marks, strict=True))


RIGHTS: Final[Mapping[str, Mapping[Post, frozenset[Role]]]] = {
    operation: {Post(post): _MARKS[mark] for post, mark in marks.items()} for operation, marks in _rows(_ACTS)
}


class NotYours(PermissionDenied):
    """An act that the table does not give to this post; it names the posts that have it."""


def may(operation: str, by: User | None) -> bool:
    """Whether this person may do that; `None` is a guest. `KeyError` for an operation that the table does not have."""
    if by is None:
        return bool(RIGHTS[operation][Post.GUEST])
    return by.organisation.role in RIGHTS[operation][Post(by.post)]


def require(operation: str, by: User | None) -> None:
    if not may(operation, by):
        raise NotYours(_("This act belongs to: %(posts)s.") % {"posts": _belonging(operation)})


def _belonging(operation: str) -> str:
    """The posts that may, with their organisation where it is not any party's."""
    named: list[str] = []
    for post, roles in RIGHTS[operation].items():
        if roles and post != Post.GUEST:
            only = next(iter(roles)).label if len(roles) == 1 else ""
            named.append(f"{post.label} ({only})" if only else str(post.label))
    return ", ".join(named)


# What the acts are called on the page that shows this table.
ACTS: Final[Mapping[str, str | Promise]] = {
    "people.join": gettext_lazy("choose a password and join"),
    "people.invite": gettext_lazy("invite somebody"),
    "people.bring_in": gettext_lazy("bring in a list of people"),
    "people.invite_again": gettext_lazy("give somebody a new link"),
    "people.appoint": gettext_lazy("appoint somebody to another post"),
    "people.end_post": gettext_lazy("end somebody's post"),
    "complaints.receive": gettext_lazy("take in a complaint"),
    "complaints.bring_in": gettext_lazy("bring in a list of complaints"),
    "complaints.verify": gettext_lazy("verify the facts of a complaint"),
    "complaints.assess": gettext_lazy("classify and assess a complaint"),
    "complaints.plan": gettext_lazy("settle the plan for a complaint"),
    "complaints.start": gettext_lazy("begin to carry the plan out"),
    "complaints.resolve": gettext_lazy("finish carrying the plan out"),
    "complaints.send_result": gettext_lazy("send the guest the result"),
    "complaints.follow_up": gettext_lazy("ask the guest how it is now"),
    "complaints.archive": gettext_lazy("archive a complaint"),
    "complaints.put_back": gettext_lazy("put a complaint back to where its entries say it stands"),
    "contracts.sign": gettext_lazy("sign a contract"),
    "contracts.make_effective": gettext_lazy("put a contract in force"),
    "contracts.take_over": gettext_lazy("take over a contract in the middle of its term"),
    "contracts.note": gettext_lazy("record by hand what happened"),
    "ledger.annul": gettext_lazy("annul an entry"),
    "ledger.ask_annulment": gettext_lazy("ask the other party to annul an entry"),
    "running.look_after": gettext_lazy("look after how the house runs"),
    "jobs.try_again": gettext_lazy("put a background job back, or let held letters go out"),
    "jobs.settle": gettext_lazy("let a background job be"),
}

# What is seen of each kind of thing, by an organisation of each role.
#   shared    the rows of contracts to which the organisation is a party
#   own       the rows of the organisation itself
#   counts    numbers over all, never below five; no row
#   withheld  nothing
# A name with a point is a part of a row; the rest of the row is seen as its own line says.
_SIGHT: Final = """
                        venue      agency     third_party
contract                shared     shared     withheld
matter                  shared     shared     withheld
complaint               shared     shared     withheld
complaint.contact       shared     withheld   withheld
person                  own        own        own
person.papers           own        own        own
customer                own        counts     withheld
"""


class Sight:
    SHARED: Final = "shared"
    OWN: Final = "own"
    COUNTS: Final = "counts"
    WITHHELD: Final = "withheld"


SIGHT: Final[Mapping[str, Mapping[Role, str]]] = {
    thing: {Role(role): mark for role, mark in marks.items()} for thing, marks in _rows(_SIGHT)
}

SIGHT_LABELS: Final[Mapping[str, str | Promise]] = {
    Sight.SHARED: gettext_lazy("all of the contract's"),
    Sight.OWN: gettext_lazy("its own only"),
    Sight.COUNTS: gettext_lazy("counts of at least five"),
    Sight.WITHHELD: pgettext_lazy("sight", "nothing"),
}

THINGS: Final[Mapping[str, str | Promise]] = {
    "contract": gettext_lazy("contracts, their clocks and their ledger"),
    "matter": gettext_lazy("matters that were recorded by hand, with the words beside them"),
    "complaint": gettext_lazy("complaints: words, stages, plan, result"),
    "complaint.contact": gettext_lazy("how a complaining guest can be reached"),
    "person": gettext_lazy("people: name, post, e-mail, telephone"),
    "person.papers": gettext_lazy("personal papers: certificates, contracts of employment"),
    "customer": gettext_lazy("customers who gave their consent"),
}


def sight(thing: str, user: User) -> str:
    """How this person's organisation sees that. `KeyError` for what the table does not have."""
    return SIGHT[thing][Role(user.organisation.role)]


@dataclass(frozen=True)
class Right:
    """A row of the table of acts as a page shows it: for each role the posts that may."""

    operation: str
    posts: Mapping[Role, frozenset[Post]]
    is_public: bool


def table() -> list[Right]:
    return [
        Right(
            operation,
            {role: frozenset(post for post in by_post if role in by_post[post]) for role in Role},
            bool(by_post[Post.GUEST]),
        )
        for operation, by_post in RIGHTS.items()
    ]
