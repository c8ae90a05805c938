from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from encore.accounts import houses
from encore.accounts.models import Organisation, User
from encore.accounts.rights import NotYours
from encore.contracts import queries
from encore.contracts.models import Contract, Matter, Note
from encore.engine.calendar import Notice
from encore.ledger.nouns import contract_of, key_of
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal
from encore.search.index import index
from encore.venues.queries import rooms_searched


class CannotSign(Refusal):
    pass


class CannotMakeEffective(Refusal):
    pass


class CannotTakeOver(Refusal):
    pass


class CannotInviteParty(Refusal):
    pass


class CannotPublish(Refusal):
    pass


class CannotNote(Refusal):
    pass


class AlreadyNoted(Refusal):
    """The same form came twice."""


@dataclass(frozen=True)
class Told:
    """What somebody says has happened. `said` is the hash of all of it, `form_key` names the form that it came by."""

    type: str
    data: Mapping[str, str | int | bool]
    form_key: str
    said: str
    title: str = ""  # of the matter that begins with it
    words: str = ""  # on what grounds: who saw it, where the paper lies


@operation
def sign(contract: Contract, *, by: User, at: datetime) -> Contract:
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    if not contract.awaits_signature:
        raise CannotSign(_("This contract has already been signed."))

    contract.signed_at = at
    contract.save(update_fields=["signed_at"])
    index(contract)

    record("contract.signed", subject=contract, actor=by, occurred_at=at)
    return contract


@operation
def make_effective(contract: Contract, *, by: User, at: datetime) -> Contract:
    """From `at` on the contract's duties run; the ledger learns edition and parameters from the event."""
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    if not contract.awaits_effect:
        raise CannotMakeEffective(_("Only a contract that is signed and not yet in force can take effect."))

    _begin(contract, by, at)
    return contract


@operation
def take_over(contract: Contract, *, by: User, at: datetime) -> Contract:
    """A contract that has been running elsewhere goes live at `at`, in the middle of its term.

    What happened before is kept as it is recorded, but nobody owes anything for it here, and nothing is missed. Whatever
    was still running is entered under the reason `opening`: what lies before that moment is history, what is dated at it
    starts clocks.
    """
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    if contract.effective_at is not None:
        raise CannotTakeOver(_("This contract is in force here already."))
    if not contract.awaits_effect:
        raise CannotTakeOver(_("Only a contract that is signed and not yet in force can take effect."))
    if contract.term_from is None or contract.term_to is None or not contract.runs_on(at):
        raise CannotTakeOver(_("Only a contract whose term is running can be taken over."))

    _begin(contract, by, at, opening=True)
    return contract


def _begin(contract: Contract, by: User, at: datetime, **more: bool) -> None:
    contract.effective_at = at
    contract.save(update_fields=["effective_at"])
    index(contract, *rooms_searched(contract.venue_id))  # from now on the agency finds them too

    terms: dict[str, Any] = {"edition": contract.edition_id, "parameters": contract.parameters, **more}
    if contract.amount is not None:
        terms |= {"amount": f"{contract.amount:.2f}", "currency": contract.currency}
    if contract.term_from is not None and contract.term_to is not None:
        terms |= {"term_from": contract.term_from, "term_to": contract.term_to}
    record("contract.effective", subject=contract, actor=by, occurred_at=at, **terms)


@operation
def invite_party(contract: Contract, *, manager: str, by: User, at: datetime) -> tuple[User, str]:
    """The first manager of the other party, and the link by which they come in: told once and not kept.

    Until somebody of that party has come in, another link may be made; then they invite their own people.
    """
    contract = Contract.objects.select_for_update(of=("self",)).select_related("venue", "agency").get(pk=contract.pk)
    other = contract.other_party(by.organisation)
    Organisation.objects.select_for_update().get(pk=other.pk)
    if queries.has_people(other):
        raise CannotInviteParty(_("This party has people who sign in; they invite the others themselves."))
    if queries.is_known_to_others(other, by):
        raise CannotInviteParty(_("This party has contracts with others, too: it begins with a link of its own."))

    invited = houses.first_manager(other, manager, at)
    record("party.invited", subject=contract, actor=by, occurred_at=at, role=other.role)
    return invited


@operation
def publish_calendar(notice: Notice, *, by: User, at: datetime) -> list[Contract]:
    """Records a year's working days for every contract of one's own that is in force, unless it has exactly these already.

    Deadlines that counted on days of that year are counted again.
    """
    contracts = [one for one in queries.in_force_of(by) if notice not in queries.notices(one)]
    if not contracts:
        raise CannotPublish(_("These working days have been recorded already."))

    for contract in contracts:
        off, work = sorted(notice.off), sorted(notice.work)
        record("calendar.published", subject=contract, actor=by, occurred_at=at, year=notice.year, off=off, work=work)
    return contracts


@operation
def note(told: Told, *, contract: Contract, subject: Model | None, by: User, at: datetime) -> Model:
    """Records by hand what no operation of the product does, and gives back what it happened to.

    `subject` is the contract itself, a matter of it or anything else that belongs to it; None begins a matter. `at` is when
    it happened. Either party may tell what sets a duty running, ends it or breaks it; that it was done is told by the people
    of the party that owed it, or acknowledged by a manager of the other. What concerns the whole contract is for managers.
    """
    if contract.effective_at is None or at < contract.effective_at:
        raise CannotNote(_("At that time the contract was not in force yet."))
    found = queries.spoken_of(contract).get(told.type, [])
    if not found or not queries.is_by_hand(told.type):
        raise CannotNote(
            _("This is not recorded by hand: the product records it, or the contract does not speak of it.")
        )
    if Note.objects.filter(form_key=told.form_key).exists():
        raise AlreadyNoted(_("This has already been recorded."))
    if subject is not None and contract_of(subject) != contract.pk:
        raise CannotNote(_("This belongs to another contract."))
    meant = [mention for mention in found if mention.matches(told.data)]
    owing = queries.debtors(contract, queries.edition_of(contract), meant)
    if not queries.may_tell(by, owing, told.type):
        parties = ", ".join(str(party) for party in owing)
        if not parties:
            raise NotYours(_now("This concerns the whole contract: it is for managers."))
        raise NotYours(
            _now("That it was done is for the people of %(party)s to say, or for a manager of the other party.")
            % {"party": parties}
        )

    if subject is None:
        subject = Matter.objects.create(contract=contract, owner=by.organisation, title=told.title, opened_at=at)
        index(subject)
    key, bound = key_of(subject), sha256(f"{told.form_key}\n{told.words}".encode()).hexdigest() if told.words else ""
    Note.objects.create(
        contract=contract, owner=by.organisation, noun=key.noun, noun_id=key.id,
        words=told.words, bound=bound, form_key=told.form_key, said=told.said,
    )  # fmt: skip

    data: dict[str, Any] = {**told.data, **({"words": bound} if bound else {})}
    record(told.type, subject=subject, actor=by, occurred_at=at, **data)
    return subject
