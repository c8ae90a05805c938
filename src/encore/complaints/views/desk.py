"""The lists that a desk works through."""

from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from encore.accounts.staff import StaffRequest, staff
from encore.complaints import queries, tables
from encore.contracts.queries import editions
from encore.web.exports import answer
from encore.web.tables import listing


@staff
@require_safe
def queue(request: StaffRequest) -> HttpResponse:
    """What burns next."""
    table = tables.burning(request.user, editions(request.user))
    page = listing(request, table, queries.burning(request.user))
    return answer(request, page, "complaints/queue.html", {"order": "due"}, now())


@staff
@require_safe
def every(request: StaffRequest) -> HttpResponse:
    """All complaints, the latest first."""
    page = listing(request, tables.every(editions(request.user)), queries.visible_to(request.user))
    return answer(request, page, "complaints/queue.html", {"order": "received"}, now())
