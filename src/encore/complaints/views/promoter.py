"""The promoter's own pages, on a phone on the floor: what is owed today, what was passed on and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from encore.accounts.models import Post, User
from encore.accounts.rights import may, require
from encore.accounts.staff import StaffRequest, staff
from encore.complaints import operations, queries
from encore.complaints.forms.registering import Handing
from encore.complaints.models import Complaint, Statement
from encore.complaints.operations import AlreadyReceived
from encore.complaints.views.registering import chosen, filled, known, page, receipt_of
from encore.contracts.queries import edition_of, terms_lately, terms_of
from encore.engine import Edition, Terms, words
from encore.engine.patterns import test_of
from encore.ledger.models import Clock
from encore.ledger.nouns import by_reference
from encore.ledger.refusal import Refusal
from encore.web.language import duty_label, reading

_SHOWN = 20


class Owed(NamedTuple):
    clock: Clock
    edition: Edition
    complaint: Complaint


@dataclass(frozen=True)
class PassedOn:
    """A complaint that a promoter passed on: how it stands, what they were answered, what they still wait for."""

    complaint: Complaint
    edition: Edition
    stands: str
    answers: Sequence[Statement]
    awaited: Sequence[Clock]


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def day(request: StaffRequest) -> HttpResponse:
    """What I owe today, what I passed on, and where a complaint is about me. What was only written down is reported from here."""
    if request.method != "POST":
        return _day(request)
    complaint = by_reference(queries.passed_on(request.user), request.POST.get("report", ""))
    if complaint is None:
        raise Http404
    try:
        operations.report(complaint, by=request.user, at=now())
    except Refusal as refusal:
        return _day(request, refusal)
    return redirect("complaints:day")


def _day(request: StaffRequest, refusal: Refusal | None = None) -> HttpResponse:
    if request.user.post != Post.PROMOTER:
        raise Http404
    before = request.GET.get("before", "")
    rows = queries.passed_on(request.user)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before)).order_by("-pk")
    complaints = list(rows[: _SHOWN + 1])
    following = f"?before={complaints[_SHOWN - 1].pk}" if len(complaints) > _SHOWN else ""
    complaints = complaints[:_SHOWN]
    owed = _owed(request.user)
    context = {
        "owed": owed,
        "passed_on": _passed_on(complaints),
        "following": following,
        "concerns": _concerns(request.user),
        "may_report": may("complaints.report", request.user),
        "refusal": refusal,
        "at": now(),
    }
    return render(request, "complaints/promoter_day.html", context, status=409 if refusal else 200)


def _owed(user: User) -> list[Owed]:
    """The clocks that run on what this promoter passed on and are the promoter's own to stop, the first to end first."""
    rows = queries.passed_on(user).order_by().values("pk")
    clocks = Clock.objects.filter(noun="complaint", noun_id__in=rows, is_ended=False).order_by("due_at", "id")
    complaints = queries.passed_on(user).in_bulk({clock.noun_id for clock in clocks})
    found = []
    for clock in clocks:
        complaint = complaints[clock.noun_id]
        in_force = terms_lately(complaint.contract)
        if (rule := in_force.rules.get(clock.duty)) and rule.post == Post.PROMOTER:
            found.append(Owed(clock, in_force.edition, complaint))
    return found


def _passed_on(complaints: Sequence[Complaint]) -> list[PassedOn]:
    numbers = [one.pk for one in complaints]
    said: dict[int, list[Statement]] = {}
    for one in Statement.objects.filter(complaint__in=numbers, kind=Statement.Kind.TO_PROMOTER).order_by("at", "pk"):
        said.setdefault(one.complaint_id, []).append(one)
    running: dict[int, list[Clock]] = {}
    for clock in Clock.objects.filter(noun="complaint", noun_id__in=numbers, is_ended=False).order_by("due_at", "id"):
        running.setdefault(clock.noun_id, []).append(clock)
    found = []
    for complaint in complaints:
        in_force = terms_lately(complaint.contract)
        awaited = [one for one in running.get(complaint.pk, ()) if _answers_promoter(in_force, one)]
        stands = _stands(complaint, in_force.edition)
        found.append(PassedOn(complaint, in_force.edition, stands, said.get(complaint.pk, ()), awaited))
    return found


def _answers_promoter(in_force: Terms, clock: Clock) -> bool:
    """Whether it is by telling the promoter something that this duty is done."""
    rule = in_force.rules.get(clock.duty)
    told = ("complaint.answered_promoter", "complaint.result_sent_promoter")
    return rule is not None and any(pattern.event in told for pattern in rule.done)


def _stands(complaint: Complaint, edition: Edition) -> str:
    if complaint.withdrawn_at is not None:
        return _("withdrawn")
    if complaint.merged_at is not None:
        return _("goes on in another")
    row = edition.vocabulary["stage"].get(complaint.stage)
    return reading(row.label) if row else ""


def _concerns(user: User) -> list[tuple[object, str, str]]:
    rows = queries.concerns_visible_to(user).filter(told_at__isnull=False).order_by("-told_at", "-pk")[:_SHOWN]
    return [
        (
            one,
            reverse("complaints:concern", args=[str(one)]),
            _("say your side of it") if one.awaits_statement else _("the result is there") if one.result_told_at else _("you were heard"),
        )
        for one in rows
    ]  # fmt: skip


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def hand_up(request: StaffRequest) -> HttpResponse:
    """What a guest told a promoter: written down at once, and reported by the same button or later."""
    require("complaints.report", request.user)
    contract, own = chosen(request)
    at = now()
    form: Handing = filled(request, Handing, contract, at)
    receipt = receipt_of(request, contract, at)
    shown: dict[str, Any] = {"receipt": receipt, "edition": edition_of(contract), "owed": _promised(terms_of(contract))}
    if not form.is_bound or not all([form.is_valid(), receipt.is_valid()]):
        return page(request, "complaints/promoter_report.html", form, own, at, **shown)
    channel = queries.promoter_channel(form.in_force)
    reports = request.POST.get("act") != "note"
    try:
        with receipt.reason_given():
            complaint = operations.receive(
                form.told(wish=form.cleaned_data["wish"]),
                contract=contract,
                channel=channel,
                by=request.user,
                at=receipt.at,
                recorded_at=at,
                reached=form.reached(channel),
                evidence=form.cleaned_data["files"],
                reports=reports,
            )
    except AlreadyReceived as refusal:
        before = known(form, request.user)
        if before is None:
            return page(request, "complaints/promoter_report.html", form, own, at, refusal, **shown)
        complaint = before
    except Refusal as refusal:
        return page(request, "complaints/promoter_report.html", form, own, at, refusal, **shown)
    return redirect(f"{reverse('complaints:received', args=[complaint.reference])}?by=hand-up")


def _promised(in_force: Terms) -> list[tuple[str, str, str]]:
    """What the contract wants of a promoter who was told something: the duty, its clause and its time."""
    channel = {"channel": queries.promoter_channel(in_force)}
    found = []
    for rule in in_force.rules.values():
        if rule.post != Post.PROMOTER or rule.within is None:
            continue
        tests = [test_of(one) for one in rule.when if one.event == "complaint.received"]
        if any(test is None or test(channel) for test in tests):
            found.append((duty_label(in_force.edition, rule.id), rule.clause, reading(words.span(rule.within.text))))
    return found
