from encore.accounts.models import Post, Role, User


def person_at_the_machine() -> User | None:
    """The venue's manager, as whom one acts on the machine that the server runs on. None before there is anybody."""
    managers = User.objects.filter(post=Post.MANAGER, organisation__role=Role.VENUE, is_active=True)
    return managers.select_related("organisation").order_by("pk").first()
