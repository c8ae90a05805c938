from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.models import User
from encore.accounts.staff import StaffRequest, staff
from encore.contracts import queries as contracts
from encore.contracts.models import Contract
from encore.engine import Edition
from encore.home import drafts, queries, tables
from encore.home.tables import Row
from encore.jobs import parked
from encore.ledger.models import Clock
from encore.ledger.nouns import Key, by_reference, pages
from encore.ledger.queries import state_label
from encore.web.exports import answer
from encore.web.tables import MOST_COUNTED, PAGE, listing


@require_safe
def board(request: StaffRequest) -> HttpResponse:
    """The board of the first contract, or how to begin where there is none."""
    if not request.user.is_authenticated:
        return redirect("account_login") if User.objects.exists() else render(request, "home/empty.html")
    own = _contracts(request)
    return _board(request, own[0], own) if own else render(request, "home/empty.html")


@staff
@require_safe
def contract(request: StaffRequest, reference: str) -> HttpResponse:
    own = _contracts(request)
    found = next((contract for contract in own if str(contract) == reference), None)
    if found is None:
        raise Http404
    return _board(request, found, own)


def _contracts(request: StaffRequest) -> list[Contract]:
    return list(contracts.visible_to(request.user).filter(effective_at__isnull=False).order_by("pk"))


def _board(request: StaffRequest, contract: Contract, own: list[Contract]) -> HttpResponse:
    at, in_force = now(), contracts.terms_of(contract)
    edition = in_force.edition
    parts = queries.parts(contract, edition, at)
    context = {
        "by_hand": contracts.recordable(in_force),
        "contracts": own,
        "parts": parts,
        "all": queries.Counts(queries.summed(parts)),
        "next_due": min((line.next_due for part in parts for line in part.lines if line.next_due), default=None),
        "columns": tables.COLUMNS,
        "looks_after": parked.may_decide(request.user),
        "parked": parked.number(MOST_COUNTED + 1) if parked.may_decide(request.user) else 0,
        "unread": queries.unread(request.user, MOST_COUNTED + 1),
        **_running(request, contract, edition, at),
    }
    return render(request, "home/board.html", context)


def _found(request: StaffRequest, reference: str) -> Contract:
    found = by_reference(contracts.visible_to(request.user), reference)
    if found is None or found.effective_at is None:
        raise Http404
    return found


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
        "pages": {
            row.clock.pk: (row.page.reference, row.page.url) if row.page else ("", "")
            for row in _with_pages(request, first + following)
        },
    }


def _with_pages(request: StaffRequest, clocks: list[Clock]) -> list[Row]:
    """Each clock with the page where one reads about its subject, as far as the reader may."""
    keys = {clock.pk: Key(clock.noun, clock.noun_id) for clock in clocks}
    known = pages(keys.values(), request.user)
    return [Row(clock, known.get(keys[clock.pk])) for clock in clocks]


@staff
@require_safe
def clocks(request: StaffRequest, reference: str) -> HttpResponse:
    """The rows behind a number of the board."""
    contract, at = _found(request, reference), now()
    edition = contracts.edition_of(contract)
    table = tables.clocks(edition, lambda rows: _with_pages(request, rows), at)
    page = listing(request, table, Clock.objects.filter(contract=contract.pk))
    context = {
        "contract": contract,
        "edition": edition,
        "duties": page.asked.getlist("f.duty"),
        "states": [dict(tables.COLUMNS)[state] for state in page.asked.getlist("f.state") if state in tables.COLUMNS],
    }
    return answer(request, page, "home/clocks.html", context, at)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: StaffRequest) -> HttpResponse:
    """What the product tells this person; a post with the latest of them marks all as read."""
    if request.method == "POST":
        last = request.POST.get("to", "")
        if last.isdecimal() and len(last) < 19:
            drafts.mark_read(request.user, int(last), now())
        return redirect("home:reminders")
    before = request.GET.get("before", "")
    rows = queries.reminders(request.user, int(before) if before.isdecimal() and len(before) < 19 else None)
    editions = contracts.editions(request.user)
    context = {
        "rows": [(reminder, finding) for reminder, finding in rows[:PAGE] if finding.contract in editions],
        "editions": editions,
        "pages": pages((finding.key for _reminder, finding in rows), request.user),
        "states": state_label,
        "more": rows[PAGE - 1][0].event_id if len(rows) > PAGE else None,
        "unread": queries.unread(request.user, 1),
        "at": now(),
    }
    return render(request, "home/reminders.html", context)
