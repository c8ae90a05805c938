"""How an organisation begins: with a name, a part to play, and a manager who invites everybody else."""

import secrets
from datetime import datetime

from encore.accounts import links
from encore.accounts.models import Organisation, Post, Role, User


def begin(name: str, role: Role, manager: str, at: datetime) -> str:
    """The token by which the manager comes in. Whoever can run this owns the database: nobody's leave is asked."""
    organisation = Organisation.objects.create(name=name, role=role)
    _person, token = first_manager(organisation, manager, at)
    return token


def first_manager(organisation: Organisation, name: str, at: datetime) -> tuple[User, str]:
    """Whoever is to invite everybody else, and the link by which they come in: a new one, as long as they have not come."""
    person = User.objects.filter(organisation=organisation, post=Post.MANAGER, joined_at=None, is_active=True).first()
    if person is None:
        person = User(
            username=f"invited-{secrets.token_hex(8)}", organisation=organisation, post=Post.MANAGER, entered_at=at
        )
        person.set_unusable_password()
    person.name = name
    person.save()
    return person, links.make(person, links.Purpose.JOIN, at)
