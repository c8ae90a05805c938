from datetime import timedelta
from typing import Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from encore.accounts.staff import StaffRequest, staff
from encore.ledger.nouns import NOUNS, by_reference
from encore.statistics import tasks
from encore.statistics.counting import LEAST, read
from encore.statistics.estimate import Estimate
from encore.statistics.methods import METHODS
from encore.statistics.models import Counted

_FRESH: Final = timedelta(hours=1)


@staff
@require_safe
def methods(request: StaffRequest) -> HttpResponse:
    return render(request, "statistics/methods.html", {"methods": METHODS})


@staff
@require_safe
def kept(request: StaffRequest, reference: str) -> HttpResponse:
    """The part of a contract's board that was counted beforehand; what is older than an hour is counted again meanwhile."""
    contract = by_reference(NOUNS["contract"].visible_to(request.user), reference)
    if contract is None:
        raise Http404
    at, counted = now(), Counted.objects.filter(contract=contract.pk).first()
    if counted is None or counted.counted_at < at - _FRESH:
        tasks.count.enqueue(contract.pk, f"{at:%Y-%m-%dT%H}")
    shares = [
        (NOUNS[noun].label, one, one if isinstance(one, Estimate) else None)
        for noun, one in (read(counted).items() if counted else ())
        if noun in NOUNS and noun != "contract"
    ]
    context = {"reference": reference, "counted": counted, "shares": shares, "least": LEAST, "at": at}
    return render(request, "statistics/_kept.html", context)
