"""Where the open complaints of a contract stand, stage by stage."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from encore.accounts.staff import StaffRequest, staff
from encore.complaints import workload
from encore.complaints.views.tabs import tabs
from encore.contracts import queries as contracts
from encore.ledger.nouns import by_reference


@staff
@require_safe
def board(request: StaffRequest) -> HttpResponse:
    """`?contract=` is another one than the first."""
    rows = contracts.visible_to(request.user).filter(effective_at__isnull=False).order_by("pk")
    asked = request.GET.get("contract", "")
    contract = by_reference(rows, asked) if asked else rows.first()
    if asked and contract is None:
        raise Http404
    edition = contracts.edition_of(contract) if contract else None
    context = {
        "contract": contract,
        "contracts": list(rows),
        "edition": edition,
        "lanes": workload.lanes(request.user, contract, edition) if contract and edition else [],
        "pairs": [(str(one), f"?contract={one}", one == contract) for one in rows],
        "tabs": tabs(request.user, "board"),
        "at": now(),
    }
    return render(request, "complaints/board.html", context)
