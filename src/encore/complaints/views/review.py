"""The review of the handling itself: what follow-ups and ratings say of it, month by month."""

import re
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime, now
from django.views.decorators.http import require_safe

from encore.accounts.staff import StaffRequest, staff
from encore.complaints import queries
from encore.complaints.views.tabs import tabs
from encore.contracts.queries import editions

_MOST = 50


@staff
@require_safe
def review(request: StaffRequest) -> HttpResponse:
    """`?month=2026-03`; the month that it is, where none is named."""
    at = now()
    month = _month(request.GET.get("month", "")) or localtime(at).date().replace(day=1)
    context = {
        "review": queries.review(request.user, editions(request.user), month, _MOST),
        "before": _moved(month, -1),
        "after": _moved(month, 1) if month < localtime(at).date().replace(day=1) else None,
        "tabs": tabs(request.user, "review"),
        "at": at,
    }
    return render(request, "complaints/review.html", context)


def _month(text: str) -> date | None:
    match = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text)
    return date(int(match[1]), int(match[2]), 1) if match else None


def _moved(month: date, by: int) -> date:
    years, months = divmod(month.month - 1 + by, 12)
    return date(month.year + years, months + 1, 1)
