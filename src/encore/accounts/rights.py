"""Who may do what: one row an operation, one column a post. An operation without a row does not start."""

from typing import Final

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from encore.accounts.models import Post, User

# A guest is anybody who has not signed in; they reach the public pages only.
_TABLE: Final = """
                          manager  customer_service  marketing  promotion  human_resources  finance  promoter  guest
complaints.receive           x            x              x          x             ·            ·         x       x
complaints.bring_in          x            x              ·          ·             ·            ·         ·       ·
complaints.verify            x            ·              x          ·             ·            ·         ·       ·
complaints.assess            x            ·              x          ·             ·            ·         ·       ·
complaints.plan              x            ·              x          x             ·            ·         ·       ·
complaints.start             x            ·              x          x             ·            ·         ·       ·
complaints.resolve           x            ·              x          x             ·            ·         ·       ·
complaints.send_result       x            x              x          x             ·            ·         ·       ·
complaints.follow_up         x            x              ·          ·             ·            ·         ·       ·
complaints.archive           x            x              ·          ·             ·            ·         ·       ·
contracts.sign               x            ·              ·          ·             ·            ·         ·       ·
contracts.make_effective     x            ·              ·          ·             ·            ·         ·       ·
contracts.note               x            x              x          x             x            x         ·       ·
"""


def _read(table: str) -> dict[str, frozenset[Post]]:
    header, *rows = table.strip("\n").splitlines()
    posts = [Post(name) for name in header.split()]
    rights: dict[str, frozenset[Post]] = {}
    for row in rows:
        operation, *marks = row.split()
        rights[operation] = frozenset(post for post, mark in zip(posts, marks, strict=True) if mark == "x")
    return rights


RIGHTS: Final = _read(_TABLE)


class NotYours(PermissionDenied):
    """An act that the table does not give to this post; it names the posts that have it."""


def may(operation: str, by: User | None) -> bool:
    """Whether this person may do that; `None` is a guest. `KeyError` for an operation that the table does not have."""
    post = Post.GUEST if by is None else Post(by.post)
    return post in RIGHTS[operation]


def require(operation: str, by: User | None) -> None:
    if not may(operation, by):
        posts = ", ".join(str(post.label) for post in Post if post in RIGHTS[operation])
        raise NotYours(_("This act belongs to: %(posts)s.") % {"posts": posts})
