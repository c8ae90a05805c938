"""What the guest is told in the end, what they answer, and how a complaint is closed."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.channels.models import Message
from encore.complaints import course, queries
from encore.complaints.models import Complaint, Statement
from encore.complaints.operations.letters import write
from encore.complaints.operations.steps import handled, locked, refuse_the_concerned, say, took
from encore.contracts.queries import edition_of
from encore.ledger.nouns import key_of
from encore.ledger.queries import history
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotSendResult(Refusal):
    pass


class CannotAsk(Refusal):
    pass


class CannotAnswer(Refusal):
    pass


class CannotSendAgain(Refusal):
    pass


class CannotFollowUp(Refusal):
    pass


class CannotRate(Refusal):
    pass


class CannotArchive(Refusal):
    pass


class CannotWithdraw(Refusal):
    pass


class CannotMerge(Refusal):
    pass


class CannotReopen(Refusal):
    pass


class NothingToPutBack(Refusal):
    pass


TIME_TO_ANSWER: Final = timedelta(days=7)  # after which a guest who was asked and is silent has not answered


@operation
def send_result(
    complaint: Complaint,
    *,
    measures: str,
    result: str,
    improvement: str,
    by: User,
    at: datetime,
    channel: str = "",
    oral: bool = False,
) -> Complaint:
    """Gives the guest the result: what was done, what came of it, and what will be better from now on.

    In writing it also stands on the page that they follow the complaint by. `channel`: a key of the edition, left out, that
    page; `oral`: it was told, and may have to follow in writing.
    """
    complaint = handled(complaint, by)
    if not complaint.awaits_result:
        raise CannotSendResult(_("The result is sent once, after the complaint has been resolved."))
    if complaint.resolved_at is None or at < complaint.resolved_at:
        raise CannotSendResult(_("That is before it was resolved."))
    if not (measures and result and improvement):
        raise CannotSendResult(_("A result says what was done, what came of it and what will be better."))
    edition = edition_of(complaint.contract)
    way = channel or queries.channel(edition, "web")
    if not oral:
        write(complaint, "complaint-answered", by=by, at=at, key=f"result-{at:%y%m%d%H%M%S}", channel=way)
    return took(
        complaint,
        "complaint.result_sent",
        by=by,
        at=at,
        data={"channel": way, "form": "oral" if oral else "written"},
        columns={"measures": measures, "result": result, "improvement": improvement, "was_told": oral},
    )


@operation
def ask_confirmation(complaint: Complaint, *, channel: str, by: User, at: datetime) -> Complaint:
    """The guest is asked whether they accept the result."""
    complaint = handled(complaint, by)
    if not complaint.awaits_confirmation:
        raise CannotAsk(_("The guest is asked once they have the result, and until they have answered."))
    write(complaint, "complaint-confirm", by=by, at=at, key=f"confirm-{at:%y%m%d%H%M%S}", channel=channel)
    return took(complaint, "complaint.confirmation_asked", by=by, at=at, data={"channel": channel})


@operation
def confirm(complaint: Complaint, *, channel: str, by: User | None, at: datetime) -> Complaint:
    """The guest accepts the result. `by`: who heard it from them; None where they said so on their own page."""
    return _answer(complaint, "complaint.result_confirmed", channel, by, at, "")


@operation
def reject(complaint: Complaint, *, channel: str, by: User | None, at: datetime, words: str = "") -> Complaint:
    """The guest does not accept it; `words`: why."""
    return _answer(complaint, "complaint.result_rejected", channel, by, at, words)


def _answer(complaint: Complaint, type: str, channel: str, by: User | None, at: datetime, words: str) -> Complaint:
    complaint = handled(complaint, by)
    if not complaint.awaits_confirmation:
        raise CannotAnswer(_("The result is accepted or rejected once, after it has been sent."))
    say(complaint, Statement.Kind.REJECTION, type, words, by, at, channel)
    return took(complaint, type, by=by, at=at, data={"channel": channel})


@operation
def note_silence(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    """The guest was asked, and had time, and did not answer. That is no acceptance."""
    complaint = handled(complaint, by)
    if not complaint.awaits_confirmation or complaint.confirmation_asked_at is None:
        raise CannotAnswer(_("Nobody has asked the guest yet, or they have answered."))
    if at < complaint.confirmation_asked_at + TIME_TO_ANSWER:
        raise CannotAnswer(_("The guest has seven days to answer."))
    return took(complaint, "complaint.result_unanswered", by=by, at=at)


@operation
def send_again(complaint: Complaint, *, message: Message, channel: str, by: User, at: datetime) -> Complaint:
    """A message that did not arrive goes out once more, by a channel that the guest can be reached by."""
    complaint = locked(complaint)
    refuse_the_concerned(complaint, by)
    if key_of(complaint) != (message.noun, message.noun_id) or message not in queries.undelivered(complaint):
        raise CannotSendAgain(_("This message has arrived, or is still on its way."))
    key = f"again-{message.pk}-{at:%y%m%d%H%M%S}"
    if write(complaint, message.wording, by=by, at=at, key=key, channel=channel) is None:
        raise CannotSendAgain(_("The guest left no address for this way, or did not agree to it."))
    return complaint


@operation
def follow_up(complaint: Complaint, *, by: User, at: datetime, words: str = "") -> Complaint:
    """The guest was asked whether what was done holds; as often as the contract wants it."""
    complaint = handled(complaint, by)
    if complaint.resolved_at is None:
        raise CannotFollowUp(_("What is followed up is a complaint that has been resolved, until it is archived."))
    say(complaint, Statement.Kind.FOLLOW_UP, "complaint.followed_up", words, by, at)
    return took(complaint, "complaint.followed_up", by=by, at=at)


@operation
def rate(complaint: Complaint, *, rating: int, words: str, by: User | None, at: datetime) -> Complaint:
    """How content the guest is with the handling, 1 to 5. Once; also after the complaint was archived."""
    complaint = locked(complaint)
    if complaint.is_void or complaint.result_sent_at is None:
        raise CannotRate(_("The handling is rated once there is a result."))
    if complaint.rating is not None:
        raise CannotRate(_("You have rated the handling. Thank you."))
    if not 1 <= rating <= 5:
        raise CannotRate(_("From one star to five."))
    columns = {"rating": rating, "rating_words": words, "rated_at": at}
    return took(complaint, "complaint.rated", by=by, at=at, data={"rating": rating}, columns=columns)


@operation
def archive(complaint: Complaint, *, by: User, at: datetime) -> Complaint:
    complaint = handled(complaint, by)
    if not complaint.awaits_archiving:
        raise CannotArchive(_("A complaint is archived once, after the guest has been given the result."))
    return took(complaint, "complaint.archived", by=by, at=at)


@operation
def withdraw(complaint: Complaint, *, by: User | None, at: datetime, words: str = "") -> Complaint:
    """The guest takes it back. `by`: who heard it from them; `words`: what they said."""
    complaint = handled(complaint, by)
    if complaint.resolved_at is not None:
        raise CannotWithdraw(_("The complaint has been resolved; nothing is left to take back."))
    say(complaint, Statement.Kind.REASON, "complaint.withdrawn", words, by, at)
    return took(complaint, "complaint.withdrawn", by=by, at=at)


@operation
def merge(complaint: Complaint, *, into: Complaint, by: User, at: datetime) -> Complaint:
    """The same matter was told twice: this one goes on in the other, which stays."""
    first, second = sorted((complaint.pk, into.pk))
    rows = Complaint.objects.select_for_update(of=("self",)).select_related("contract").order_by("pk")
    found = {row.pk: row for row in rows.filter(pk__in=(first, second))}
    complaint, into = found[complaint.pk], found[into.pk]
    if complaint.pk == into.pk or complaint.contract_id != into.contract_id:
        raise CannotMerge(_("Only two complaints under one contract can be merged."))
    if not complaint.is_open or not into.is_open or Complaint.objects.filter(merged_into=complaint).exists():
        raise CannotMerge(_("Only open complaints can be merged, and one that others were merged into stays."))
    refuse_the_concerned(complaint, by)
    refuse_the_concerned(into, by)
    named = set(into.concerns.values_list("person", flat=True))
    for person in User.objects.filter(pk__in=complaint.concerns.values("person")).exclude(pk__in=named):
        if into.responsible_id == person.pk:
            raise CannotMerge(_("It is about the person who answers for the other: give that to somebody else first."))
        into.concerns.create(person=person, named_at=at)
        record("complaint.concern_named", subject=into, refs=[person], actor=by, occurred_at=at)
    return took(
        complaint,
        "complaint.merged",
        by=by,
        at=at,
        data={"into": str(key_of(into))},
        columns={"merged_into": into},
    )


@operation
def reopen(complaint: Complaint, *, words: str, by: User | None, at: datetime) -> Complaint:
    """It was not good after all: what comes after the stage that it goes back to is done again."""
    complaint = locked(complaint)
    if by is not None:
        refuse_the_concerned(complaint, by)
    if not complaint.can_be_reopened or complaint.is_void:
        raise CannotReopen(_("Only a complaint whose result was sent can be reopened."))
    if at < max(filter(None, (complaint.result_sent_at, complaint.archived_at))):
        raise CannotReopen(_("That is before its result was sent, or before it was archived."))
    if not words:
        raise CannotReopen(_("Say why it is reopened."))
    anew = course.begun_anew(edition_of(complaint.contract))
    cleared = {column: None for type, column in course.REACHED.items() if type in anew}
    for name, value in cleared.items():
        setattr(complaint, name, value)
    say(complaint, Statement.Kind.REASON, "complaint.reopened", words, by, at)
    return took(complaint, "complaint.reopened", by=by, at=at, columns={**cleared, "answer": "", "reopened_at": at})


@operation
def escalate(complaint: Complaint, *, words: str, by: User, at: datetime) -> Complaint:
    """Hands it to whoever is above: the managers of both parties are told."""
    complaint = handled(complaint, by)
    say(complaint, Statement.Kind.REASON, "complaint.escalated", words, by, at)
    return took(complaint, "complaint.escalated", by=by, at=at)


@operation
def put_back(complaint: Complaint, *, entry: int, by: User, at: datetime) -> Complaint:
    """Makes the complaint stand where the entries that count say it stands, after `entry` annulled one of them.

    Words stay: who takes the step again finds them in its form.
    """
    complaint = locked(complaint)
    entries = history(key_of(complaint))
    if queries.is_void(entries):
        raise NothingToPutBack(_("Its very receipt was annulled."))
    reached = course.reached(edition_of(complaint.contract), entries)
    columns = {*course.REACHED.values(), "stage", "stage_since", "answer"}
    empty = {"stage": "", "answer": ""}
    changed = [name for name in columns if getattr(complaint, name) != reached.get(name, empty.get(name))]
    if "merged_at" in changed:
        complaint.merged_into = None
        changed.append("merged_into")
    if not changed:
        raise NothingToPutBack(_("The complaint stands where its entries say."))

    for name in columns & set(changed):
        setattr(complaint, name, reached.get(name, empty.get(name)))
    last = next((one for one in reversed(entries) if one.type == "complaint.assessed"), None)
    for name in ("severity", "category", "cause"):
        setattr(complaint, name, last.data.get(name, "") if last else "")
    sent = next((one for one in reversed(entries) if one.type == "complaint.result_sent"), None)
    complaint.was_told = sent is not None and sent.data.get("form") == "oral"
    complaint.save(update_fields=[*changed, "severity", "category", "cause", "was_told"])

    record("complaint.put_back", subject=complaint, actor=by, occurred_at=at, entry=entry)
    return complaint
