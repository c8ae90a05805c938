"""An act that tells somebody outside of what it does, as the acts of features do."""

from datetime import datetime
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from django.utils.timezone import now

from encore.accounts import rights
from encore.accounts.models import Post, Role, User
from encore.channels import operations
from encore.channels.models import Message
from encore.complaints.models import Complaint
from encore.ledger.record import operation

_RIGHT = {"channels.send_word": {post: frozenset(Role) for post in Post}}


def queued(
    reader: User, about: Complaint, *, by: User | None = None, at: datetime | None = None, **more: Any
) -> Message:
    """A word to somebody about their complaint."""
    told: dict[str, Any] = {"wording": "complaint-received", "transport": "sms", "key": uuid4().hex, "link": "/t/abc/"}
    told |= {"owner": about.owner, **more}
    if told["wording"].startswith("complaint"):
        told.setdefault("reference", str(about))
    wording = told.pop("wording")

    def send_word(*, by: User | None, at: datetime) -> Message:
        return operations.queue(wording, to=reader, about=about, by=by, at=at, **told)

    send_word.__module__ = "encore.channels.tests"
    with patch.dict(rights.RIGHTS, _RIGHT):
        return operation(send_word)(by=by, at=at or now())


def invited(reader: User, about: Complaint, **more: Any) -> Message:
    """The same, commercial."""
    return queued(reader, about, wording="survey-invitation", **{"day": "2026-03-10", **more})
