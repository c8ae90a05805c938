"""Who decides about which amounts, who stands in, who has a copy: set, not enacted."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from encore.accounts.models import Organisation, Post, User
from encore.accounts.rights import require
from encore.approvals.models import Absence, Approval, Copy, Tier


def set_tiers(kind: str, rows: Sequence[tuple[Decimal | None, Sequence[Post]]], *, by: User) -> None:
    """Replaces those of a kind. What has been asked already keeps its steps."""
    require("approvals.set_tiers", by)
    with transaction.atomic():
        Organisation.objects.select_for_update().get(
            pk=by.organisation_id
        )  # of two who set them at once, one is second
        Tier.objects.filter(owner=by.organisation, kind=kind).delete()
        Tier.objects.bulk_create(
            Tier(owner=by.organisation, kind=kind, below=below, posts=" ".join(posts)) for below, posts in rows
        )


def set_absence(deputy: User, from_day: date, to_day: date, *, by: User) -> Absence:
    require("approvals.set_absence", by)
    return Absence.objects.create(person=by, deputy=deputy, from_day=from_day, to_day=to_day)


def end_absence(absence: int, *, by: User) -> None:
    require("approvals.set_absence", by)
    Absence.objects.filter(pk=absence, person=by).delete()


def copy(approval: Approval, people: Collection[User]) -> None:
    Copy.objects.bulk_create((Copy(approval=approval, person=one) for one in people), ignore_conflicts=True)


def mark_looked_at(approval: Approval, person: User, at: datetime) -> None:
    Copy.objects.filter(approval=approval, person=person, read_at=None).update(read_at=at)
