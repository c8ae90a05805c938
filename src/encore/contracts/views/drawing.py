"""A contract from an edition: chosen, filled in as a draft, signed, put in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import segno
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts import links, rights
from encore.accounts.staff import StaffRequest, staff
from encore.contracts import drafts, operations, queries, tables
from encore.contracts.forms import Beginning, Drawing, EditionUpload, FirstManager, Signing
from encore.contracts.models import Contract, Draft
from encore.contracts.views.finding import found_contract
from encore.editions import brought
from encore.engine import Terms
from encore.engine.check import check
from encore.engine.durations import add_months, duration
from encore.engine.faults import Fault
from encore.engine.text import SpokenDuty, text_of
from encore.ledger.foresight import Outlook, foresee_start
from encore.ledger.nouns import by_reference, key_of
from encore.ledger.queries import history
from encore.ledger.recorded import recorded
from encore.ledger.refusal import Refusal
from encore.ledger.terms import edition as kept_edition
from encore.ledger.terms import keep_edition, terms
from encore.web.exports import answer
from encore.web.language import reading, tag
from encore.web.tables import listing


@staff
@require_safe
def contracts(request: StaffRequest) -> HttpResponse:
    """The contracts of one's organisation, however far they have come, and what is being drafted."""
    page = listing(request, tables.contracts(request.user), queries.visible_to(request.user))
    may = rights.may("contracts.sign", request.user)
    context = {
        "drafts": [(draft, _title(draft)) for draft in queries.begun(request.user)] if may else [],
        "may": may,
        "at": now(),
    }
    return answer(request, page, "contracts/contracts.html", context, now())


def _title(draft: Draft) -> str:
    return reading(kept_edition(draft.edition_id).title)


# --- choosing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A fault of an edition file, or a doubt about it, in the reader's language."""

    line: int
    clause: str
    words: str


def _found(fault: Fault) -> Found:
    plain = Fault(fault.line, fault.code, fault.values)  # its clause has a column of its own
    words = plain.message("en") if tag() == "en" else reading({"zh-Hans": plain.message("zh")})
    return Found(fault.line, fault.clause, words)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: StaffRequest) -> HttpResponse:
    """Begins a draft from an edition: one that is here, or a file, which is checked first."""
    rights.require("contracts.sign", request.user)
    if request.method != "POST":
        return _choice(request, EditionUpload())
    if chosen := request.POST.get("chosen"):
        return _begun(request, _known(request, chosen))
    form = EditionUpload(request.POST, request.FILES)
    if not form.is_valid():
        return _choice(request, form, status=422)
    name, content = form.cleaned_data["edition"]
    report = check(content, name, recorded=recorded(), today=localdate())
    if report.faults:
        return _choice(request, form, name=name, faults=list(map(_found, report.faults)), status=422)
    return _begun(request, keep_edition(content, name))


def _known(request: StaffRequest, chosen: str) -> str:
    """The digest of an edition that comes with the product, or that this organisation brought in."""
    for (name, content), id in zip(brought(), queries.brought(), strict=True):
        if id == chosen:
            return keep_edition(content, name)
    if chosen in {row.pk for row in queries.kept_editions(request.user)}:
        return chosen
    raise Http404


def _begun(request: StaffRequest, digest: str) -> HttpResponse:
    draft = drafts.begin(digest, by=request.user, at=now())
    return redirect("contracts:draft", draft.reference)


def _choice(
    request: StaffRequest, form: EditionUpload, *, name: str = "", faults: list[Found] | None = None, status: int = 200
) -> HttpResponse:
    own = [(row.pk, row.name, text_of(terms(row.pk, {}))) for row in queries.kept_editions(request.user)]
    context = {
        "texts": [text_of(one) for one in queries.brought().values()],
        "own": own,
        "form": form,
        "name": name,
        "faults": faults or [],
    }
    return render(request, "contracts/choose.html", context, status=status)


# --- the draft --------------------------------------------------------------------------------------------------------


def _draft(request: StaffRequest, reference: str) -> Draft:
    found = by_reference(queries.drafts_visible_to(request.user), reference)
    if found is None:
        raise Http404
    rights.require("contracts.sign", request.user)
    return found


def _form(request: StaffRequest, draft: Draft) -> Drawing:
    """The form as it was last left; before anybody has typed into it, with what the edition says."""
    edition = kept_edition(draft.edition_id)
    if not draft.typed:
        return Drawing(edition=edition, user=request.user, initial=_usual_term(edition.terms()))
    typed = QueryDict(mutable=True)
    for name, values in draft.typed.items():
        typed.setlist(name, values)
    return Drawing(typed, edition=edition, user=request.user)


def _usual_term(in_force: Terms) -> dict[str, object]:
    """From the first of next month, for as long as the edition says."""
    first = (localdate().replace(day=1) + timedelta(days=32)).replace(day=1)
    written = in_force.filled(in_force.edition.file.term.length)
    if written is None:
        return {"term_from": first}
    length = duration(str(written))
    if length.months is not None:
        after = date.fromordinal(add_months(first.toordinal(), length.months))
    else:
        after = first + timedelta(minutes=length.roughly)
    return {"term_from": first, "term_to": after - timedelta(days=1)}


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: StaffRequest, reference: str) -> HttpResponse:
    """What is filled in is kept with every change, right or wrong; only what is right goes on to be signed."""
    draft = _draft(request, reference)
    if draft.contract is not None:
        return redirect("contracts:contract", draft.contract.reference)
    if request.method != "POST":
        return _drafting(request, draft, _form(request, draft))
    if "drop" in request.POST:
        drafts.drop(draft)
        messages.success(request, _("The draft is thrown away."))
        return redirect("contracts:contracts")
    drafts.keep(draft, _typed(request.POST), now())
    if "quietly" in request.POST:
        return HttpResponse(status=204)
    form = _form(request, draft)
    if not form.is_valid():
        return _drafting(request, draft, form, status=422)
    if "go-on" in request.POST:
        return redirect("contracts:sign", draft.reference)
    messages.success(request, _("The draft is kept."))
    return redirect("contracts:draft", draft.reference)


_OF_THE_PAGE = frozenset({"csrfmiddlewaretoken", "go-on", "keep", "quietly", "drop"})
_MOST_FIELDS, _MOST_CHARACTERS = 500, 2_000


def _typed(posted: QueryDict) -> dict[str, list[str]]:
    fields = {name: values for name, values in posted.lists() if name not in _OF_THE_PAGE}
    short = {name: [str(value)[:_MOST_CHARACTERS] for value in values] for name, values in fields.items()}
    return dict(list(short.items())[:_MOST_FIELDS])


def _drafting(request: StaffRequest, draft: Draft, form: Drawing, *, status: int = 200) -> HttpResponse:
    edition = form.edition
    comes_with_us = edition.id in queries.brought() and not _is_own(request, draft)
    report = None if comes_with_us else _doubts(draft)
    wrong = sum(bool(form[name].errors) for name in form.fields) if form.is_bound else 0
    context = {
        "draft": draft,
        "form": form,
        "edition": edition,
        "articles": [
            article for article in text_of(edition.terms()).articles if any(one.values for one in article.entries)
        ],
        "doubts": report or [],
        "wrong": wrong,
        "at": now(),
    }
    return render(request, "contracts/draft.html", context, status=status)


def _is_own(request: StaffRequest, draft: Draft) -> bool:
    return draft.edition_id in {row.pk for row in queries.kept_editions(request.user)}


def _doubts(draft: Draft) -> list[Found]:
    content = bytes(draft.edition.content)
    return [_found(one) for one in check(content, draft.edition.name, recorded=recorded(), today=localdate()).warnings]


# --- signing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Start:
    """What follows from putting a contract in force: the clocks that start with it, and the duties that wait for something."""

    clocks: list[Outlook]
    waiting: list[SpokenDuty]
    spoken: Mapping[str, SpokenDuty]


def _start(in_force: Terms, at: datetime, present: datetime) -> Start:
    clocks = foresee_start(in_force, at=min(at, present), now=present)
    spoken = {duty.id: duty for duty in text_of(in_force).duties}
    begun = {clock.duty for clock in clocks}
    return Start(clocks, [duty for duty in spoken.values() if duty.id not in begun], spoken)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: StaffRequest, reference: str) -> HttpResponse:
    """What was filled in, in short, and what follows from it; then the signature."""
    draft = _draft(request, reference)
    if draft.contract is not None:
        return redirect("contracts:contract", draft.contract.reference)
    filled = _form(request, draft)
    if not filled.is_bound or not filled.is_valid():
        return redirect("contracts:draft", draft.reference)
    at, agreed = now(), filled.agreed

    def has_term(moment: datetime) -> bool:
        return agreed.term is not None and agreed.term[0] <= localdate(moment) <= agreed.term[1]

    form = Signing(
        request.POST if request.method == "POST" else None, at=at, has_term=has_term, initial={"signed_at": at}
    )
    if request.method != "POST" or not form.is_valid() or "look" in request.POST:
        moment = form.moment if form.is_bound and form.is_valid() else None
        return _signing(request, draft, filled, form, moment or at, at, status=422 if form.errors else 200)
    contract = drafts.finish(draft, agreed, filled.other, at)
    try:
        with form.reason_given():
            operations.sign(contract, by=request.user, at=form.cleaned_data["signed_at"])
        _begin(request, contract, form)
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    return redirect("contracts:contract", contract.reference)


def _begin(request: StaffRequest, contract: Contract, form: Beginning) -> None:
    """Puts it in force as the form says, or leaves that for later."""
    begin = operations.take_over if form.cleaned_data["begins"] == "taken_over" else operations.make_effective
    if form.moment is not None:
        with form.reason_given():
            begin(contract, by=request.user, at=form.moment)


def _signing(
    request: StaffRequest, draft: Draft, filled: Drawing, form: Signing, moment: datetime, at: datetime, *, status: int
) -> HttpResponse:
    in_force = filled.edition.terms(filled.given)
    other = filled.other
    given = [value for entry in text_of(in_force).entries for value in entry.values if value.given]
    context = {
        "draft": draft,
        "edition": filled.edition,
        "agreed": filled.agreed,
        "other": other if isinstance(other, str) else other.name,
        "is_new": isinstance(other, str),
        "given": given,
        "of": {value.key: filled.edition.parameters[value.key] for value in given},
        "left": len(filled.edition.parameters) - len(given),
        "form": form,
        "start": _start(in_force, moment, at),
        "moment": moment,
        "at": at,
    }
    return render(request, "contracts/sign.html", context, status=status)


# --- its life ---------------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def contract(request: StaffRequest, reference: str) -> HttpResponse:
    """How far a contract has come, with the next act: sign, put in force, let the other party in."""
    found = found_contract(request, reference)
    if request.method != "POST":
        return _life(request, found)
    match request.POST.get("act"):
        case "sign":
            return _sign_now(request, found)
        case "begin":
            return _begin_now(request, found)
        case "invite":
            return _invite(request, found)
    raise Http404


def _beginning(found: Contract, at: datetime, posted: QueryDict | None = None) -> Beginning:
    def has_term(moment: datetime) -> bool:
        return found.term_from is not None and found.runs_on(moment)

    form = Beginning(posted, at=at, has_term=has_term, since=found.signed_at)
    form.fields["begins"].choices = form.fields["begins"].choices[:3]  # type: ignore[attr-defined]
    return form


def _sign_now(request: StaffRequest, found: Contract) -> HttpResponse:
    try:
        operations.sign(found, by=request.user, at=now())
    except Refusal as refusal:
        return _life(request, found, refusal=refusal, status=409)
    return redirect("contracts:contract", found.reference)


def _begin_now(request: StaffRequest, found: Contract) -> HttpResponse:
    form = _beginning(found, now(), request.POST)
    if not form.is_valid():
        return _life(request, found, beginning=form, status=422)
    try:
        _begin(request, found, form)
    except Refusal as refusal:
        return _life(request, found, refusal=refusal, status=409)
    return redirect("contracts:contract", found.reference)


def _invite(request: StaffRequest, found: Contract) -> HttpResponse:
    form = FirstManager(request.POST)
    if not form.is_valid():
        return _life(request, found, manager=form, status=422)
    try:
        person, token = operations.invite_party(found, manager=form.cleaned_data["manager"], by=request.user, at=now())
    except Refusal as refusal:
        return _life(request, found, refusal=refusal, status=409)
    address = request.build_absolute_uri(reverse("people:join", args=[token]))
    picture = segno.make(address, error="m").svg_data_uri(scale=6, border=2)
    context = {
        "contract": found, "person": person, "other": found.other_party(request.user.organisation),
        "address": address, "picture": picture, "days": links.JOINING.days,
    }  # fmt: skip
    response = render(request, "contracts/link.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _life(
    request: StaffRequest,
    found: Contract,
    *,
    beginning: Beginning | None = None,
    manager: FirstManager | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    at, in_force = now(), queries.terms_of(found)
    other = found.other_party(request.user.organisation)
    is_here = queries.has_people(other)
    awaits = found.awaits_signature or found.awaits_effect
    context = {
        "contract": found,
        "edition": in_force.edition,
        "state": tables.STATES[tables.state(found)],
        "other": other,
        "is_here": is_here,
        "may": rights.may("contracts.sign", request.user),
        "may_invite": not is_here and rights.may("contracts.invite_party", request.user),
        "beginning": beginning or _beginning(found, at),
        "manager": manager or FirstManager(),
        "start": _start(in_force, at, at) if awaits else None,
        "entries": history(key_of(found)),
        "refusal": refusal,
        "at": at,
    }
    return render(request, "contracts/contract.html", context, status=status)
