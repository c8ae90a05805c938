"""What no operation of the product records: told by hand, with what would follow shown first."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson
from django.db import IntegrityError
from django.db.models import Model
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.rights import may
from encore.accounts.staff import StaffRequest, staff
from encore.contracts import operations, queries
from encore.contracts.forms import NEW, Recording, begins_a_matter, fits
from encore.contracts.models import Contract, Note
from encore.contracts.views.finding import contract_in_force
from encore.engine import Edition, words
from encore.engine.events import CONTRACT_WIDE
from encore.engine.mentions import PLACES, Mention
from encore.ledger.foresight import Outlook, foresee
from encore.ledger.models import Clock
from encore.ledger.nouns import NOUNS, Key, by_reference, key_of, pages
from encore.ledger.queries import Entry, clocks_of, event_label, timeline
from encore.ledger.refusal import Refusal
from encore.web.language import duty_label, reading
from encore.web.paging import place, written
from encore.web.tables import PAGE

_MOST_SUBJECTS: Final = 20


@dataclass(frozen=True)
class Way:
    """An event that can be recorded for a duty: what it does there, and the page that takes it."""

    type: str
    label: str
    does: str
    url: str


@staff
@require_safe
def recordable(request: StaffRequest, reference: str) -> HttpResponse:
    """Every duty with what can be recorded for it by hand."""
    contract = contract_in_force(request, reference)
    in_force = queries.terms_of(contract)
    lines = [
        (in_force.edition.duties[duty], _ways(contract, in_force.edition, duty, found))
        for duty, found in queries.recordable(in_force).items()
    ]
    context = {"contract": contract, "edition": in_force.edition, "lines": lines}
    return render(request, "contracts/recordable.html", context)


@dataclass(frozen=True)
class Following:
    """A clock as it would stand, what the event does to it in words, and what it runs on."""

    clock: Outlook
    words: str
    where: str


@dataclass(frozen=True)
class Asked:
    """Which event somebody comes to record, for which duty; `found`: where the contract speaks of it."""

    contract: Contract
    edition: Edition
    duty: str
    type: str
    ways: list[Way]
    found: list[Mention]
    subjects: dict[str, str]
    at: datetime

    @property
    def is_meant(self) -> bool:
        """Whether the duty speaks of it, and it is recorded by hand."""
        return any(way.type == self.type for way in self.ways)

    def form(self, request: StaffRequest, posted: QueryDict | None = None) -> Recording:
        return Recording(
            posted, contract=self.contract, edition=self.edition, type=self.type, found=self.found,
            subjects=self.subjects, find=partial(queries.subject, self.contract, user=request.user), at=self.at,
            initial=_initial(self, request.GET.get("subject", "")),
        )  # fmt: skip


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: StaffRequest, reference: str) -> HttpResponse:
    """Takes an event that no operation records, in two steps: what would follow from it is shown before it is recorded."""
    contract, said = contract_in_force(request, reference), request.POST if request.method == "POST" else request.GET
    if not said.get("duty"):
        return redirect("contracts:recordable", reference)
    asked = _asked(request, contract, said)
    if not asked.is_meant:
        return render(request, "contracts/not_by_hand.html", _not_by_hand(asked), status=422)
    if request.method != "POST":
        return _recording(request, asked, asked.form(request))
    form = asked.form(request, request.POST)
    if not form.is_valid():
        return _recording(request, asked, form, status=422)
    if form.cleaned_data["seen"] != form.said:
        follows = _follows(request, asked, form)
        return _recording(request, asked, asked.form(request, _with(request.POST, seen=form.said)), follows=follows)
    try:
        row = _note(request, asked.contract, form)
    except Refusal as refusal:
        again = asked.form(request, _with(request.POST, seen="", form_key=uuid.uuid4().hex))
        return _recording(request, asked, again, refusal=refusal, status=409)
    return redirect(_page_of(row))


def _asked(request: StaffRequest, contract: Contract, said: QueryDict) -> Asked:
    edition, spoken, duty = queries.edition_of(contract), queries.spoken_of(contract), str(said["duty"])
    own = [one for found in spoken.values() for one in found if one.rule.id == duty]
    if not own:
        raise Http404
    by_hand = [one for one in own if queries.is_by_hand(one.pattern.event)]
    type = said.get("event") or (_likely(contract, duty, by_hand) if by_hand else own[0].pattern.event)
    found = spoken.get(type, [])
    subjects = _subjects(request, contract, type, found, said.get("subject", ""))
    return Asked(contract, edition, duty, type, _ways(contract, edition, duty, by_hand), found, subjects, now())


def _recording(
    request: StaffRequest,
    asked: Asked,
    form: Recording,
    *,
    follows: list[Following] | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "asked": asked,
        "contract": asked.contract,
        "edition": asked.edition,
        "clause": next((one.rule.clause for one in asked.found if one.rule.id == asked.duty), ""),
        "label": event_label(asked.edition, asked.type),
        "is_wide": asked.type in CONTRACT_WIDE,
        "may": may("contracts.note", request.user),
        "form": form,
        "follows": follows,
        "refusal": refusal,
    }
    response = render(request, "contracts/record.html", context, status=status)
    response["Cache-Control"] = "no-store"  # a copy would carry the key of a form that was sent already
    return response


def _note(request: StaffRequest, contract: Contract, form: Recording) -> Model:
    """Records what a valid form says. The same form sent twice is one event; sent with something else in it, it is refused."""
    cleaned = form.cleaned_data
    told = operations.Told(
        form.type, form.told, cleaned["form_key"], form.said, title=cleaned["title"], words=cleaned["words"]
    )
    try:
        with form.reason_given():
            return operations.note(
                told, contract=contract, subject=cleaned["row"], by=request.user, at=cleaned["occurred_at"]
            )
    except (operations.AlreadyNoted, IntegrityError):
        before = Note.objects.get(form_key=told.form_key)
        if (before.contract_id, before.said) != (contract.pk, told.said):
            raise operations.AlreadyNoted(
                _("This form was recorded before, with something else in it. If you mean another event, go on.")
            ) from None
        kept: Model = NOUNS[before.noun].visible_to(request.user).get(pk=before.noun_id)
        return kept


def _ways(contract: Contract, edition: Edition, duty: str, found: Iterable[Mention], subject: str = "") -> list[Way]:
    """The events that patterns of a duty name, each once, under what it does first."""
    does = {
        "done": _("fulfils it"), "when": _("sets it running"), "from": _("it counts from here"),
        "forbid": _("breaks it"), "cancel": _("takes it away"), "until": _("ends it"),
    }  # fmt: skip
    ways: dict[str, Way] = {}
    for one in sorted(found, key=lambda one: PLACES.index(one.place)):
        type = one.pattern.event
        asked = QueryDict(mutable=True)
        asked.update({"duty": duty, "event": type, **({"subject": subject} if subject else {})})
        url = f"{reverse('contracts:record', args=[contract.reference])}?{asked.urlencode()}"
        ways.setdefault(type, Way(type, event_label(edition, type), does[one.place], url))
    return list(ways.values())


def _likely(contract: Contract, duty: str, own: Sequence[Mention]) -> str:
    """What one most likely comes to record: what fulfils a duty that runs, else what sets it running."""
    runs = Clock.objects.filter(contract=contract.pk, duty=duty, is_ended=False).exists()
    order = PLACES if runs else ("when", *PLACES)
    return min(own, key=lambda one: order.index(one.place)).pattern.event


def _subjects(
    request: StaffRequest, contract: Contract, type: str, found: Sequence[Mention], chosen: str
) -> dict[str, str]:
    """What such an event may have happened to, by reference; what most likely is meant comes first."""
    awaited = queries.waiting(contract, [one for one in found if one.place == "done"], _MOST_SUBJECTS)
    keys = [*awaited, *queries.waiting(contract, found, _MOST_SUBJECTS)]
    if begins_a_matter(type):
        keys += [key_of(matter) for matter in queries.matters(contract, None)[:_MOST_SUBJECTS]]
    known, titles = pages(keys, request.user), queries.titles(key.id for key in keys if key.noun == "matter")
    named = {
        key: f"{known[key].reference} {titles.get(key.id, '') if key.noun == 'matter' else ''}".rstrip()
        for key in dict.fromkeys(keys)
        if key in known and (key in awaited or not type.startswith("contract."))
    }
    first = {known[key].reference: label for key, label in named.items() if key in awaited}
    whole = {contract.reference: _("the contract itself")} if fits(type, contract) else {}
    new = {NEW: _("a new matter")} if begins_a_matter(type) else {}
    starts = any(one.place == "when" for one in found)
    subjects = {**first, **({**new, **whole} if starts else {**whole, **new})}
    subjects |= {known[key].reference: label for key, label in named.items()}
    if chosen and chosen not in subjects and queries.subject(contract, chosen, request.user) is not None:
        subjects[chosen] = chosen
    return subjects


def _initial(asked: Asked, chosen: str) -> dict[str, object]:
    """What stands in the form before anybody has filled it in: where the duty leaves no choice, what it asks for."""
    initial: dict[str, object] = {
        "subject": chosen if chosen in asked.subjects else next(iter(asked.subjects), ""),
        "title": event_label(asked.edition, asked.type),
        "occurred_at": asked.at,
        "form_key": uuid.uuid4().hex,
    }
    for key, allowed in next((one.pattern.where for one in asked.found if one.rule.id == asked.duty), ()):
        if len(allowed) == 1:
            initial[f"data.{key}"] = orjson.dumps(allowed[0]).decode()
    return initial


def _follows(request: StaffRequest, asked: Asked, form: Recording) -> list[Following]:
    """The clocks that the event would move, each with what would become of it and where it hangs."""
    row = form.cleaned_data["row"]
    found = foresee(
        asked.type,
        contract=asked.contract.pk,
        subject=key_of(row) if row is not None else Key("matter", 0),
        data=form.told,
        at=form.cleaned_data["occurred_at"],
        now=asked.at,
    )
    references = pages({one.key for one in found if one.noun_id}, request.user)
    return [
        Following(one, _becomes(one, asked.edition), references[one.key].reference if one.key in references else "")
        for one in found
    ]


def _becomes(one: Outlook, edition: Edition) -> str:
    said = {"duty": duty_label(edition, one.duty), "n": one.counts_on}
    match one.before, one.state:
        case "", "open" | "suspended":
            return _("The time for “%(duty)s” starts.") % said
        case "", "breached":
            return _("The time for “%(duty)s” starts, and has passed already.") % said
        case _, "fulfilled":
            return _("“%(duty)s” is fulfilled in time.") % said
        case _, "late":
            return _("“%(duty)s” is fulfilled, but late.") % said
        case _, "breached":
            return _("“%(duty)s” is broken.") % said
        case _, "discharged":
            return _("“%(duty)s” is no longer owed.") % said
        case "open", "suspended":
            return _("The time for “%(duty)s” is suspended.") % said
        case before, state if before == state and one.counts_on:
            return ngettext(
                "It counts for “%(duty)s”; %(n)s more is needed.",
                "It counts for “%(duty)s”; %(n)s more are needed.",
                one.counts_on,
            ) % said  # fmt: skip
        case _:
            return _("The time for “%(duty)s” is another.") % said


def _with(posted: QueryDict, **more: str) -> QueryDict:
    changed = posted.copy()
    for name, value in more.items():
        changed[name] = value
    return changed


def _page_of(row: Model) -> str:
    """Where one reads what happened to a row. What happened to a contract itself has a page of its own."""
    noun = NOUNS[key_of(row).noun]
    return reverse("contracts:happened" if isinstance(row, Contract) else noun.url_name, args=[str(row)])


def _not_by_hand(asked: Asked) -> dict[str, Any]:
    noun = NOUNS.get(asked.type.partition(".")[0])
    return {
        "contract": asked.contract,
        "label": event_label(asked.edition, asked.type) if asked.found else "",
        "page": str(noun.label) if asked.found and noun else "",
        "instead": asked.ways,
    }


@staff
@require_safe
def matters(request: StaffRequest, reference: str) -> HttpResponse:
    """What was recorded by hand under a contract, the latest first, each with what runs out next on it."""
    contract = contract_in_force(request, reference)
    rows = queries.matters(contract, place(request.GET.get("after", "")))
    shown, last = rows[:PAGE], rows[PAGE - 1] if len(rows) > PAGE else None
    context = {
        "contract": contract,
        "edition": queries.edition_of(contract),
        "at": now(),
        "matters": shown,
        "running": queries.running_on(shown),
        "more": written(last.opened_at, last.pk) if last else "",
    }
    return render(request, "contracts/matters.html", context)


@staff
@require_safe
def matter(request: StaffRequest, reference: str) -> HttpResponse:
    found = by_reference(queries.matters_visible_to(request.user), reference)
    if found is None:
        raise Http404
    key = key_of(found)
    clocks = [*queries.ended_by(key, found.contract), *clocks_of(key, found.contract_id)]
    return _happened(request, found.contract, found, clocks, {"matter": found})


@staff
@require_safe
def happened(request: StaffRequest, reference: str) -> HttpResponse:
    """What happened to a contract itself, and the clocks that run on it."""
    contract = contract_in_force(request, reference)
    clocks = list(clocks_of(key_of(contract), contract.pk).filter(is_ended=False))
    return _happened(request, contract, contract, clocks, {"matter": None})


def _happened(
    request: StaffRequest, contract: Contract, row: Model, clocks: list[Clock], more: dict[str, Any]
) -> HttpResponse:
    key, edition, spoken = key_of(row), queries.edition_of(contract), queries.spoken_of(contract)
    waits = {clock.duty for clock in clocks if not clock.is_ended}
    heeded = [
        one
        for found in spoken.values()
        for one in found
        if one.rule.id in waits and queries.is_by_hand(one.pattern.event)
    ]
    subject = "" if row == contract else str(row)  # for a contract the form proposes what to record it on
    nexts = {
        duty: _ways(contract, edition, duty, [one for one in heeded if one.rule.id == duty], subject) for duty in waits
    }
    running = sorted((clock for clock in clocks if not clock.is_ended), key=lambda clock: (clock.due_at, clock.pk))
    context = {
        "contract": contract,
        "edition": edition,
        "at": now(),
        "running": running,
        "ended": [clock for clock in reversed(clocks) if clock.is_ended],
        "nexts": nexts,
        "entries": [_told(edition, spoken, entry) for entry in timeline(key, edition, request.user)],
        "beside": queries.words_beside(key),
        "may": may("contracts.note", request.user),
        "may_annul": may("ledger.annul", request.user),
        **more,
    }
    return render(request, "contracts/matter.html", context)


def _told(edition: Edition, spoken: dict[str, list[Mention]], entry: Entry) -> Entry:
    """An entry with each answer that was given under what the form asked."""
    if entry.type not in spoken:
        return entry
    asked = queries.answers(edition, spoken[entry.type])
    said = [
        f"{reading(words.field(key))} {reading(words.answer(edition, key, entry.data[key]))}"
        for key in asked
        if key in entry.data
    ]
    return replace(entry, details=tuple(said))
