from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.ledger.models import Event
from encore.ledger.nouns import Key
from encore.ledger.subscriptions import on


@on("event.annulled", label=_("A complaint is put back to where its entries say"))
def put_back(events: list[int]) -> None:
    """In the name of whoever annulled. An annulment is one act, so that there is one event."""
    [number] = events
    event = Event.objects.get(pk=number)
    if event.noun != "complaint":
        return
    annuller = User.objects.select_related("organisation").get(pk=Key.parse(event.actor).id)
    try:
        operations.put_back(Complaint.objects.get(pk=event.noun_id), entry=number, by=annuller, at=now())
    except operations.NothingToPutBack:
        return
