"""What follows from a decision on what a feature asked for: a step of the decision's own transaction.

Where it is refused there, as where the money has run out meanwhile, nothing has been decided.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from encore.accounts.models import User
from encore.approvals.models import Approval

# Takes the approval as it has been decided, the words of the decision, who decided, and when.
Follow = Callable[[Approval, str, User, datetime], None]

_FOLLOWS: Final[dict[str, Follow]] = {}


def follows(noun: str, follow: Follow) -> None:
    """From decisions on the request that things of this noun are bound to. `form_key` says which: what anybody asks about
    the same thing by a form of their own binds nothing.
    """
    _FOLLOWS[noun] = follow


def follow(approval: Approval, words: str, by: User, at: datetime) -> None:
    if approval.is_binding and (step := _FOLLOWS.get(approval.noun)):
        step(approval, words, by, at)
