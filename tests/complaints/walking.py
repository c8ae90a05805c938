"""A complaint that goes its way through pages, whatever its edition: whichever act is offered first is taken, by whoever may.

Nothing here knows an edition. What is asked for is filled in with the first choice there is, or with a few words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.test import Client
from django.utils.timezone import localtime

from encore.accounts.models import Department, Organisation, Post, User
from encore.accounts.rights import may
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.complaints.views.acts import ACTS, Act, Offer, offers
from encore.contracts.models import Contract
from encore.contracts.queries import terms_of
from encore.engine import Edition, Terms
from encore.engine.model import Channel, Stage
from encore.engine.terms import Rule
from encore.ledger.models import Clock
from encore.ledger.nouns import key_of
from encore.ledger.queries import clocks_of
from encore.ledger.tick import tick
from tests.cast import RECEIVED, person, recording_at, signed_in

SECOND = timedelta(seconds=1)
SOON = timedelta(minutes=10)  # what is owed by no particular moment is done so soon after the step before it
LOOK = timedelta(hours=6)  # so often the page is looked at while one waits


def in_time(due: datetime) -> datetime:
    return due


def late(due: datetime) -> datetime:
    return due + SECOND


def everybody(*organisations: Organisation) -> list[User]:
    """Somebody in each post of each of them; managers come last, for they take only what is nobody else's."""
    posts = sorted((post for post in Post if post != Post.GUEST), key=lambda post: post == Post.MANAGER)
    return [person(f"{post.label}", organisation, post) for post in posts for organisation in organisations]


def channels(edition: Edition) -> list[str]:
    """The ways in that are worth a walk: the page in the room, and each that a duty or a stage asks about."""
    rows = edition.vocabulary["channel"].items()
    pages = [key for key, row in rows if isinstance(row, Channel) and row.via == "web"]
    patterns = [
        pattern
        for duty in edition.file.duty
        for pattern in (*duty.when, *(duty.done or ()))
        if pattern.event == "complaint.received"
    ]
    asked = [key for pattern in patterns for name, keys in pattern.where if name == "channel" for key in keys]
    return list(dict.fromkeys([*pages[:1], *map(str, asked)]))


def stages_for(edition: Edition, severity: str) -> list[str]:
    """The stages in their order, without those that only complaints of other levels come to."""

    def is_for(stage: Stage) -> bool:
        levels = [dict(pattern.where).get("severity") for pattern in stage.enters or ()]
        return not levels or any(keys is None or severity in keys for keys in levels)

    return [key for key, row in edition.vocabulary["stage"].items() if isinstance(row, Stage) and is_for(row)]


@dataclass(frozen=True)
class Taken:
    """A step that was taken: by whom, when, and the clocks that it was to fulfil."""

    act: Act
    by: User
    at: datetime
    clocks: tuple[int, ...]


@dataclass
class Walk:
    contract: Contract
    people: Sequence[User]
    severity: str
    pace: Any = in_time
    steps: list[Taken] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clients = {person.pk: signed_in(person, "zh-CN") for person in self.people}
        self.guest = Client(REMOTE_ADDR="203.0.113.9", headers={"accept-language": "zh-CN"})
        self.at = RECEIVED

    @property
    def terms(self) -> Terms:
        return terms_of(self.contract)

    def begin(self, channel: str) -> Complaint:
        """Told by the guest where it came by their own page, and otherwise taken by somebody of the house."""
        told = operations.Told("账单多算了一打啤酒。", uuid4().hex, "B08")
        row = self.terms.edition.vocabulary["channel"][channel]
        is_guests = isinstance(row, Channel) and row.via == "web"
        taker = None if is_guests else self.first_of(Post.PROMOTER)
        with recording_at(self.at):
            self.complaint = operations.receive(told, contract=self.contract, channel=channel, by=taker, at=self.at)
        return self.complaint

    def first_of(self, post: Post) -> User:
        return next(one for one in self.people if one.post == post)

    @property
    def address(self) -> str:
        return f"/complaints/{self.complaint.reference}/"

    # --- what is offered, and what is filled in ------------------------------------------------------------------------

    def offered(self) -> tuple[Offer, User] | None:
        """The act that comes first, and who is offered it: what is due first, and where nothing is, the next step."""
        self.complaint = Complaint.objects.select_related("contract").get(pk=self.complaint.pk)
        clocks = list(self.clocks())
        found: list[tuple[Offer, User]] = []
        for one in self.people:
            first = offers(self.complaint, clocks, one, self.terms, self.at).first
            if first is not None:
                found.append((first, one))
        order = list(ACTS)
        far = datetime.max.replace(tzinfo=self.at.tzinfo)
        return min(found, key=lambda one: (one[0].due_at or far, order.index(one[0].act.name)), default=None)

    def clocks(self) -> Iterator[Clock]:
        return iter(clocks_of(key_of(self.complaint), self.contract.pk))

    def filled(self, act: Act, by: User) -> dict[str, Any]:
        """What a person fills in who says yes to everything and chooses the first of each."""
        form = act.form(complaint=self.complaint, user=by, edition=self.terms.edition)
        found: dict[str, Any] = {}
        for name, asked in form.fields.items():
            match asked:
                case _ if name == "severity":
                    found[name] = self.severity
                case forms.MultipleChoiceField() | forms.BooleanField():
                    pass
                case forms.ChoiceField():
                    keys = [key for key, _label in list(asked.choices) if key]  # type: ignore[arg-type]
                    found[name] = form[name].initial or keys[0]
                case _ if isinstance(asked.widget, forms.Textarea):
                    found[name] = "两人核对过账单。"
        return found

    def sent(self, act: Act, by: User, at: datetime) -> Any:
        moment = {"occurred_at": f"{localtime(at):%Y-%m-%d %H:%M:%S}", "late_reason": "on_paper"}
        with recording_at(at):
            return self.clients[by.pk].post(f"{self.address}{act.name}/", {**self.filled(act, by), **moment})

    # --- the walk ------------------------------------------------------------------------------------------------------

    def next(self) -> tuple[Act, User] | None:
        """What is to be done next; meanwhile time passes until it has to be done."""
        while (found := self.offered()) is not None:
            first, by = found
            rules = [rule for rule in self.fulfilled_by(first.act) if self.is_running(rule)]
            waits = first.due_at is not None and not any(rule.every for rule in rules)
            if not waits or "severity" in first.act.form.base_fields:
                # What comes round is done as soon as it comes; and the level, for it decides what else is owed.
                self.at += SOON
                return first.act, by
            assert first.due_at is not None
            if first.due_at <= self.at + LOOK:
                self.at = max(self.at, self.pace(first.due_at))
                return first.act, by
            self.at += LOOK
            tick(self.at)
        return None

    def fulfilled_by(self, act: Act) -> list[Rule]:
        rules = self.terms.rules.values()
        return [rule for rule in rules if any(pattern.event == act.event for pattern in rule.done)]

    def is_running(self, rule: Rule) -> bool:
        return any(clock.duty == rule.id and not clock.is_ended for clock in self.clocks())

    def take(self, act: Act, by: User) -> Taken:
        named = {rule.id for rule in self.fulfilled_by(act)}
        running = tuple(clock.pk for clock in self.clocks() if clock.duty in named and not clock.is_ended)
        page = self.clients[by.pk].get(self.address, {"act": act.name}).content.decode()
        assert f"{self.address}{act.name}/" in page, act.name
        answer = self.sent(act, by, self.at)
        assert answer.status_code == 302, (act.name, by.post, answer.status_code, answer.content.decode())
        taken = Taken(act, by, self.at, running)
        self.steps.append(taken)
        self.complaint = Complaint.objects.select_related("contract").get(pk=self.complaint.pk)
        return taken

    def answered(self) -> Taken | None:
        """The guest, once asked, accepts; somebody who may hear it from them notes it."""
        if not self.complaint.awaits_confirmation or self.complaint.confirmation_asked_at is None:
            return None
        self.at += SOON
        accept = ACTS["confirm"]
        return self.take(accept, next(one for one in self.people if may("complaints.confirm", one)))

    def on(self) -> Iterator[Taken]:
        """Step by step, until it is archived."""
        while self.complaint.is_open and len(self.steps) < 100:
            if (heard := self.answered()) is not None:
                yield heard
                continue
            found = self.next()
            assert found is not None, f"nothing is offered to anybody in the stage {self.complaint.stage}"
            yield self.take(*found)

    # --- whose it is ---------------------------------------------------------------------------------------------------

    def departments(self, act: Act) -> set[tuple[str, int]]:
        """The departments to which the edition gives an act, each with the organisation that it belongs to."""
        parties = {"venue": self.contract.venue_id, "agency": self.contract.agency_id}
        roles = {row.key: row.role or row.key for row in self.terms.edition.file.party}
        return {
            (rule.post, parties[roles.get(rule.owed_by, rule.owed_by)])
            for rule in self.fulfilled_by(act)
            if rule.post in Department
        }

    def strangers(self, act: Act) -> list[User]:
        """Whose post could take such a step, but whose department or organisation the edition does not name for it."""
        named = self.departments(act)
        return [
            one
            for one in self.people
            if named
            and one.post != Post.MANAGER
            and one.pk != self.complaint.responsible_id
            and may(f"complaints.{act.perform.__name__}", one)
            and (one.department.value, one.organisation_id) not in named
        ]
