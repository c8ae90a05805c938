from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from encore.accounts.staff import StaffRequest, staff
from encore.contracts import queries as contracts
from encore.contracts.models import Contract
from encore.engine import Edition
from encore.home import queries
from encore.ledger.models import Clock
from encore.ledger.nouns import Key, by_reference, pages
from encore.web.tables import MOST_COUNTED, PAGE, place, written


@require_safe
def board(request: StaffRequest) -> HttpResponse:
    """The board of the first contract, or how to begin where there is none."""
    if not request.user.is_authenticated:
        return render(request, "home/empty.html")
    first = contracts.visible_to(request.user).filter(effective_at__isnull=False).order_by("pk").first()
    return _board(request, first) if first else render(request, "home/empty.html")


@staff
@require_safe
def contract(request: StaffRequest, reference: str) -> HttpResponse:
    return _board(request, _found(request, reference))


def _found(request: StaffRequest, reference: str) -> Contract:
    found = by_reference(contracts.visible_to(request.user), reference)
    if found is None or found.effective_at is None:
        raise Http404
    return found


def _board(request: StaffRequest, contract: Contract) -> HttpResponse:
    at, in_force = now(), contracts.terms_of(contract)
    edition = in_force.edition
    context = {
        "by_hand": contracts.recordable(in_force),
        "sections": queries.sections(contract, edition, at),
        "columns": _columns(),
        **_running(request, contract, edition, at),
    }
    return render(request, "home/board.html", context)


@staff
@require_safe
def running(request: StaffRequest, reference: str) -> HttpResponse:
    """The part of the board that moves, for htmx."""
    contract = _found(request, reference)
    return render(request, "home/_running.html", _running(request, contract, contracts.edition_of(contract), now()))


def _running(request: StaffRequest, contract: Contract, edition: Edition, at: datetime) -> dict[str, Any]:
    overdue, upcoming = queries.overdue(contract, at), queries.upcoming(contract, at)
    first, following = list(overdue[: queries.FIRST]), list(upcoming[: queries.FIRST])
    return {
        "contract": contract,
        "edition": edition,
        "at": at,
        "overdue": overdue[: MOST_COUNTED + 1].count() if len(first) == queries.FIRST else len(first),
        "overdue_clocks": first,
        "clocks": following,
        "pages": _pages(request, first + following),
    }


def _pages(request: StaffRequest, clocks: list[Clock]) -> dict[int, tuple[str, str]]:
    """For each clock what its subject is called and where one reads about it; nothing where the reader may not."""
    keys = {clock.pk: Key(clock.noun, clock.noun_id) for clock in clocks}
    known = pages(keys.values(), request.user)
    return {
        number: (known[key].reference, known[key].url) if key in known else ("", "") for number, key in keys.items()
    }


@staff
@require_safe
def clocks(request: StaffRequest, reference: str) -> HttpResponse:
    """The rows behind a number of the board."""
    contract, at = _found(request, reference), now()
    duty, column = request.GET.get("f.duty", ""), request.GET.get("f.state", "")
    edition = contracts.edition_of(contract)
    titles = {**_columns(), "overdue": _("overdue")}
    if not (duty or column) or (duty and duty not in edition.duties) or (column and column not in titles):
        raise Http404
    rows = queries.rows(contract, duty, column, at, place(request.GET.get("after", "")))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    context = {
        "contract": contract,
        "edition": edition,
        "at": at,
        "duty": duty,
        "column": column,
        "columns": titles,
        "more": written(last.due_at, last.pk) if last else "",
        "clocks": rows[:PAGE],
        "pages": _pages(request, rows[:PAGE]),
    }
    return render(request, "home/clocks.html", context)


def _columns() -> dict[str, str]:
    return {
        "running": _("running"),
        "kept": _("kept in time"),
        "late": _("done late"),
        "missed": _("overdue or missed"),
        "dropped": _("no longer owed"),
    }
