"""The lists that a desk works through, and what is done with many complaints at once."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Q
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from encore.accounts.models import User
from encore.accounts.rights import NotYours, may, require
from encore.accounts.staff import StaffRequest, staff
from encore.complaints import drafts, operations, queries, tables, workload
from encore.complaints.forms.desk import ASSIGN, Bulk, ListForm, PhraseForm
from encore.complaints.models import Complaint, Phrase
from encore.complaints.views.tabs import tabs
from encore.contracts import queries as contracts
from encore.ledger.nouns import by_reference
from encore.ledger.refusal import Refusal
from encore.venues.queries import rooms_visible_to
from encore.web.exports import answer
from encore.web.tables import PAGE, Text, listing

_BULK: Final = "complaints-bulk"  # of the session: what became of the complaints that were marked last


def asker(user: User, at: datetime) -> tables.Asker:
    known = list(contracts.visible_to(user).order_by("pk"))
    houses = workload.houses(user)
    house = houses[0] if houses else None
    ends = workload.day_ends(at, house)
    watch = workload.watch(at, house, house.shifts.all()) if house else None
    rooms = rooms_visible_to(user).filter(is_active=True).order_by("code").values_list("pk", "code")
    return tables.Asker(
        user=user,
        editions=contracts.editions(user),
        contracts=known,
        people=workload.handlers(user, known),
        rooms=list(rooms),
        at=at,
        day_ends=ends,
        shift_began=watch.since if watch else ends,
        next_shift_ends=watch.until if watch else ends,
    )


@staff
@require_safe
def queue(request: StaffRequest) -> HttpResponse:
    """What burns next: each complaint once, by the time that is left."""
    asked = asker(request.user, now())
    rows = workload.waiting(request.user, list(asked.editions))
    page = listing(request, tables.waiting(asked), rows)
    numbers = [Number(label, workload.count(rows.filter(where)), address) for label, where, address in _counted(asked)]
    context = {"order": "due", "numbers": numbers, "tabs": tabs(request.user, "queue"), **_desk(request, asked)}
    return answer(request, page, "complaints/queue.html", context, asked.at)


class Number(NamedTuple):
    """How many of the queue are of one kind, and where these are listed."""

    label: Text
    number: int
    address: str


def _counted(asked: tables.Asker) -> Iterator[tuple[Text, Q, str]]:
    own = workload.complaints(asked.user, list(asked.editions))
    for whose, label in tables.WHOSE[:2]:
        yield label, Q(noun_id__in=own.filter(asked.is_whose(whose)).values("pk")), f"?f.whose={whose}"
    for when, label in tables.WHEN[:2]:
        yield label, asked.is_due(when), f"?f.when={when}"


@staff
@require_safe
def every(request: StaffRequest) -> HttpResponse:
    """All complaints, the latest first."""
    asked = asker(request.user, now())
    page = listing(request, tables.every(asked), workload.every(request.user, asked.editions))
    context = {"order": "received", "numbers": [], "tabs": tabs(request.user, "every"), **_desk(request, asked)}
    return answer(request, page, "complaints/queue.html", context, asked.at)


def _desk(request: StaffRequest, asked: tables.Asker) -> dict[str, Any]:
    return {
        "bulk": Bulk(people=asked.people) if may("complaints.take_up", request.user) else None,
        "saved": workload.saved_lists(request.user),
        "address": _kept(request.GET),
    }


def _kept(asked: QueryDict) -> str:
    """Of an address what says which rows are meant, without where a page begins."""
    kept = asked.copy()
    for name in ("after", "as"):
        kept.pop(name, None)
    return kept.urlencode()


# --- many at once -----------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What became of one of them; `refusal` is empty where it was done."""

    reference: str
    refusal: str


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: StaffRequest) -> HttpResponse:
    """Does the same with each complaint that was marked, one act a complaint: what one is refused, another may be given."""
    if request.method != "POST":
        told = request.session.get(_BULK)
        if told is None:
            return redirect("complaints:queue")
        outcomes = [Outcome(*one) for one in told["outcomes"]]
        context = {"outcomes": outcomes, "act": told["act"], "name": told["name"], "back": told["back"]}
        return render(request, "complaints/bulk.html", context)
    require("complaints.take_up", request.user)
    known = list(contracts.visible_to(request.user))
    form = Bulk(request.POST, people=workload.handlers(request.user, known))
    marked = request.POST.getlist("mark")[:PAGE]
    back = f"{reverse('complaints:queue')}?{QueryDict(request.POST.get('back', '')).urlencode()}"
    if not form.is_valid() or not marked:
        context = {"bulk": form, "marked": marked, "back": back}
        return render(request, "complaints/bulk.html", context, status=422)
    told = form.cleaned_data
    outcomes = [_done(request.user, one, told["act"], told["person"]) for one in _marked(request.user, marked)]
    name = told["person"].name if told["act"] == ASSIGN else request.user.name
    request.session[_BULK] = {"outcomes": outcomes, "act": told["act"], "name": name, "back": back}
    return redirect("complaints:bulk")


def _marked(user: User, references: Iterable[str]) -> list[Complaint]:
    """404 where one of them is not there, as for its page."""
    found = [by_reference(queries.visible_to(user), reference) for reference in dict.fromkeys(references)]
    if None in found:
        raise Http404
    return [one for one in found if one is not None]


def _done(user: User, complaint: Complaint, act: str, person: User | None) -> Outcome:
    try:
        if act == ASSIGN:
            assert person is not None
            operations.assign(complaint, person=person, by=user, at=now())
        else:
            operations.take_up(complaint, by=user, at=now())
    except (Refusal, NotYours) as refusal:
        return Outcome(complaint.reference, str(refusal))
    return Outcome(complaint.reference, "")


# --- at hand ----------------------------------------------------------------------------------------------------------


@staff
@require_POST
def lists(request: StaffRequest) -> HttpResponse:
    """Keeps a search under a name, or drops one."""
    if dropped := request.POST.get("drop"):
        if dropped.isascii() and dropped.isdecimal() and len(dropped) < 19:
            drafts.drop_list(request.user, int(dropped))
        return redirect("complaints:queue")
    form = ListForm(request.POST)
    if not form.is_valid():
        return redirect("complaints:queue")
    address = _kept(QueryDict(form.cleaned_data["address"]))
    drafts.keep_list(request.user, form.cleaned_data["name"], address)
    return redirect(f"{reverse('complaints:queue')}?{address}")


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def phrases(request: StaffRequest) -> HttpResponse:
    """The words that one's own house uses again and again. `?change=` opens one of them."""
    require("complaints.take_up", request.user)
    rows = workload.phrases(request.user)
    number = request.POST.get("change", "") or request.GET.get("change", "")
    phrase = get_object_or_404(rows, pk=_number(number)) if number else None
    if phrase is not None and "drop" in request.POST:
        drafts.drop_phrase(phrase)
        return redirect("complaints:phrases")
    form = PhraseForm(request.POST or None, owner=request.user.organisation_id, phrase=phrase)
    if form.is_bound and form.is_valid():
        drafts.keep_phrase(phrase, **form.cleaned_data, by=request.user, at=now())
        return redirect("complaints:phrases")
    groups: dict[str, list[Phrase]] = {}
    for one in rows:
        groups.setdefault(one.get_use_display(), []).append(one)
    context = {"form": form, "groups": groups, "changed": phrase, "at": now(), "tabs": tabs(request.user, "phrases")}
    return render(request, "complaints/phrases.html", context, status=422 if form.is_bound else 200)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return int(text)
