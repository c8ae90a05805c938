"""What leaves the house about a complaint: that there is something to read, and where. Never anybody's words."""

from datetime import datetime
from typing import Final

from django.urls import reverse

from encore.accounts.models import User
from encore.channels.models import Message
from encore.channels.operations import queue
from encore.complaints.models import Complaint
from encore.contracts.queries import edition_of
from encore.customers.queries import address_for
from encore.web.language import tag

# What a machine can write by, of the ways in which the channels of editions come in.
TRANSPORTS: Final = {"sms": "sms", "email": "mail"}


def write(
    complaint: Complaint, wording: str, *, by: User | None, at: datetime, key: str, channel: str = ""
) -> Message | None:
    """A step of the operation under way: writes to the guest, by the way that they chose or by `channel`.

    None where no machine writes by it, or the guest gave no address with their consent: on their page it stands anyway.
    """
    row = edition_of(complaint.contract).vocabulary["channel"].get(channel or complaint.answer_by)
    way = str(getattr(row, "via", ""))
    contact = complaint.contact and (complaint.contact.merged_into or complaint.contact)
    if contact is None or way not in TRANSPORTS or not address_for(contact, way):
        return None
    return queue(
        wording,
        to=contact,
        about=complaint,
        by=by,
        at=at,
        key=f"{complaint.reference}-{key}",
        owner=complaint.contract.venue,
        transport=TRANSPORTS[way],
        language=tag(),
        reference=complaint.reference,
        link=reverse("complaints:tracking", args=[complaint.token]),
    )
