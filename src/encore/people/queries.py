from django.db.models import QuerySet

from encore.accounts.models import Organisation, Post, User
from encore.web.tables import PAGE


def visible_to(user: User) -> QuerySet[User]:
    """The people of one's own organisation. Those of the other party are its own affair."""
    return User.objects.filter(organisation=user.organisation_id).select_related("organisation")


def staff(user: User, beyond: int) -> list[User]:
    """A page of them, those in a post first, in the order in which they came; and one row more where there are more."""
    rows = visible_to(user).order_by("-is_active", "pk")
    return list(rows[beyond : beyond + PAGE + 1])


def other_managers(person: User) -> QuerySet[User]:
    """Those who would still run the organisation without this person."""
    return User.objects.filter(
        organisation=person.organisation_id, post=Post.MANAGER, is_active=True, joined_at__isnull=False
    ).exclude(pk=person.pk)


def known(organisation: Organisation, emails: list[str]) -> set[str]:
    """Of these addresses, those that somebody has already, whichever organisation they belong to."""
    found = User.objects.filter(email__in=emails).values_list("email", flat=True)
    return {email.lower() for email in found}
