"""What people are told. Nobody acts by it, so that it is no event."""

from collections.abc import Collection, Sequence
from typing import Final

from encore.accounts.models import Organisation, User
from encore.channels.drafts import tell_all
from encore.channels.models import Inbox
from encore.home.models import PassedStep
from encore.ledger.nouns import NOUNS, Key
from encore.ledger.queries import Finding, findings

MOST_AT_ONCE: Final = 20  # things of a kind that somebody is told one by one; of more they are told the number


def tell(numbers: Collection[int]) -> None:
    """Puts what the ledger found into the inboxes of the people who are responsible for it, at the party that owes it.

    What a tick finds at a stroke after hours of standing still would bury everything else: it is told as one thing.
    """
    found = findings(numbers)
    responsible = _responsible({finding.key for finding in found})
    told: dict[tuple[User, int, str], list[Finding]] = {}
    for finding in found:
        for person in responsible.get(finding.key, ()):
            if _is_for(person, finding):
                told.setdefault((person, finding.contract, finding.type), []).append(finding)
    singly = {about: those for about, those in told.items() if len(those) <= MOST_AT_ONCE}
    tell_all(_item(person, finding) for (person, _contract, _kind), those in singly.items() for finding in those)
    for (person, contract, kind), those in told.items():
        if len(those) > MOST_AT_ONCE:
            _tell_number(person, contract, kind, those)


def _item(person: User, finding: Finding) -> Inbox:
    return Inbox(
        person=person,
        noun=finding.key.noun,
        noun_id=finding.key.id,
        kind=finding.type,
        event=finding.event,
        contract=finding.contract,
        duty=finding.data["duty"],
        detail=finding.data.get("state", ""),
        at=finding.occurred_at,
    )


def _tell_number(person: User, contract: int, kind: str, those: Sequence[Finding]) -> None:
    """How many there are, in one item about the contract; as long as that is not read, further ones are added to it."""
    latest = max(finding.occurred_at for finding in those)
    unread = Inbox.objects.select_for_update().filter(
        person=person, noun="contract", noun_id=contract, kind=kind, duty="", read_at=None
    )
    if (item := unread.order_by("pk").first()) is not None and item.detail.isdecimal():
        item.detail, item.at = str(int(item.detail) + len(those)), max(item.at, latest)
        item.save(update_fields=["detail", "at"])
        return
    first = min(finding.event for finding in those)
    about = {"noun": "contract", "noun_id": contract, "kind": kind, "contract": contract}
    tell_all([Inbox(person=person, event=first, detail=str(len(those)), at=latest, **about)])


def _responsible(keys: Collection[Key]) -> dict[Key, Collection[User]]:
    by_noun: dict[str, set[int]] = {}
    for key in keys:
        by_noun.setdefault(key.noun, set()).add(key.id)
    return {
        Key(name, number): people
        for name, numbers in by_noun.items()
        if name in NOUNS
        for number, people in NOUNS[name].responsible(numbers).items()
    }


def _is_for(person: User, finding: Finding) -> bool:
    return finding.debtor in ("", person.organisation.role)


def pass_step(organisation: Organisation, step: str) -> None:
    """Leaves a step of the first hour out."""
    PassedStep.objects.get_or_create(organisation=organisation, step=step)


def take_up_step(organisation: Organisation, step: str) -> None:
    """Puts it back."""
    PassedStep.objects.filter(organisation=organisation, step=step).delete()
