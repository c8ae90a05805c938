from datetime import datetime
from typing import Any

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts import rights
from encore.accounts.models import User
from encore.accounts.staff import StaffRequest, staff
from encore.channels import queries as inbox
from encore.contracts import queries as contracts
from encore.contracts.models import Contract
from encore.engine import Edition
from encore.home import drafts, emptying, first_hour, queries, tables
from encore.home.forms import OwnHouse
from encore.home.tables import Row
from encore.jobs import parked
from encore.ledger.models import Clock
from encore.ledger.nouns import Key, by_reference, pages
from encore.web.exports import answer
from encore.web.tables import MOST_COUNTED, listing


@require_safe
def board(request: StaffRequest) -> HttpResponse:
    """The board of the first contract, or how to begin where there is none."""
    if not request.user.is_authenticated:
        return redirect("account_login") if User.objects.exists() else render(request, "home/empty.html")
    own, is_beginning = _contracts(request), first_hour.look(request.user, request.session)
    if own:
        return _board(request, own[0], own)
    if is_beginning:
        return redirect("home:start")
    return render(request, "home/empty.html")


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
        "year_missing": contracts.year_missing(contract, at),
        "contracts": own,
        "parts": parts,
        "all": queries.Counts(queries.summed(parts)),
        "next_due": min((line.next_due for part in parts for line in part.lines if line.next_due), default=None),
        "columns": tables.COLUMNS,
        "looks_after": parked.may_decide(request.user),
        "parked": parked.number(MOST_COUNTED + 1) if parked.may_decide(request.user) else 0,
        "unread": inbox.unread(request.user, MOST_COUNTED + 1),
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


# --- the first hour ---------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: StaffRequest) -> HttpResponse:
    """What a new house does first, with what is done; steps can be left out and taken up again."""
    rights.require("home.begin", request.user)
    if request.method == "POST":
        step = request.POST.get("step", "")
        if not first_hour.is_step(step):
            raise Http404
        act = drafts.take_up_step if "again" in request.POST else drafts.pass_step
        act(request.user.organisation, step)
        return redirect("home:start")
    steps = first_hour.steps(request.user)
    is_made_up = request.user.organisation.is_made_up
    first_hour.note(request.session, is_on=is_made_up or not first_hour.is_over(steps))
    context = {
        "steps": steps,
        "passed": sum(step.is_done or step.is_passed for step in steps),
        "next": next((step for step in steps if step.is_next), None),
        "is_made_up": is_made_up,
        "may_throw_away": rights.may("home.throw_away", request.user) and emptying.is_all_made_up(),
    }
    return render(request, "home/start.html", context)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password", "again")
def own_house(request: StaffRequest) -> HttpResponse:
    """Throws the demonstration away and begins one's own house; whoever did it stays signed in, as its manager."""
    rights.require("home.throw_away", request.user)
    if not emptying.is_all_made_up():
        raise emptying.refusal()
    form = OwnHouse(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "home/own_house.html", {"form": form}, status=422 if form.is_bound else 200)
    manager, kept = emptying.throw_away(form.own, now())
    request.session.flush()  # of somebody who is no more
    perform_login(request, manager)
    messages.success(
        request, _("The demonstration is gone; a backup of it lies in %(path)s. Welcome.") % {"path": kept.name}
    )
    return redirect("home:start")
