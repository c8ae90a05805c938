"""The working days of a year: what is known of them, and the yearly notice that says what was provisional."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.timezone import localdate, now
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from encore.accounts import rights
from encore.accounts.staff import StaffRequest, staff
from encore.contracts import operations, queries
from encore.contracts.forms import HolidayNotice
from encore.contracts.models import Contract
from encore.engine import Edition
from encore.engine.calendar import Calendar, Notice
from encore.ledger.foresight import Outlook, foresee_calendar
from encore.ledger.models import Clock
from encore.ledger.nouns import Page, pages
from encore.ledger.refusal import Refusal
from encore.web.notice_text import read_notice, spans, written


@dataclass(frozen=True)
class Year:
    """What is known of a year. `told`: somebody recorded its notice here; else the product knows it, or nobody does."""

    number: int
    told: bool
    is_known: bool
    off: list[tuple[date, date, str]]
    worked: list[date]


@dataclass(frozen=True)
class Moved:
    """What the notice would do under one contract."""

    contract: Contract
    edition: Edition
    provisional: int
    rows: list[tuple[Outlook, Page | None]]


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: StaffRequest) -> HttpResponse:
    """Takes a notice in three steps: its text is read, what it would move is shown, then it is recorded."""
    if request.method != "POST":
        return _page(request, HolidayNotice(initial={"year": localdate().year + 1}))
    rights.require("contracts.publish_calendar", request.user)
    if "read" in request.POST:
        return _read(request)
    form = HolidayNotice(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    if form.cleaned_data["seen"] != form.said:
        seen = _with(request.POST, off=written(form.notice.off), work=written(form.notice.work), seen=form.said)
        return _page(request, HolidayNotice(seen), notice=form.notice)
    try:
        contracts = operations.publish_calendar(form.notice, by=request.user, at=now())
    except Refusal as refusal:
        return _page(request, form, refusal=refusal, status=409)
    told = ngettext("Recorded for %(n)s contract.", "Recorded for %(n)s contracts.", len(contracts))
    messages.success(request, told % {"n": len(contracts)})
    return redirect("contracts:calendar")


def _read(request: StaffRequest) -> HttpResponse:
    """Puts the days that the text speaks of into their fields, to be looked at."""
    year = request.POST.get("year", "")
    usual = localdate().year + 1
    found = read_notice(
        request.POST.get("text", ""), int(year) if year.isdecimal() and len(year) == len("2026") else usual
    )
    if not found.off and not found.work:
        return _page(request, HolidayNotice(initial=request.POST.dict()), unread=None, status=422)
    initial = {
        **request.POST.dict(),
        "year": found.year,
        "off": written(found.off),
        "work": written(found.work),
        "seen": "",
    }
    return _page(request, HolidayNotice(initial=initial), unread=list(found.unread))


def _with(posted: QueryDict, **more: str) -> QueryDict:
    changed = posted.copy()
    for name, value in more.items():
        changed[name] = value
    return changed


def _page(
    request: StaffRequest,
    form: HolidayNotice,
    *,
    notice: Notice | None = None,
    unread: Sequence[str] | None = (),
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    at, contracts = now(), queries.in_force_of(request.user)
    told = tuple(dict.fromkeys(one for contract in contracts for one in queries.notices(contract)))
    this = localdate(at).year
    context = {
        "form": form,
        "years": [_year(number, told) for number in (this, this + 1)],
        "notice": notice,
        "spans": [list(spans(notice.off)), list(spans(notice.work))] if notice else [],
        "moved": [_moved(request, contract, notice, at) for contract in contracts] if notice else [],
        "unread": unread,
        "refusal": refusal,
        "may": bool(contracts) and rights.may("contracts.publish_calendar", request.user),
        "has_contracts": bool(contracts),
        "at": at,
    }
    return render(request, "contracts/calendar.html", context, status=status)


def _is_festival(name: str) -> bool:
    """Days that are only moved say in brackets where from."""
    return bool(name) and "（" not in name


def _year(number: int, told: tuple[Notice, ...]) -> Year:
    days = Calendar(told)
    every = [
        date(number, 1, 1) + timedelta(days=one) for one in range((date(number + 1, 1, 1) - date(number, 1, 1)).days)
    ]
    idle = [day for day in every if not days.is_working(day.toordinal())]
    blocks = []
    for first, last in spans(idle):
        inside = [first + timedelta(days=one) for one in range((last - first).days + 1)]
        names = dict.fromkeys(filter(_is_festival, (days.why_off(day.toordinal()) for day in inside)))
        if names or any(day.weekday() < 5 for day in inside):
            blocks.append((first, last, "、".join(names)))
    return Year(
        number, any(one.year == number for one in told), days.is_published(number), blocks,
        [day for day in every if days.is_make_up(day.toordinal())],
    )  # fmt: skip


def _moved(request: StaffRequest, contract: Contract, notice: Notice, at: datetime) -> Moved:
    said = {
        "year": notice.year,
        "off": [f"{day}" for day in sorted(notice.off)],
        "work": [f"{day}" for day in sorted(notice.work)],
    }
    found = foresee_calendar(contract.pk, said, at=at, now=at)
    found = [one for one in found if one.was_due_at is not None and one.was_due_at != one.due_at]
    known = pages({one.key for one in found}, request.user)
    provisional = Clock.objects.filter(contract=contract.pk, is_ended=False, provisional=True).count()
    return Moved(contract, queries.edition_of(contract), provisional, [(one, known.get(one.key)) for one in found])
