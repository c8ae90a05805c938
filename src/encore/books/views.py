from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.rights import may, require
from encore.accounts.staff import StaffRequest, staff
from encore.books import forms, operations, queries, tables
from encore.books.models import BudgetLine, Cost, Period
from encore.ledger.nouns import NOUNS, Key, by_reference, key_of, pages
from encore.ledger.queries import history
from encore.ledger.refusal import Refusal
from encore.ledger.terms import terms_of
from encore.money import Money, capitals, total
from encore.web.dates import read_date
from encore.web.exports import answer
from encore.web.language import reading
from encore.web.tables import listing

# --- budgets ----------------------------------------------------------------------------------------------------------


@staff
@require_safe
def entrance(request: StaffRequest) -> HttpResponse:
    """Where somebody's own way into the books begins."""
    return redirect("books:budget" if may("books.set_budget", request.user) else "books:costs")


@staff
@require_safe
def budget(request: StaffRequest) -> HttpResponse:
    """What there is, what is promised, what is paid and what is left, line by line."""
    require("books.set_budget", request.user)
    at = now()
    day = read_date(request.GET.get("on", "")) or queries.day_of(at)
    lines = queries.lines_visible_to(request.user).filter(from_day__lte=day, to_day__gte=day)
    rows = queries.standings(lines.order_by("name", "pk"))
    sums = {name: total(getattr(row, name) for row in rows) for name in ("budget", "committed", "paid", "available")}
    return render(request, "books/budget.html", {"rows": rows, "sums": sums, "day": day, "at": at})


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def new_line(request: StaffRequest) -> HttpResponse:
    require("books.set_budget", request.user)
    year = queries.day_of(now()).year
    days = {"from_day": date(year, 1, 1), "to_day": date(year, 12, 31)}
    form = forms.BudgetForm(request.POST or None, initial=days, owed=_owed(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        number, _colon, key = said["owed"].partition(":")
        contract = NOUNS["contract"].visible_to(request.user).get(pk=number) if number else None
        wanted = operations.Budget(said["name"], said["amount"], said["from_day"], said["to_day"], key, contract)
        try:
            line = operations.set_budget(wanted, by=request.user, at=now())
        except Refusal as refusal:
            return render(request, "books/new_line.html", {"form": form, "refusal": refusal}, status=409)
        return redirect("books:line", str(line))
    return render(request, "books/new_line.html", {"form": form}, status=422 if form.is_bound else 200)


def _owed(request: StaffRequest) -> list[tuple[str, str]]:
    """The budget lines that the editions of one's contracts lay down."""
    found = []
    for contract in NOUNS["contract"].visible_to(request.user) if "contract" in NOUNS else ():
        terms = terms_of(contract.pk)
        for key, row in (terms.edition.vocabulary["budget_line"] if terms else {}).items():
            found.append((f"{contract.pk}:{key}", f"{contract} · {reading(row.label)}"))
    return found


def _line(request: StaffRequest, reference: str) -> BudgetLine:
    line = by_reference(queries.lines_visible_to(request.user), reference)
    if line is None:
        raise Http404
    return line


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def line(request: StaffRequest, reference: str) -> HttpResponse:
    """A budget line with the rows behind each of its numbers. Posting sets its amount anew."""
    row = _line(request, reference)
    form = forms.AmountForm(request.POST or None, initial={"amount": row.money})
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        wanted = operations.Budget(row.name, form.cleaned_data["amount"], row.from_day, row.to_day, row.key)
        try:
            operations.set_budget(wanted, line=row, by=request.user, at=now())
            return redirect("books:line", reference)
        except Refusal as refused:
            refusal = refused
    commitments, payments = list(queries.commitments_of(row)), list(queries.payments_of(row)[:100])
    context = {
        "line": row,
        "standing": queries.standing(row),
        "form": form,
        "refusal": refusal,
        "commitments": commitments,
        "payments": payments,
        "pages": _pages(request, [*commitments, *payments]),
        "may_move_back": may("books.reverse_transfer", request.user),
        "entries": history(key_of(row)),
        "at": now(),
    }
    status = 409 if refusal else 422 if form.is_bound else 200
    return render(request, "books/line.html", context, status=status)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def move_back(request: StaffRequest, reference: str) -> HttpResponse:
    """Puts a payment out of this line right. `transfer` in the address chooses it beforehand."""
    row, at = _line(request, reference), now()
    require("books.reverse_transfer", request.user)
    payments = list(queries.reversible(row)[:200])
    named = _pages(request, payments)
    choices = [(one, page.reference if (page := named.get((one.noun, one.noun_id or 0))) else "") for one in payments]
    initial = {"transfer": request.GET.get("transfer", ""), "day": queries.day_of(at)}
    form = forms.Reversal(request.POST or None, payments=choices, initial=initial)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            operations.reverse_transfer(
                said["transfer"], day=said["day"], reason=said["reason"], by=request.user, at=at
            )
            return redirect(f"{reverse('books:line', args=[reference])}#paid")
        except Refusal as refused:
            refusal = refused
    status = 409 if refusal else 422 if form.is_bound else 200
    context = {"line": row, "form": form, "refusal": refusal, "at": at}
    return render(request, "books/move_back.html", context, status=status)


def _pages(request: StaffRequest, rows: list[Any]) -> dict[tuple[str, int], Any]:
    """The pages of what these rows are about, by noun and number."""
    found = pages({Key(row.noun, row.noun_id) for row in rows if row.noun_id is not None}, request.user)
    return {(key.noun, key.id): page for key, page in found.items()}


# --- costs ------------------------------------------------------------------------------------------------------------


@staff
@require_safe
def costs(request: StaffRequest) -> HttpResponse:
    """The forms that one may see: all of the house's, or one's own."""
    page = listing(request, tables.costs(), queries.costs_visible_to(request.user))
    return answer(request, page, "books/costs.html", {"keeps": may("books.set_budget", request.user)}, now())


def _cost(request: StaffRequest, reference: str) -> Cost:
    cost = by_reference(queries.costs_visible_to(request.user), reference)
    if cost is None:
        raise Http404
    return cost


@staff
@require_safe
def cost(request: StaffRequest, reference: str) -> HttpResponse:
    return _page(request, _cost(request, reference))


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: StaffRequest, reference: str) -> HttpResponse:
    """It has been paid."""
    found = _cost(request, reference)
    if request.method != "POST":
        return redirect("books:cost", reference)
    require("books.pay_cost", request.user)
    form = forms.Payment(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    try:
        operations.pay_cost(found, day=form.cleaned_data["day"], by=request.user, at=now())
    except Refusal as refusal:
        return _page(request, _cost(request, reference), refusal=refusal, form=form, status=409)
    return redirect("books:cost", reference)


def _page(
    request: StaffRequest,
    cost: Cost,
    *,
    form: forms.Payment | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    at = now()
    is_own = request.user.pk in cost.barred
    may_pay = cost.awaits_payment and not is_own and may("books.pay_cost", request.user)
    context = {
        "cost": cost,
        "items": list(cost.items.order_by("day", "pk")),
        "capitals": capitals(cost.granted or cost.money) if cost.currency == "CNY" else "",
        "standing": queries.standing(cost.line) if queries.keeps(request.user) else None,
        "form": (form or forms.Payment(initial={"day": queries.day_of(at)})) if may_pay else None,
        "is_own": is_own,
        "refusal": refusal,
        "about": _pages(request, [cost]).get((cost.noun, cost.noun_id or 0)),
        "entries": history(key_of(cost)),
        "at": at,
    }
    return render(request, "books/cost.html", context, status=status)


# --- months -----------------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def months(request: StaffRequest) -> HttpResponse:
    """The months of the books. Posting closes one that is over."""
    require("books.close_period", request.user)
    refusal: Refusal | None = None
    if request.method == "POST":
        month = read_date(f"{request.POST.get('month', '')}-01")
        if month is None:
            raise Http404
        try:
            period = operations.close_period(month, by=request.user, at=now())
            return redirect("books:period", str(period))
        except Refusal as refused:
            refusal = refused
    context = {"months": queries.months(request.user, now()), "refusal": refusal, "at": now()}
    return render(request, "books/months.html", context, status=409 if refusal else 200)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def period(request: StaffRequest, reference: str) -> HttpResponse:
    """A month: what it did to each line, and every transfer of it. Posting opens it again."""
    found = by_reference(queries.periods_visible_to(request.user), reference)
    if found is None:
        raise Http404
    form = forms.Reopening(request.POST or None)
    refusal: Refusal | None = None
    if request.method == "POST":
        require("books.reopen_period", request.user)
        if form.is_valid():
            try:
                operations.reopen_period(found, reason=form.cleaned_data["reason"], by=request.user, at=now())
                return redirect("books:period", reference)
            except Refusal as refused:
                refusal = refused
    return _month_page(request, found, form, refusal)


def _month_page(request: StaffRequest, found: Period, form: forms.Reopening, refusal: Refusal | None) -> HttpResponse:
    transfers = list(queries.transfers_of(found).select_related("debit__line", "credit__line"))
    lines = queries.month_lines(found)
    context = {
        "period": found,
        "lines": lines,
        "sum": total(row.paid - row.taken_back for row in lines) if lines else Money.zero(),
        "transfers": transfers,
        "pages": _pages(request, transfers),
        "is_changed": found.is_closed and queries.digest(transfers) != found.digest,
        "may_reopen": may("books.reopen_period", request.user),
        "form": form,
        "refusal": refusal,
        "title": _("Month %(month)s") % {"month": f"{found.month:%Y-%m}"},
        "entries": history(key_of(found)),
        "at": now(),
    }
    return render(request, "books/period.html", context, status=409 if refusal else 422 if form.is_bound else 200)
