from django.db.models import Q

from encore.accounts.models import User
from encore.approvals import queries as approvals
from encore.approvals.models import Approval, binding_key
from encore.books.models import Cost


def approval_of(cost: Cost) -> Approval | None:
    """The request that the cost is bound to."""
    found = Approval.objects.filter(form_key=binding_key("cost", cost.pk))
    return found.select_related("requested_by", "waits_person").first()


def costs_asked_of(user: User) -> Q:
    """The costs that this person is asked to approve, has decided on, or has a copy of."""
    return Q(pk__in=approvals.visible_to(user).filter(noun="cost", noun_id__isnull=False).values("noun_id"))
