"""How an organisation begins: with a name, a part to play, and a manager who invites everybody else."""

import secrets
from datetime import datetime

from encore.accounts import links
from encore.accounts.models import Organisation, Post, Role, User


def begin(name: str, role: Role, manager: str, at: datetime) -> str:
    """The token by which the manager comes in. Whoever can run this owns the database: nobody's leave is asked."""
    organisation = Organisation.objects.create(name=name, role=role)
    person = User(
        username=f"invited-{secrets.token_hex(8)}",
        name=manager,
        organisation=organisation,
        post=Post.MANAGER,
        entered_at=at,
    )
    person.set_unusable_password()
    person.save()
    return links.make(person, links.Purpose.JOIN, at)
