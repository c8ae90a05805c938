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
people.admit                 a            ·              ·          ·             a            ·         ·       ·
people.assign                a            ·              ·          a             a            ·         ·       ·
people.end_assignment        a            ·              ·          a             a            ·         ·       ·
people.qualify               e            ·              ·          ·             e            ·         ·       ·
people.make_handler          x            ·              ·          ·             x            ·         ·       ·
people.end_handler           x            ·              ·          ·             x            ·         ·       ·
customers.register           v            v              v          ·             ·            ·         ·       ·
customers.withdraw           v            v              v          ·             ·            ·         ·       v
customers.merge              v            v              v          ·             ·            ·         ·       ·
customers.receive_request    v            v              ·          ·             ·            ·         ·       v
customers.answer_request     v            v              ·          ·             ·            ·         ·       ·
customers.erase              v            v              ·          ·             ·            ·         ·       ·
customers.reveal             v            v              ·          ·             ·            ·         ·       ·
imports.take                 x            x              x          x             ·            x         ·       ·
imports.take_back            x            x              x          x             ·            x         ·       ·
venues.open_venue            v            ·              ·          ·             ·            ·         ·       ·
venues.change_venue          v            ·              ·          ·             ·            ·         ·       ·
venues.set_hours             v            ·              ·          ·             ·            ·         ·       ·
venues.set_shift             v            ·              ·          ·             ·            ·         ·       ·
venues.drop_shift            v            ·              ·          ·             ·            ·         ·       ·
venues.add_rooms             v            ·              ·          ·             ·            ·         ·       ·
venues.close_room            v            ·              ·          ·             ·            ·         ·       ·
venues.reopen_room           v            ·              ·          ·             ·            ·         ·       ·
venues.renew_room            v            ·              ·          ·             ·            ·         ·       ·
venues.list_product          v            ·              v          v             ·            ·         ·       ·
venues.change_price          v            ·              v          v             ·            ·         ·       ·
venues.delist_product        v            ·              v          v             ·            ·         ·       ·
venues.open_session          v            v              v          v             ·            ·         v       ·
venues.close_session         v            v              v          v             ·            ·         v       ·
venues.bring_in_sessions     v            v              ·          ·             ·            v         ·       ·
files.add                    x            x              x          x             x            x         x       ·
files.hold                   x            x              ·          ·             ·            ·         ·       ·
files.release                x            x              ·          ·             ·            ·         ·       ·
files.erase                  x            ·              ·          ·             ·            ·         ·       ·
complaints.receive           x            x              x          x             ·            ·         x       x
complaints.bring_in          x            x              ·          ·             ·            ·         ·       ·
complaints.bring_in_sheet    x            x              ·          ·             ·            ·         ·       ·
complaints.take_sheet_back   x            x              ·          ·             ·            ·         ·       ·
complaints.solve             x            x              x          x             ·            ·         x       ·
complaints.reserve_paper     x            x              ·          ·             ·            ·         ·       ·
complaints.verify            x            x              x          ·             ·            ·         ·       ·
complaints.assess            x            x              x          ·             ·            ·         ·       ·
complaints.plan              x            x              x          x             ·            ·         ·       ·
complaints.start             x            x              x          x             ·            ·         ·       ·
complaints.resolve           x            x              x          x             ·            ·         ·       ·
complaints.send_result       x            x              x          x             ·            ·         ·       ·
complaints.follow_up         x            x              ·          ·             ·            ·         ·       ·
complaints.archive           x            x              ·          ·             ·            ·         ·       ·
complaints.acknowledge       x            x              x          ·             ·            ·         ·       ·
complaints.report            x            ·              ·          ·             ·            ·         x       ·
complaints.add               x            x              x          x             ·            ·         ·       x
complaints.add_evidence      x            x              x          x             ·            ·         x       x
complaints.take_up           x            x              x          x             ·            ·         ·       ·
complaints.ask_lower         x            x              x          ·             ·            ·         ·       ·
complaints.decide_lower      x            x              x          ·             ·            ·         ·       ·
complaints.assign            x            x              x          x             ·            ·         ·       ·
complaints.name_concerned    x            x              x          x             ·            ·         ·       ·
complaints.contact           x            x              x          x             ·            ·         ·       ·
complaints.reply             x            x              x          x             ·            ·         ·       ·
complaints.send_progress     x            x              x          x             ·            ·         ·       ·
complaints.start_emergency   x            x              x          x             ·            ·         ·       ·
complaints.approve_plan      x            ·              ·          ·             ·            ·         ·       ·
complaints.mediate           x            x              x          x             ·            ·         ·       ·
complaints.ask_confirmation  x            x              x          x             ·            ·         ·       ·
complaints.confirm           x            x              x          x             ·            ·         ·       x
complaints.reject            x            x              x          x             ·            ·         ·       x
complaints.note_silence      x            x              x          x             ·            ·         ·       ·
complaints.rate              x            x              ·          ·             ·            ·         ·       x
complaints.withdraw          x            x              ·          ·             ·            ·         ·       x
complaints.merge             x            x              x          ·             ·            ·         ·       ·
complaints.reopen            x            x              x          ·             ·            ·         ·       x
complaints.escalate          x            x              x          x             ·            ·         ·       ·
complaints.answer_promoter   x            x              x          ·             ·            ·         ·       ·
complaints.tell_promoter     x            x              x          ·             ·            ·         ·       ·
complaints.tell_concerned    x            x              x          x             x            ·         ·       ·
complaints.state             x            x              x          x             x            x         x       ·
complaints.tell_finding      x            x              x          x             x            ·         ·       ·
complaints.appeal            x            x              x          x             x            x         x       ·
complaints.offer             x            x              x          x             ·            ·         ·       ·
complaints.decide            x            x              x          x             x            x         ·       ·
complaints.send_again        x            x              x          x             ·            ·         ·       ·
complaints.give              x            x              x          x             ·            x         ·       ·
complaints.put_back          x            x              x          x             x            x         ·       ·
complaints.hand_on           x            x              x          x             ·            ·         ·       ·
complaints.hand_over         x            x              x          x             ·            ·         ·       ·
complaints.supervise         x            ·              ·          ·             ·            ·         ·       ·
contracts.sign               x            ·              ·          ·             ·            ·         ·       ·
contracts.make_effective     x            ·              ·          ·             ·            ·         ·       ·
contracts.take_over          x            ·              ·          ·             ·            ·         ·       ·
contracts.invite_party       x            ·              ·          ·             ·            ·         ·       ·
contracts.publish_calendar   x            ·              ·          ·             ·            ·         ·       ·
ledger.annul                 x            x              x          x             x            x         ·       ·
ledger.ask_annulment         x            x              x          x             x            x         ·       ·
running.look_after           v            ·              ·          ·             ·            ·         ·       ·
home.begin                   x            ·              ·          ·             ·            ·         ·       ·
home.throw_away              v            ·              ·          ·             ·            ·         ·       ·
jobs.try_again               v            ·              ·          ·             ·            ·         ·       ·
jobs.settle                  v            ·              ·          ·             ·            ·         ·       ·
contracts.note               x            x              x          x             x            x         ·       ·
books.set_budget             x            ·              ·          ·             ·            x         ·         ·
books.pay_cost               x            ·              ·          ·             ·            x         ·         ·
books.reverse_transfer       x            ·              ·          ·             ·            x         ·         ·
books.close_period           x            ·              ·          ·             ·            x         ·         ·
books.reopen_period          x            ·              ·          ·             ·            ·         ·         ·
channels.repeat              ·            ·              ·          ·             ·            ·         ·       x
channels.confirm             ·            ·              ·          ·             ·            ·         ·       x
channels.refuse              ·            ·              ·          ·             ·            ·         ·       x
channels.fail                ·            ·              ·          ·             ·            ·         ·       x
channels.deliver             ·            ·              ·          ·             ·            ·         ·       x
channels.read                ·            ·              ·          ·             ·            ·         ·       x
channels.receive             ·            ·              ·          ·             ·            ·         ·       x
channels.opt_out             x            x              x          x             ·            ·         ·       ·
channels.settle              x            x              ·          ·             ·            ·         ·       ·
channels.try_again           x            x              ·          ·             ·            ·         ·       ·
channels.set_limits          x            ·              ·          ·             ·            ·         ·       ·
channels.look_through        x            x              x          x             ·            ·         ·       ·
workflows.submit_cost        x            x              x          x             x            x         x       ·
approvals.request            x            x              x          x             x            x         x       ·
approvals.approve            x            x              x          x             x            x         ·       ·
approvals.refuse             x            x              x          x             x            x         ·       ·
approvals.delegate           x            x              x          x             x            x         ·       ·
approvals.add                x            x              x          x             x            x         ·       ·
approvals.withdraw           x            x              x          x             x            x         x       ·
approvals.set_tiers          x            ·              ·          ·             ·            ·         ·       ·
approvals.set_absence        x            x              x          x             x            x         ·       ·
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
    "people.admit": gettext_lazy("admit somebody as a promoter"),
    "people.assign": gettext_lazy("assign a promoter to a venue"),
    "people.end_assignment": gettext_lazy("end a promoter's assignment"),
    "people.qualify": gettext_lazy("record what somebody is qualified by"),
    "people.make_handler": gettext_lazy("make somebody responsible for complaints"),
    "people.end_handler": gettext_lazy("end somebody's responsibility for complaints"),
    "customers.register": gettext_lazy("take down a guest with their consent"),
    "customers.withdraw": gettext_lazy("take a guest's consent back"),
    "customers.merge": gettext_lazy("put two rows of the same guest together"),
    "customers.receive_request": gettext_lazy("take in a guest's request about their data"),
    "customers.answer_request": gettext_lazy("answer a guest's request about their data"),
    "customers.erase": gettext_lazy("erase a guest's data"),
    "customers.reveal": gettext_lazy("see a guest's whole telephone number, with a reason"),
    "imports.take": gettext_lazy("take in a sheet"),
    "imports.take_back": gettext_lazy("take a sheet back that was taken in"),
    "venues.open_venue": gettext_lazy("open a venue"),
    "venues.change_venue": gettext_lazy("change a venue's name, address or end of the day"),
    "venues.set_hours": gettext_lazy("set the opening hours"),
    "venues.set_shift": gettext_lazy("set a shift"),
    "venues.drop_shift": gettext_lazy("give up a shift"),
    "venues.add_rooms": gettext_lazy("add rooms, and say what they are like"),
    "venues.close_room": gettext_lazy("close down a room"),
    "venues.reopen_room": gettext_lazy("reopen a room"),
    "venues.renew_room": gettext_lazy("give a room a new picture and code"),
    "venues.list_product": gettext_lazy("take a product into the range"),
    "venues.change_price": gettext_lazy("change a price"),
    "venues.delist_product": gettext_lazy("take a product out of the range"),
    "venues.open_session": gettext_lazy("give guests a room"),
    "venues.close_session": gettext_lazy("take a room back from guests"),
    "venues.bring_in_sessions": gettext_lazy("bring in a list of room sessions"),
    "files.add": gettext_lazy("add a file to something"),
    "files.hold": gettext_lazy("have a file kept beyond its time"),
    "files.release": gettext_lazy("release a file that was held"),
    "files.erase": gettext_lazy("erase a file whose time is over"),
    "complaints.receive": gettext_lazy("take in a complaint"),
    "complaints.bring_in": gettext_lazy("bring in a list of complaints"),
    "complaints.bring_in_sheet": gettext_lazy("bring in a sheet of complaints"),
    "complaints.take_sheet_back": gettext_lazy("take a sheet of complaints back"),
    "complaints.solve": gettext_lazy("solve a complaint where it is told"),
    "complaints.reserve_paper": gettext_lazy("have forms on paper numbered"),
    "complaints.verify": gettext_lazy("verify the facts of a complaint"),
    "complaints.assess": gettext_lazy("classify and assess a complaint"),
    "complaints.plan": gettext_lazy("settle the plan for a complaint"),
    "complaints.start": gettext_lazy("begin to carry the plan out"),
    "complaints.resolve": gettext_lazy("finish carrying the plan out"),
    "complaints.send_result": gettext_lazy("send the guest the result"),
    "complaints.follow_up": gettext_lazy("ask the guest how it is now"),
    "complaints.archive": gettext_lazy("archive a complaint"),
    "complaints.acknowledge": gettext_lazy("acknowledge the receipt of a complaint"),
    "complaints.report": gettext_lazy("report a complaint that a guest told a promoter"),
    "complaints.add": gettext_lazy("add to a complaint"),
    "complaints.add_evidence": gettext_lazy("add evidence to a complaint"),
    "complaints.take_up": gettext_lazy("take a complaint up"),
    "complaints.ask_lower": gettext_lazy("ask for a lower level of a complaint"),
    "complaints.decide_lower": gettext_lazy("decide on a lower level of a complaint"),
    "complaints.assign": gettext_lazy("make somebody answer for a complaint"),
    "complaints.name_concerned": gettext_lazy("name whom a complaint is about"),
    "complaints.contact": gettext_lazy("note a talk with the guest"),
    "complaints.reply": gettext_lazy("reply to the guest"),
    "complaints.send_progress": gettext_lazy("tell the guest how far it is"),
    "complaints.start_emergency": gettext_lazy("start the emergency procedure"),
    "complaints.approve_plan": gettext_lazy("approve the plan for a complaint"),
    "complaints.mediate": gettext_lazy("mediate between the guest and the other side"),
    "complaints.ask_confirmation": gettext_lazy("ask the guest whether they accept the result"),
    "complaints.confirm": gettext_lazy("note that the guest accepts the result"),
    "complaints.reject": gettext_lazy("note that the guest rejects the result"),
    "complaints.note_silence": gettext_lazy("note that the guest did not answer"),
    "complaints.send_again": gettext_lazy("send a guest again what did not arrive"),
    "complaints.rate": gettext_lazy("rate the handling of a complaint"),
    "complaints.withdraw": gettext_lazy("note that the guest takes a complaint back"),
    "complaints.merge": gettext_lazy("merge two complaints"),
    "complaints.reopen": gettext_lazy("reopen a complaint"),
    "complaints.escalate": gettext_lazy("hand a complaint upwards"),
    "complaints.answer_promoter": gettext_lazy("answer the promoter who reported a complaint"),
    "complaints.tell_promoter": gettext_lazy("tell the promoter the result"),
    "complaints.tell_concerned": gettext_lazy("tell the person concerned of a complaint"),
    "complaints.state": gettext_lazy("state one's own side of a complaint"),
    "complaints.tell_finding": gettext_lazy("tell the person concerned the result"),
    "complaints.appeal": gettext_lazy("appeal against what was found"),
    "complaints.offer": gettext_lazy("offer the guest a remedy"),
    "complaints.decide": gettext_lazy("approve or refuse a remedy"),
    "complaints.give": gettext_lazy("note that a remedy was given"),
    "complaints.put_back": gettext_lazy("put a complaint back to where its entries say it stands"),
    "complaints.hand_on": gettext_lazy("give all complaints of somebody absent to others"),
    "complaints.hand_over": gettext_lazy("take over a shift"),
    "complaints.supervise": gettext_lazy("go through a colleague's complaints with them"),
    "contracts.sign": gettext_lazy("sign a contract"),
    "contracts.make_effective": gettext_lazy("put a contract in force"),
    "contracts.take_over": gettext_lazy("take over a contract in the middle of its term"),
    "contracts.invite_party": gettext_lazy("invite the first manager of the other party"),
    "contracts.publish_calendar": gettext_lazy("record a year's holidays and make-up days"),
    "contracts.note": gettext_lazy("record by hand what happened"),
    "books.set_budget": gettext_lazy("set a budget"),
    "workflows.submit_cost": gettext_lazy("ask for money that one laid out"),
    "books.pay_cost": gettext_lazy("pay an approved cost of others"),
    "books.reverse_transfer": gettext_lazy("move a payment back"),
    "books.close_period": gettext_lazy("close the books of a month"),
    "books.reopen_period": gettext_lazy("open a closed month again"),
    "ledger.annul": gettext_lazy("annul an entry"),
    "ledger.ask_annulment": gettext_lazy("ask the other party to annul an entry"),
    "channels.repeat": gettext_lazy("tell somebody outside what stands in their inbox"),
    "channels.confirm": gettext_lazy("note that a message was sent"),
    "channels.refuse": gettext_lazy("note that a message may not go out"),
    "channels.fail": gettext_lazy("note that a message did not arrive"),
    "channels.deliver": gettext_lazy("note that a message arrived"),
    "channels.read": gettext_lazy("note that a message was read"),
    "channels.receive": gettext_lazy("take in a message from outside"),
    "channels.opt_out": gettext_lazy("note that somebody wants no more messages"),
    "channels.settle": gettext_lazy("say what became of an unclear message"),
    "channels.try_again": gettext_lazy("send a message again"),
    "channels.set_limits": gettext_lazy("set how many messages may go out, and what they may cost"),
    "channels.look_through": gettext_lazy("look through the messages that went out"),
    "approvals.request": gettext_lazy("ask for an approval"),
    "approvals.approve": gettext_lazy("approve, where it is one's turn"),
    "approvals.refuse": gettext_lazy("refuse an approval, where it is one's turn"),
    "approvals.delegate": gettext_lazy("hand an approval on to somebody else"),
    "approvals.add": gettext_lazy("add an approver"),
    "approvals.withdraw": gettext_lazy("withdraw one's own request for approval"),
    "approvals.set_tiers": gettext_lazy("set who approves which amounts"),
    "approvals.set_absence": gettext_lazy("say who approves while one is away"),
    "home.begin": gettext_lazy("go through the first steps of a house"),
    "home.throw_away": gettext_lazy("throw the demonstration away"),
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
draft                   own        own        withheld
matter                  shared     shared     withheld
complaint               shared     shared     withheld
complaint.contact       shared     withheld   withheld
concern                 own        own        withheld
file                    shared     shared     withheld
person                  own        own        own
person.papers           own        own        own
message                 own        own        own
approval                own        own        own
customer                own        counts     withheld
budget_line             own        own        own
cost                    own        own        own
period                  own        own        own
venue                   shared     shared     withheld
room                    shared     shared     withheld
product                 shared     shared     withheld
room_session            own        withheld   withheld
sale                    own        counts     withheld
assignment              shared     shared     withheld
import                  own        own        own
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
    "draft": gettext_lazy("drafts of contracts, until they are signed"),
    "matter": gettext_lazy("matters that were recorded by hand, with the words beside them"),
    "complaint": gettext_lazy("complaints: words, stages, plan, result"),
    "concern": gettext_lazy("what is told of complaints to the people whom they are about"),
    "complaint.contact": gettext_lazy("how a complaining guest can be reached"),
    "file": gettext_lazy("files that hang on what is seen, and who looked at them"),
    "person": gettext_lazy("people: name, post, e-mail, telephone"),
    "person.papers": gettext_lazy("personal papers: certificates, contracts of employment"),
    "message": gettext_lazy("messages to guests and others outside"),
    "approval": gettext_lazy("requests for approval"),
    "customer": gettext_lazy("customers who gave their consent"),
    "budget_line": gettext_lazy("budgets, with what is promised and paid"),
    "cost": gettext_lazy("reimbursement forms"),
    "period": gettext_lazy("months of the books"),
    "venue": gettext_lazy("venues: address, opening hours, shifts"),
    "room": gettext_lazy("rooms"),
    "product": gettext_lazy("brands and products of the range, with their prices"),
    "room_session": gettext_lazy("which room was taken from when to when"),
    "sale": gettext_lazy("lines of bills; the agency is told how many its promoters sold"),
    "assignment": gettext_lazy("which promoter works at which venue, from when to when"),
    "import": gettext_lazy("sheets that were taken in"),
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
