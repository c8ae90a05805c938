"""The types of events that operations record, and the fields that each may carry.

No field holds free text: events are shown to both parties and never erased, so what people wrote stays in rows.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encore.engine import words
from encore.engine.mentions import is_sayable, mentions, values_named
from encore.ledger.canonical import written
from encore.ledger.models import EditionFile
from encore.ledger.terms import edition, terms, versions_of
from encore.web.language import reading


class NotDeclared(TypeError):
    """An event that carries other fields than its kind declares, or a value that its field does not take."""


@dataclass(frozen=True)
class Field:
    """`write` gives the JSON value, or raises for what does not belong there."""

    name: str
    write: Callable[[Any], object]


def _matching(pattern: str) -> Callable[[Any], object]:
    compiled = re.compile(pattern)

    def write(value: Any) -> object:
        text = str(value)
        if isinstance(value, bool | float) or not compiled.fullmatch(text):
            raise ValueError(value)
        return text

    return write


def _whole(value: Any) -> object:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _flag(value: Any) -> object:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _moment(value: datetime) -> object:
    if value.tzinfo is None:
        raise ValueError(value)
    return written(value)


def _parameters(value: Mapping[str, Any]) -> object:
    """Values of an edition's parameters. Fractions go as text: an event holds no floats."""
    return {key: _parameter(one) for key, one in value.items()}


def _parameter(value: Any) -> object:
    if isinstance(value, list | tuple):
        return [_parameter(one) for one in value]
    if isinstance(value, bool | int):
        return value
    text = str(value)
    if not _PLAIN.fullmatch(text) and not _is_line(text):
        raise ValueError(value)
    return text


def _is_line(text: str) -> bool:
    """Words on one line, of the length of a name, without what nobody sees."""
    shown = text.isprintable() and text == text.strip()
    return shown and 0 < len(text) <= _LONGEST and unicodedata.is_normalized("NFC", text)


def _are_words(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_are_words, value))
    return isinstance(value, str) and not _PLAIN.fullmatch(value)


def _with_words_where_asked(data: Mapping[str, Any]) -> None:
    """A parameter holds words only where the edition that is named beside it asks for text, or offers them as a choice."""
    worded = sorted(key for key, value in data.get("parameters", {}).items() if _are_words(value))
    if not worded:
        return
    try:
        known = edition(data["edition"]).parameters if "edition" in data else {}
    except EditionFile.DoesNotExist:
        known = {}
    if unasked := [key for key in worded if key not in known or known[key].kind not in ("text", "choice")]:
        raise NotDeclared(f"parameters: words in {unasked}, for which no edition named here asks")


_PLAIN: Final = re.compile(r"[A-Za-z0-9.:+-]{1,64}(?:_[A-Za-z0-9.:+-]{1,64})*")
_LONGEST: Final = 80
CODE: Final = Field("code", _matching(r"(?=.{1,64}\Z)[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*"))
KEY: Final = Field("key", _matching(r"[a-z][a-z_]{0,31}:[0-9]{1,18}"))
NUMBER: Final = Field("number", _whole)
FLAG: Final = Field("flag", _flag)
SHARE: Final = Field("share", _matching(r"0\.[0-9]{1,12}|1"))
MONEY: Final = Field("money", _matching(r"-?[0-9]+\.[0-9]{2}"))
HASH: Final = Field("hash", _matching(r"[0-9a-f]{64}"))
TIME: Final = Field("time", _moment)
DATE: Final = Field("date", lambda day: date.fromisoformat(str(day)).isoformat())
DATES: Final = Field("dates", lambda days: [date.fromisoformat(str(day)).isoformat() for day in days])
PARAMETERS: Final = Field("parameters", _parameters)


@dataclass(frozen=True)
class Kind:
    """`may` are the fields that can be left out. A change of shape is a new `schema`; what was written stays.

    `stays`: it is not annulled, because the ledger found it, or rows stand on it that nothing puts back.
    """

    label: str | Promise
    fields: Mapping[str, Field] = field(default_factory=dict)
    may: Mapping[str, Field] = field(default_factory=dict)
    schema: int = 1
    check: Callable[[Mapping[str, Any]], None] | None = None  # of the fields together; raises `NotDeclared`
    stays: bool = False

    def write(self, given: Mapping[str, Any]) -> dict[str, object]:
        """The data as JSON has them. `NotDeclared` names the field."""
        missing = self.fields.keys() - given.keys()
        unknown = given.keys() - self.fields.keys() - self.may.keys()
        if missing or unknown:
            raise NotDeclared(f"missing {sorted(missing)}, not declared {sorted(unknown)}")
        data: dict[str, object] = {}
        for name, value in given.items():
            declared = self.fields.get(name) or self.may[name]
            try:
                data[name] = declared.write(value)
            except (ValueError, TypeError) as error:
                raise NotDeclared(f"{name} takes a {declared.name}, not {value!r}") from error
        if self.check is not None:
            self.check(data)
        return data


# What no operation records yet has no field that must be there: told by hand, it says what the contract asks about.
KINDS: Final[Mapping[str, Kind]] = {
    "contract.signed": Kind(_("Contract signed"), stays=True),
    "party.invited": Kind(_("First manager of the other party invited"), {"role": CODE}, stays=True),
    "contract.effective": Kind(
        _("Contract in force"),
        {"edition": HASH, "parameters": PARAMETERS},
        may={"opening": FLAG, "amount": MONEY, "currency": CODE, "term_from": DATE, "term_to": DATE},
        check=_with_words_where_asked,
        stays=True,
    ),
    "contract.amended": Kind(
        _("Contract amended"), may={"edition": HASH, "parameters": PARAMETERS}, check=_with_words_where_asked
    ),
    "contract.renewal_proposed": Kind(_("Renewal proposed"), may={"by": CODE, "term_to": DATE}),
    "contract.renewed": Kind(_("Contract renewed"), may={"term_from": DATE, "term_to": DATE}),
    "contract.termination_noticed": Kind(
        _("Notice of termination given"), may={"by": CODE, "reason": CODE, "effective": TIME}
    ),
    "contract.ended": Kind(_("Contract ended"), may={"reason": CODE}),
    "contract.settled": Kind(_("Accounts of the contract settled"), may={"amount": MONEY, "currency": CODE}),
    "contract.assets_handed_over": Kind(_("Assets handed over"), may={"by": CODE, "document": HASH}),
    "contract.statement_published": Kind(
        _("Financial statement published"), may={"document": HASH, "from_day": DATE, "to_day": DATE}
    ),
    "force_majeure.declared": Kind(_("Force majeure declared"), may={"by": CODE, "cause": CODE}),
    "force_majeure.lifted": Kind(_("Force majeure over")),
    "force_majeure.fallen": Kind(_("Force majeure not proved")),
    "calendar.published": Kind(_("Working days published"), {"year": NUMBER, "off": DATES, "work": DATES}),
    "duty.extension_asked": Kind(
        _("Extension asked for"), {"duty": CODE, "until": TIME}, may={"index": NUMBER, "reason": CODE}
    ),
    "duty.extended": Kind(_("Deadline extended"), {"duty": CODE, "until": TIME}, may={"index": NUMBER}),
    "duty.excuse_asked": Kind(_("Excuse asked for"), {"duty": CODE, "reason": CODE}, may={"index": NUMBER}),
    "duty.excused": Kind(_("Duty excused"), {"duty": CODE, "reason": CODE}, may={"index": NUMBER}),
    "duty.warned": Kind(_("Deadline near"), {"duty": CODE, "index": NUMBER, "share": SHARE}, stays=True),
    "duty.breached": Kind(_("Deadline missed"), {"duty": CODE, "index": NUMBER}, stays=True),
    "duty.corrected": Kind(_("Finding corrected"), {"duty": CODE, "index": NUMBER, "state": CODE}, stays=True),
    "event.annulled": Kind(_("Entry annulled"), {"id": NUMBER, "reason": CODE}, may={"asked": NUMBER}),
    "event.annulment_asked": Kind(_("Annulment asked for"), {"id": NUMBER, "reason": CODE}, stays=True),
    "person.invited": Kind(_("Invited"), {"post": CODE}),
    "person.joined": Kind(_("Joined")),
    "person.appointed": Kind(_("Appointed to another post"), {"post": CODE}),
    "post.ended": Kind(_("Post ended"), {"post": CODE}),
    "promoter.admitted": Kind(_("Admitted as a promoter"), {"from_day": DATE}),
    "promoter.assigned": Kind(_("Promoter assigned"), {"from_day": DATE}, may={"to_day": DATE}),
    "promoter.assignment_ended": Kind(_("Assignment ended"), {"to_day": DATE}),
    "qualification.recorded": Kind(
        _("Qualification recorded"), {"kind": CODE, "from_day": DATE}, may={"to_day": DATE, "file": HASH}
    ),
    "handler.appointed": Kind(_("Made responsible for complaints"), {"from_day": DATE}),
    "handler.ended": Kind(_("No longer responsible for complaints"), {"to_day": DATE}),
    "handler.followed_up": Kind(
        _("Work on complaints gone through"),
        {"left": NUMBER, "due": NUMBER, "late": NUMBER, "reopened": NUMBER},
        stays=True,
    ),
    "import.taken": Kind(
        _("Sheet taken in"),
        {"kind": CODE, "file": HASH, "new": NUMBER, "same": NUMBER, "changed": NUMBER, "refused": NUMBER},
        stays=True,
    ),
    "import.undone": Kind(
        _("Sheet taken back"),
        {"kind": CODE, "file": HASH, "removed": NUMBER, "restored": NUMBER, "kept": NUMBER},
        stays=True,
    ),
    "venue.opened": Kind(_("Venue opened"), {"day_ends": NUMBER}, stays=True),  # times of day: minutes after midnight
    "venue.changed": Kind(_("Venue changed"), {"day_ends": NUMBER}, stays=True),
    "hours.set": Kind(_("Opening hours set"), {"weekday": NUMBER}, may={"opens": NUMBER, "closes": NUMBER}, stays=True),
    "shift.set": Kind(_("Shift set"), {"shift": NUMBER, "starts": NUMBER, "ends": NUMBER}, stays=True),
    "shift.dropped": Kind(_("Shift given up"), {"shift": NUMBER}, stays=True),
    "shift.handed_over": Kind(
        _("Shift handed over"),
        {"came": NUMBER, "due": NUMBER, "late": NUMBER, "left": NUMBER},
        may={"giver": KEY},
        stays=True,
    ),
    "room.opened": Kind(_("Room opened"), stays=True),
    "room.closed_down": Kind(_("Room closed down"), stays=True),
    "room.renewed": Kind(_("New picture and code for the room"), stays=True),
    "product.listed": Kind(_("Taken into the range"), {"amount": MONEY, "currency": CODE}, stays=True),
    "product.delisted": Kind(_("Taken out of the range"), stays=True),
    "session.opened": Kind(_("Guests came"), {"room": KEY}, may={"guests": NUMBER}, stays=True),
    "session.closed": Kind(_("Guests left"), stays=True),
    "file.added": Kind(_("File added"), {"file": HASH, "purpose": CODE}, stays=True),
    "file.held": Kind(_("File held"), {"file": HASH, "reason": CODE}, stays=True),
    "file.released": Kind(_("File released"), {"file": HASH}, stays=True),
    "file.erased": Kind(_("File erased, its time being over"), {"file": HASH, "reason": CODE}, stays=True),
    "complaint.received": Kind(_("Complaint received"), {"channel": CODE}),
    "complaint.recorded": Kind(_("Complaint recorded"), may={"channel": CODE}),
    "complaint.reported": Kind(_("Complaint reported upwards"), may={"department": CODE}),
    "complaint.taken_up": Kind(_("Complaint taken up"), may={"department": CODE}),
    "complaint.acknowledged": Kind(_("Receipt acknowledged to the guest"), may={"channel": CODE}),
    "complaint.verified": Kind(_("Facts verified")),
    "complaint.assessed": Kind(_("Classified and assessed"), {"severity": CODE, "category": CODE}, may={"cause": CODE}),
    "complaint.classified": Kind(_("Complaint classified"), may={"severity": CODE, "category": CODE, "cause": CODE}),
    "complaint.assigned": Kind(_("Complaint assigned"), may={"stage": CODE, "department": CODE, "handler": KEY}),
    "complaint.contacted": Kind(_("Guest contacted"), may={"channel": CODE}),
    "complaint.evidence_added": Kind(_("Evidence added"), may={"file": HASH}),
    "complaint.planned": Kind(_("Plan drawn up")),
    "complaint.plan_approved": Kind(_("Plan approved")),
    "complaint.started": Kind(_("Execution started")),
    "complaint.progress_sent": Kind(_("Guest told of the progress"), may={"channel": CODE, "form": CODE}),
    "complaint.answered_promoter": Kind(_("Promoter answered")),
    "complaint.emergency_started": Kind(_("Emergency procedure started")),
    "complaint.replied": Kind(_("Guest replied to"), may={"channel": CODE, "form": CODE}),
    "complaint.mediated": Kind(_("Complaint mediated"), may={"outcome": CODE}),
    "complaint.resolved": Kind(
        _("Execution finished"),
        {"channel": CODE},
        may={"costs": FLAG, "amount": MONEY, "currency": CODE, "remedy": CODE},
    ),
    "complaint.result_sent": Kind(_("Result sent to the guest"), may={"channel": CODE, "form": CODE}),
    "complaint.result_sent_promoter": Kind(_("Result sent to the promoter"), may={"channel": CODE, "form": CODE}),
    "complaint.confirmation_asked": Kind(_("Guest asked to confirm the result"), may={"channel": CODE}),
    "complaint.result_confirmed": Kind(_("Result confirmed by the guest"), may={"channel": CODE}),
    "complaint.result_rejected": Kind(_("Result rejected by the guest"), may={"channel": CODE, "reason": CODE}),
    "complaint.result_unanswered": Kind(_("Guest did not answer about the result")),
    "complaint.followed_up": Kind(_("Followed up")),
    "complaint.withdrawn": Kind(_("Complaint withdrawn"), may={"reason": CODE}),
    "complaint.merged": Kind(_("Complaint merged with another"), may={"into": KEY}),
    "complaint.reopened": Kind(_("Complaint reopened"), may={"reason": CODE}),
    "complaint.escalated": Kind(_("Complaint escalated"), may={"severity": CODE, "department": CODE, "reason": CODE}),
    "complaint.rated": Kind(_("Handling rated by the guest"), {"rating": NUMBER}, stays=True),
    "complaint.regrading_asked": Kind(_("Lower level asked for"), {"severity": CODE}, stays=True),
    "complaint.regrading_refused": Kind(_("Lower level refused"), {"severity": CODE}, stays=True),
    "complaint.concern_named": Kind(_("Person concerned named"), stays=True),
    "complaint.concerned_told": Kind(_("Person concerned told of the complaint"), stays=True),
    "complaint.concerned_heard": Kind(_("Person concerned heard"), stays=True),
    "complaint.concerned_result": Kind(_("Person concerned told the result"), stays=True),
    "complaint.concerned_appealed": Kind(_("Person concerned appealed"), stays=True),
    "complaint.remedy_offered": Kind(
        _("Remedy offered"), {"remedy": CODE}, may={"amount": MONEY, "currency": CODE}, stays=True
    ),
    "complaint.remedy_approved": Kind(_("Remedy approved"), {"remedy": CODE}, stays=True),
    "complaint.remedy_refused": Kind(_("Remedy not approved"), {"remedy": CODE}, stays=True),
    "complaint.remedy_given": Kind(_("Remedy given"), {"remedy": CODE}, stays=True),
    "paper.reserved": Kind(_("Numbers reserved for forms on paper"), {"first": NUMBER, "last": NUMBER}, stays=True),
    "complaint.put_back": Kind(_("Put back to an earlier step"), {"entry": NUMBER}, stays=True),
    "survey.planned": Kind(_("Survey planned"), may={"from_day": DATE, "to_day": DATE}),
    "survey.opened": Kind(_("Survey opened"), may={"invited": NUMBER}),
    "survey.closed": Kind(_("Survey closed"), may={"invited": NUMBER, "answered": NUMBER, "answers": HASH}),
    "survey.analysed": Kind(_("Survey analysed"), may={"document": HASH}),
    "survey.shared": Kind(_("Survey results handed over"), may={"document": HASH, "shared_with": CODE}),
    "survey.acknowledged": Kind(_("Survey results acknowledged"), may={"by": CODE}),
    "improvement.planned": Kind(_("Improvement planned"), may={"measure": CODE, "until": DATE}),
    "improvement.started": Kind(_("Improvement started")),
    "improvement.adjusted": Kind(_("Improvement adjusted"), may={"measure": CODE, "until": DATE}),
    "improvement.completed": Kind(_("Improvement completed")),
    "improvement.evaluated": Kind(_("Improvement evaluated"), may={"problem": FLAG, "effective": FLAG}),
    "strategy.assessed": Kind(_("Strategy assessed"), may={"document": HASH}),
    "training.planned": Kind(_("Training planned"), may={"topic": CODE, "day": DATE}),
    "training.held": Kind(_("Training held"), may={"topic": CODE, "attended": NUMBER, "minutes": NUMBER}),
    "training.assessed": Kind(_("Training assessed"), may={"topic": CODE, "passed": NUMBER, "attended": NUMBER}),
    "training.adjusted": Kind(_("Training adjusted"), may={"topic": CODE}),
    "guidance.given": Kind(_("Guidance given"), may={"topic": CODE}),
    "appraisal.planned": Kind(_("Appraisal planned"), may={"from_day": DATE, "to_day": DATE}),
    "appraisal.completed": Kind(_("Appraisal completed"), may={"from_day": DATE, "to_day": DATE, "appraised": NUMBER}),
    "appraisal.fed_back": Kind(_("Appraisal result fed back")),
    "appraisal.applied": Kind(_("Appraisal result applied")),
    "incentive.granted": Kind(_("Incentive granted"), may={"kind": CODE, "amount": MONEY, "currency": CODE}),
    "incentive.penalised": Kind(_("Penalty imposed"), may={"kind": CODE, "amount": MONEY, "currency": CODE}),
    "award.given": Kind(_("Award given"), may={"kind": CODE, "amount": MONEY, "currency": CODE}),
    "campaign.planned": Kind(_("Campaign planned"), may={"from_day": DATE, "to_day": DATE, "budget": MONEY}),
    "campaign.approved": Kind(_("Campaign approved")),
    "campaign.started": Kind(_("Campaign started")),
    "campaign.monitored": Kind(_("Campaign monitored"), may={"problem": FLAG}),
    "campaign.ended": Kind(_("Campaign ended"), may={"reason": CODE}),
    "campaign.evaluated": Kind(_("Campaign evaluated"), may={"as_trained": FLAG, "document": HASH}),
    "campaign.adjusted": Kind(_("Campaign adjusted"), may={"reason": CODE}),
    "offer.made": Kind(_("Offer made"), may={"kind": CODE, "until": DATE}),
    "customer.registered": Kind(_("Customer registered"), may={"channel": CODE}),
    "customer.visited": Kind(_("Customer visited"), may={"channel": CODE}),
    "customer.data_reviewed": Kind(_("Customer data reviewed")),
    "customer.cared_for": Kind(_("Customer cared for"), may={"kind": CODE}),
    "customer.opted_out": Kind(_("Customer opted out"), may={"channel": CODE}),
    "customer.erased": Kind(_("Customer data erased"), may={"reason": CODE}),
    "customer.merged": Kind(_("Customer merged with another"), {"into": KEY}, stays=True),
    "customer.request_received": Kind(_("Request about personal data received"), {"kind": CODE}, may={"channel": CODE}),
    "customer.request_answered": Kind(_("Request about personal data answered"), {"kind": CODE, "outcome": CODE}),
    "relationship.evaluated": Kind(_("Customer relationships evaluated"), may={"document": HASH}),
    "cost.submitted": Kind(
        _("Cost submitted"), may={"amount": MONEY, "currency": CODE, "budget_line": CODE, "document": HASH}, stays=True
    ),
    "cost.approved": Kind(_("Cost approved"), may={"amount": MONEY, "currency": CODE}, stays=True),
    "cost.rejected": Kind(_("Cost rejected"), may={"reason": CODE, "words": HASH}, stays=True),
    "cost.withdrawn": Kind(_("Cost withdrawn"), stays=True),
    "cost.paid": Kind(_("Cost paid"), may={"amount": MONEY, "currency": CODE}, stays=True),
    "budget.set": Kind(
        _("Budget set"),
        may={"budget_line": CODE, "amount": MONEY, "currency": CODE, "from_day": DATE, "to_day": DATE},
        stays=True,
    ),
    "transfer.reversed": Kind(
        _("Payment moved back"), {"amount": MONEY, "currency": CODE, "day": DATE, "reason": CODE}, stays=True
    ),
    "period.closed": Kind(
        _("Month closed"), {"from_day": DATE, "to_day": DATE, "transfers": NUMBER, "document": HASH}, stays=True
    ),
    "period.reopened": Kind(_("Month opened again"), {"from_day": DATE, "reason": CODE}, stays=True),
    "settlement.closed": Kind(
        _("Settlement closed"), may={"amount": MONEY, "currency": CODE, "from_day": DATE, "to_day": DATE}
    ),
    "payment.due": Kind(_("Payment due"), may={"amount": MONEY, "currency": CODE, "payer": CODE}),
    "payment.made": Kind(_("Payment made"), may={"amount": MONEY, "currency": CODE, "payer": CODE}),
    "intervention.requested": Kind(_("Third party asked for"), may={"by": CODE, "kind": CODE}),
    "intervention.answered": Kind(_("Request for a third party answered"), may={"by": CODE, "agreed": FLAG}),
    "intervention.agreed": Kind(_("Third party agreed on"), may={"kind": CODE, "amount": MONEY, "currency": CODE}),
    "intervention.material_requested": Kind(_("Material requested by the third party"), may={"of": CODE}),
    "intervention.material_provided": Kind(_("Material provided to the third party"), may={"by": CODE, "file": HASH}),
    "intervention.reported": Kind(_("Third party reported"), may={"document": HASH}),
    "intervention.supervised": Kind(_("Third party supervised"), may={"by": CODE, "problem": FLAG}),
    "intervention.subcontract_consented": Kind(_("Subcontract consented to"), may={"by": CODE}),
    "intervention.evaluated": Kind(
        _("Third party evaluated"), may={"contract_change": FLAG, "by": CODE, "document": HASH}
    ),
    "intervention.ended": Kind(_("Third party's work ended"), may={"reason": CODE}),
    "breach.asserted": Kind(_("Breach asserted"), may={"by": CODE, "duty": CODE, "index": NUMBER, "kind": CODE}),
    "breach.disputed": Kind(_("Breach disputed"), may={"by": CODE, "reason": CODE}),
    "breach.excused": Kind(_("Breach excused"), may={"by": CODE, "reason": CODE}),
    "breach.accepted": Kind(_("Breach accepted"), may={"by": CODE}),
    "breach.settled": Kind(_("Breach settled"), may={"amount": MONEY, "currency": CODE, "remedy": CODE}),
    "breach.waived": Kind(_("Claims from the breach waived"), may={"by": CODE}),
    "dispute.opened": Kind(_("Dispute opened"), may={"by": CODE, "matter": CODE}),
    "dispute.negotiated": Kind(_("Dispute negotiated"), may={"agreed": FLAG}),
    "dispute.submitted": Kind(_("Dispute submitted for decision"), may={"by": CODE, "to": CODE}),
    "dispute.awarded": Kind(_("Dispute decided"), may={"amount": MONEY, "currency": CODE, "document": HASH}),
    "dispute.closed": Kind(_("Dispute closed")),
    "message.queued": Kind(_("Message queued"), may={"channel": CODE, "template": CODE}),
    "message.sent": Kind(_("Message sent"), may={"channel": CODE}),
    "message.delivered": Kind(_("Message delivered"), may={"channel": CODE}),
    "message.read": Kind(_("Message read"), may={"channel": CODE}),
    "message.failed": Kind(_("Message not delivered"), may={"channel": CODE, "reason": CODE}),
    "message.refused": Kind(_("Message not sent"), {"reason": CODE}, may={"channel": CODE}, stays=True),
    "message.opted_out": Kind(_("Recipient wants no more messages"), {"everything": FLAG}, stays=True),
    "message.received": Kind(_("Message came in"), may={"channel": CODE}),
    "approval.requested": Kind(
        _("Approval asked for"), {"kind": CODE}, may={"amount": MONEY, "currency": CODE, "words": HASH}, stays=True
    ),
    "approval.passed": Kind(_("Agreed to, and passed on"), {"place": NUMBER}, may={"words": HASH}, stays=True),
    "approval.given": Kind(_("Approved"), may={"amount": MONEY, "currency": CODE, "words": HASH}, stays=True),
    "approval.refused": Kind(_("Approval refused"), {"words": HASH}, stays=True),
    "approval.withdrawn": Kind(_("Request for approval withdrawn"), stays=True),
    "approval.delegated": Kind(_("Approval handed on"), {"place": NUMBER, "to": KEY}, stays=True),
    "approval.added": Kind(_("Approver added"), {"place": NUMBER, "to": KEY}, stays=True),
    "notice.sent": Kind(_("Notice sent"), may={"matter": CODE, "by": CODE, "channel": CODE}),
    "notice.delivered": Kind(_("Notice delivered"), may={"matter": CODE, "by": CODE, "channel": CODE}),
    "notice.failed": Kind(_("Notice not delivered"), may={"matter": CODE, "by": CODE, "channel": CODE}),
    "secret.disclosed": Kind(_("Secret disclosed"), may={"by": CODE}),
    "complaint.archived": Kind(_("Archived")),
}


def kind_for(type: str, names: Collection[str], contracts: Iterable[int]) -> Kind:
    """What is declared for this type. Where these fields are not, what the contracts' own editions say of it, too.

    A field that a duty's pattern names may have what an edition's words for it are, and nothing else, so that no text gets in.
    `LookupError` for a type that is neither declared nor spoken of.
    """
    declared = KINDS.get(type)
    if declared is not None and set(names) <= declared.fields.keys() | declared.may.keys():
        return declared
    versions = [terms(row.edition_id, row.parameters) for contract in contracts for row in versions_of(contract)]
    found = [mention for one in versions for mention in mentions(one) if mention.pattern.event == type]
    if declared is None and not found:
        raise LookupError(f"{type} is no declared event, and the contract speaks of none.")
    may: dict[str, Field] = {}
    for key, values in values_named(found).items():
        if is_sayable(key):
            rows = {row for one in versions for row in one.edition.vocabulary.get(key, ())}
            may[key] = _named({*values, *rows})
    kind = declared or Kind(label_of(type))
    return replace(kind, may={**may, **kind.may, "words": HASH})  # which binds what was written beside it, in a row


def _named(values: Collection[str | int | bool]) -> Field:
    """A code, number or flag of the edition's own."""
    if any(isinstance(value, bool) for value in values):
        return FLAG

    def write(value: Any) -> object:
        if value not in values or isinstance(value, bool):
            raise ValueError(value)
        return value

    return Field("value that the edition names", write)


def label_of(type: str) -> str:
    """What people call an event; its own name where nobody has words for it."""
    return str(KINDS[type].label) if type in KINDS else reading(words.event(type))
