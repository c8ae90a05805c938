from django.utils.translation import gettext_lazy as _

from encore.channels.tasks import repeat_outside
from encore.home import drafts
from encore.jobs import effects
from encore.ledger.subscriptions import on


@on("duty.warned", "duty.breached", "duty.corrected", label=_("Reminders to those who are responsible"))
def tell(events: list[int]) -> None:
    with effects():
        drafts.tell(events)
        repeat_outside(events)
