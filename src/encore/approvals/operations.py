"""What is asked for, and decided. On the last decision features hear of it: `approval.given` or `approval.refused`.

Both name in their refs what it was asked for. What has to be true together with a decision follows it in the same transaction
(`register`).
"""

import secrets
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import IntegrityError
from django.db.models import F, Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from encore.accounts.models import Post, User
from encore.accounts.queries import people_of
from encore.accounts.rights import may
from encore.approvals import queries
from encore.approvals.models import GIVEN, REFUSED, Approval, Copy, State, Step
from encore.approvals.register import follow
from encore.ledger.nouns import NOUNS, contract_of, key_of
from encore.ledger.record import operation, record
from encore.ledger.refusal import Refusal


class CannotAsk(Refusal):
    pass


class AlreadyAsked(Refusal):
    """The same form came twice."""


class CannotDecide(Refusal):
    pass


class AlreadyDecided(Refusal):
    """Somebody else was faster."""


class CannotHandOn(Refusal):
    pass


class CannotWithdraw(Refusal):
    pass


def ask(
    subject: Model | None,
    *,
    kind: str,
    words: str,
    form_key: str,
    by: User,
    at: datetime,
    amount: Decimal | None = None,
    currency: str = "CNY",
    beneficiary: User | None = None,
    copies: Collection[User] = (),
) -> Approval:
    """A step of the operation under way: what it does waits for those who must agree. `form_key` names it, once and for all."""
    amount = None if amount is None else amount.quantize(Decimal("0.01"))
    barred = {by.pk, *([beneficiary.pk] if beneficiary else [])}
    posts = _posts(by, kind, amount, barred)
    salt = secrets.token_hex(16)
    approval = Approval.objects.create(
        owner=by.organisation,
        kind=kind,
        noun=key_of(subject).noun if subject else "",
        noun_id=subject.pk if subject else None,
        contract_id=contract_of(subject) if subject else None,
        words=words,
        salt=salt,
        amount=amount,
        currency=currency,
        requested_by=by,
        beneficiary=beneficiary,
        requested_at=at,
        form_key=form_key,
        waits_post=posts[0],
        waits_since=at,
    )
    Step.objects.bulk_create(Step(approval=approval, place=place, post=post) for place, post in enumerate(posts, 1))
    Copy.objects.bulk_create(Copy(approval=approval, person=one) for one in {one.pk: one for one in copies}.values())
    money: dict[str, Any] = {"amount": amount, "currency": currency} if amount is not None else {}
    refs = [subject] if subject else []
    record(
        "approval.requested",
        subject=approval,
        actor=by,
        occurred_at=at,
        refs=refs,
        kind=kind,
        words=_bound(salt, words),
        **money,
    )
    return approval


def _posts(by: User, kind: str, amount: Decimal | None, barred: Collection[int]) -> list[Post]:
    """The posts that decide. Where nobody in one of them may, because they would decide for themselves, a manager does."""
    house = people_of([by.organisation_id]).get(by.organisation_id, [])
    found: list[Post] = []
    for post in queries.deciding(by.organisation_id, kind, amount):
        who = post if queries.able(house, post, barred) else Post.MANAGER
        if not queries.able(house, who, barred):
            raise CannotAsk(
                _("Nobody here may decide this but whoever asks or gains by it: a second manager is needed.")
            )
        if who not in found:
            found.append(who)
    return found


def _bound(salt: str, words: str) -> str:
    """What an event keeps of words, which stay in their row: nobody can change them unseen, or guess them."""
    return sha256(f"{salt}\n{words}".encode()).hexdigest()


@operation
def request(
    *,
    subject: Model | None,
    kind: str,
    words: str,
    form_key: str,
    amount: Decimal | None,
    beneficiary: User | None,
    copies: Collection[User],
    by: User,
    at: datetime,
) -> Approval:
    """Asks for something by a form of its own."""
    try:
        return ask(
            subject,
            kind=kind,
            words=words,
            form_key=form_key,
            amount=amount,
            beneficiary=beneficiary,
            copies=copies,
            by=by,
            at=at,
        )
    except IntegrityError as error:
        if "form_key" not in str(error):
            raise
        raise AlreadyAsked(gettext_lazy("This has already been asked for.")) from None


@operation
def approve(approval: Approval, *, step: int, words: str, by: User, at: datetime) -> Approval:
    """Agrees. Where more have to, it is their turn; otherwise it is approved."""
    approval, turn = _turn(approval, step, by, at)
    bound = _decide(approval, turn, GIVEN, words, by, at)
    following = queries.current(approval)
    said: dict[str, Any] = {"words": bound} if words else {}
    if following is not None:
        _pass_to(approval, following, at)
        record("approval.passed", subject=approval, actor=by, occurred_at=at, place=turn.place, **said)
        return approval

    _end(approval, State.GIVEN, at)
    if approval.amount is not None:
        said |= {"amount": approval.amount, "currency": approval.currency}
    record("approval.given", subject=approval, actor=by, occurred_at=at, refs=_subject(approval), **said)
    follow(approval, words, by, at)
    return approval


@operation
def refuse(approval: Approval, *, step: int, words: str, by: User, at: datetime) -> Approval:
    """Refuses, and says why. That is the end of it, however many had agreed."""
    approval, turn = _turn(approval, step, by, at)
    if not words:
        raise CannotDecide(_("Say why it is refused."))
    bound = _decide(approval, turn, REFUSED, words, by, at)
    _end(approval, State.REFUSED, at)

    record("approval.refused", subject=approval, actor=by, occurred_at=at, refs=_subject(approval), words=bound)
    follow(approval, words, by, at)
    return approval


@operation
def delegate(approval: Approval, *, step: int, to: User, by: User, at: datetime) -> Approval:
    """Hands one's turn on to somebody else."""
    approval, turn = _turn(approval, step, by, at)
    _require_able(approval, to, by)

    turn.person, turn.handed_on_by = to, by
    turn.save(update_fields=["person", "handed_on_by"])
    _pass_to(approval, turn, at)

    record("approval.delegated", subject=approval, actor=by, occurred_at=at, place=turn.place, to=key_of(to))
    return approval


@operation
def add(approval: Approval, *, step: int, to: User, is_before: bool, by: User, at: datetime) -> Approval:
    """Has somebody else agree as well: before one does oneself, or after."""
    approval, turn = _turn(approval, step, by, at)
    _require_able(approval, to, by)

    place = turn.place if is_before else turn.place + 1
    approval.steps.filter(place__gte=place).update(place=F("place") + 1)
    added = Step.objects.create(approval=approval, place=place, post=to.post, person=to, added_by=by)
    if is_before:
        _pass_to(approval, added, at)

    record("approval.added", subject=approval, actor=by, occurred_at=at, place=place, to=key_of(to))
    return approval


@operation
def withdraw(approval: Approval, *, by: User, at: datetime) -> Approval:
    approval = _locked(approval)
    if approval.requested_by_id != by.pk:
        raise CannotWithdraw(_("Only who asked for it can withdraw it."))
    if not approval.is_open:
        raise CannotWithdraw(_("It has been decided already."))
    _end(approval, State.WITHDRAWN, at)

    record("approval.withdrawn", subject=approval, actor=by, occurred_at=at, refs=_subject(approval))
    follow(approval, "", by, at)
    return approval


def _locked(approval: Approval) -> Approval:
    rows = Approval.objects.select_for_update(of=("self",)).select_related("waits_person")
    return rows.get(pk=approval.pk)


def _turn(approval: Approval, step: int, by: User, at: datetime) -> tuple[Approval, Step]:
    """Of two who decide at the same moment one comes first; the other is told who that was."""
    approval = _locked(approval)
    turn = queries.current(approval)
    if turn is None or turn.pk != step:
        decided = approval.steps.filter(pk=step).exclude(decided_by=None).select_related("decided_by").first()
        if decided is not None and decided.decided_by is not None:
            raise AlreadyDecided(_("%(name)s has decided this already.") % {"name": decided.decided_by.name})
        raise AlreadyDecided(_("It is no longer the turn of this step."))
    if queries.in_whose_name(approval, by, at) is None:
        raise CannotDecide(_("It is not your turn to decide this."))
    return approval, turn


def _decide(approval: Approval, turn: Step, decision: str, words: str, by: User, at: datetime) -> str:
    name = queries.in_whose_name(approval, by, at)
    turn.decision, turn.decided_by, turn.decided_at = decision, by, at
    turn.acting_for = name if name != by else None
    turn.words, turn.salt = words, secrets.token_hex(16)
    turn.save(update_fields=["decision", "decided_by", "decided_at", "acting_for", "words", "salt"])
    return _bound(turn.salt, words)


def _pass_to(approval: Approval, step: Step, at: datetime) -> None:
    approval.waits_post, approval.waits_person, approval.waits_since = step.post, step.person, at
    approval.save(update_fields=["waits_post", "waits_person", "waits_since"])


def _end(approval: Approval, state: State, at: datetime) -> None:
    approval.state, approval.decided_at, approval.waits_post, approval.waits_person = state, at, "", None
    approval.save(update_fields=["state", "decided_at", "waits_post", "waits_person"])


def _require_able(approval: Approval, to: User, by: User) -> None:
    if to.pk in approval.barred:
        raise CannotHandOn(_("Nobody decides about what they have asked for, or gain by."))
    is_able = to.organisation_id == approval.owner_id and to.is_active and may("approvals.approve", to)
    if not is_able or to.pk == by.pk:
        raise CannotHandOn(_("Choose somebody else of your house, in a post that decides."))


def _subject(approval: Approval) -> list[Model]:
    noun = NOUNS.get(approval.noun)
    if noun is None:
        return []
    return list(noun.model._default_manager.filter(pk=approval.noun_id))  # noqa: SLF001 - Django's way to any model's rows
