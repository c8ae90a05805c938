"""What people are told. Nobody acts by it, so that it is no event."""

from collections.abc import Collection

from encore.accounts.models import Organisation, User
from encore.channels.drafts import tell_all
from encore.channels.models import Inbox
from encore.home.models import PassedStep
from encore.ledger.nouns import NOUNS, Key
from encore.ledger.queries import Finding, findings


def tell(numbers: Collection[int]) -> None:
    """Puts what the ledger found into the inboxes of the people who are responsible for it, at the party that owes it."""
    found = findings(numbers)
    responsible = _responsible({finding.key for finding in found})
    tell_all(
        Inbox(
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
        for finding in found
        for person in responsible.get(finding.key, ())
        if _is_for(person, finding)
    )


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
