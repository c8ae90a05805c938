from collections.abc import Iterable

from encore.accounts.models import Organisation, Post, User


def first_manager(organisation: Organisation) -> User | None:
    """In whose name the command line acts for an organisation, where it is not told."""
    managers = User.objects.filter(organisation=organisation, post=Post.MANAGER, is_active=True)
    return managers.select_related("organisation").order_by("pk").first()


def people_of(organisations: Iterable[int]) -> dict[int, list[User]]:
    """Those who work there now, by organisation."""
    found: dict[int, list[User]] = {}
    people = User.objects.filter(is_active=True, organisation__in=set(organisations)).select_related("organisation")
    for person in people.order_by("pk"):
        found.setdefault(person.organisation_id, []).append(person)
    return found
