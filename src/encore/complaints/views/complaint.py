"""The page of a complaint: what happened, what is promised, what to do now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts.models import Post, User
from encore.accounts.rights import Sight, may, sight
from encore.accounts.staff import StaffRequest, staff
from encore.channels.tables import REASONS
from encore.complaints import course, queries, scoring, workload
from encore.complaints.forms.acts import ActForm, Assessment
from encore.complaints.forms.fairness import Reveal, Telling
from encore.complaints.models import Complaint, Statement
from encore.complaints.operations.letters import TRANSPORTS
from encore.complaints.views.acts import ACTS, REASSESS, Act, Offer, is_turn, offers
from encore.contracts.queries import terms_of
from encore.customers.queries import masked
from encore.engine import Edition, Terms
from encore.ledger.forms import Occurrence
from encore.ledger.nouns import by_reference, key_of
from encore.ledger.queries import Entry, clocks_of, timeline
from encore.ledger.refusal import Refusal
from encore.web.language import row_label


def told_of(complaint: Complaint, at: datetime, reader: User | None = None) -> dict[str, Any]:
    key, in_force = key_of(complaint), terms_of(complaint.contract)
    edition = in_force.edition
    entries = timeline(key, edition, reader)
    standing = [entry for entry in entries if entry.annulled is None]
    return {
        "complaint": complaint,
        "edition": edition,
        "terms": in_force,
        "entries": entries,
        "steps": course.steps(edition, standing),
        "clocks": list(clocks_of(key, complaint.contract_id)),
        "at": at,
    }


def found(request: StaffRequest, reference: str) -> Complaint:
    rows = queries.visible_to(request.user).select_related(
        "contract__venue", "contract__agency", "contact", "responsible__organisation", "reporter", "merged_into"
    )
    complaint = by_reference(rows.annotate(is_asked_lower=queries.IS_ASKED_LOWER), reference)
    if complaint is None:
        raise Http404
    return complaint


@staff
@require_safe
def complaint(request: StaffRequest, reference: str) -> HttpResponse:
    """`?act=` opens the form of another act than the one that is due first; more in the address fills it in."""
    opened = request.GET.get("act", "")
    preset = {name: str(request.GET[name]) for name in ("stage", "department") if name in request.GET}
    preset |= workload.phrase_filled(request.user, opened, request.GET.get("phrase", ""))
    return page(request, found(request, reference), opened=opened, preset=preset)


@dataclass(frozen=True)
class Filled:
    """The form of an act, and when the act happened where that was not just now."""

    act: Act
    form: ActForm
    occurrence: Occurrence

    @property
    def is_scored(self) -> bool:
        """Whether points come to a level in its edition."""
        return isinstance(self.form, Assessment) and bool(scoring.thresholds(self.form.edition))


def _filled(
    act: Act,
    complaint: Complaint,
    user: User,
    edition: Edition,
    posted: Any = None,
    preset: Mapping[str, str] | None = None,
) -> Filled:
    form = act.form(posted, complaint=complaint, user=user, edition=edition, initial=preset)
    occurrence = Occurrence(posted, at=now(), since=complaint.received_at, auto_id=f"{act.name}-%s")
    return Filled(act, form, occurrence)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    """Takes a step: 302 to the complaint, 422 for a form that lacks something, 409 with the reason for a refusal.

    An assessment can be looked at first: `propose` shows the level that its points come to, and takes nothing.
    """
    complaint = found(request, reference)
    act = ACTS.get(name)
    if act is None:
        raise Http404
    if request.method != "POST":
        return redirect("complaints:complaint", reference)
    if name == REASSESS.name and REASSESS.is_open(complaint):
        act = REASSESS
    filled = _filled(act, complaint, request.user, queries.edition(complaint), request.POST)
    is_theirs = is_turn(complaint, act, terms_of(complaint.contract))
    if "propose" in request.POST and is_theirs and isinstance(filled.form, Assessment):
        is_alarming = filled.form.alarms
        filled.form.propose()
        return page(request, complaint, wrong=filled, is_alarming=is_alarming)
    is_filled = all([filled.form.is_valid(), filled.occurrence.is_valid()])
    if not is_filled and is_theirs:
        return page(request, complaint, wrong=filled, status=422)
    try:
        if not is_filled or queries.is_void(timeline(key_of(complaint))):
            raise Refusal(_("It is no longer the turn of this step."))
        with filled.occurrence.reason_given():
            act.perform(complaint, **filled.form.cleaned_data, by=request.user, at=filled.occurrence.at)
    except Refusal as refusal:
        return page(request, found(request, reference), refusal=refusal, unsent=filled.form, status=409)
    if isinstance(filled.form, Assessment) and filled.form.alarms and complaint.emergency_at is None:
        messages.warning(request, _("This is an emergency: see to the list first."))
        return redirect(reverse("complaints:complaint", args=[reference]) + "?act=start-emergency#next")
    return redirect("complaints:complaint", reference)


def page(
    request: StaffRequest,
    complaint: Complaint,
    *,
    opened: str = "",
    preset: Mapping[str, str] | None = None,
    wrong: Filled | None = None,
    is_alarming: bool = False,
    refusal: Refusal | None = None,
    unsent: forms.Form | None = None,
    forms_of: Mapping[str, forms.Form] | None = None,
    is_revealed: bool = False,
    status: int = 200,
) -> HttpResponse:
    """`opened`: the act whose form stands open. `wrong`: a form that came back. `unsent`: one whose act was refused; its words
    stay. `forms_of`: a form of one of the panels that came back, by its name.
    """
    at, user = now(), request.user
    told = told_of(complaint, at, user)
    is_void = queries.is_void(told["entries"])
    offered = offers(complaint, told["clocks"], user, told["terms"], at)
    shown = None if is_void else _shown(offered.first, offered.others, opened, wrong)
    statements = queries.statements(complaint, user)
    is_house = sight("complaint.contact", user) != Sight.WITHHELD
    contact = complaint.contact if is_house else None
    contact = contact and (contact.merged_into or contact)
    asked = queries.asked_lower(complaint) if getattr(complaint, "is_asked_lower", True) else None
    filled = wrong or (_filled(shown.act, complaint, user, told["edition"], preset=preset) if shown else None)
    context = {
        **told,
        "may": lambda act: may(f"complaints.{act}", user),
        "may_annul": may("ledger.annul", user),
        "shown": filled,
        "is_alarming": is_alarming,
        "due_at": shown.due_at if shown else None,
        "groups": {} if is_void else _grouped(offered.first, offered.others, shown, asked is not None),
        "theirs": [] if is_void else offered.theirs,
        "hand_overs": _hand_overs(complaint, told["terms"], offered.others) if not is_void else [],
        "phrases": workload.phrases_for(user, filled.act.name, filled.form.fields.keys()) if filled else {},
        "refusal": refusal,
        "unsent": unsent,
        "beside": _beside(told["entries"], statements, told["edition"]),
        "left_over": _left_over(told["entries"], statements),
        "evidence": queries.evidence(complaint, user),
        "remedies": [] if user.post == Post.PROMOTER else queries.remedies(complaint),
        "concerned": [] if user.post == Post.PROMOTER else queries.concerned(complaint),
        "asked": asked,
        "contact": contact,
        "masked": masked(contact) if contact else "",
        "is_known": complaint.contact_id is not None,
        "is_house": is_house,
        "may_reveal": contact is not None and may("customers.reveal", user),
        "is_revealed": is_revealed,
        "undelivered": queries.undelivered(complaint) if complaint.contact_id else [],
        "reveal": (forms_of or {}).get("reveal") or Reveal(),
        "telling": (forms_of or {}).get("telling") or Telling(),
        "adding": (forms_of or {}).get("adding"),
        "reasons": REASONS,
        "by_message": _by_message(told["edition"]),
    }
    response = render(request, "complaints/complaint.html", context, status=status)
    response["Cache-Control"] = "private, no-store"
    return response


def _shown(first: Offer | None, others: list[Offer], opened: str, wrong: Filled | None) -> Offer | None:
    name = wrong.act.name if wrong else opened
    return next((one for one in others if one.act.name == name), first)


def _grouped(
    first: Offer | None, others: list[Offer], shown: Offer | None, is_asked: bool
) -> Mapping[str, list[Offer]]:
    """What else can be done, by its group. A lower level is asked for once at a time."""
    groups: dict[str, list[Offer]] = {}
    for one in (*([first] if first else []), *others):
        if one is not shown and not (is_asked and one.act.name == "ask-lower"):
            groups.setdefault(str(one.act.group), []).append(one)
    return groups


def _hand_overs(complaint: Complaint, in_force: Terms, others: Collection[Offer]) -> list[tuple[str, str]]:
    """The handing-over that the contract has rules for: what it says, and the filled-in form of it."""
    if not any(one.act.name == "assign" for one in others):
        return []
    found = []
    for fields in queries.hand_overs(complaint, in_force):
        said = " → ".join(row_label(in_force.edition, name, key) for name, key in fields.items())
        query = "".join(f"&{name}={key}" for name, key in fields.items())
        found.append((said, f"?act=assign{query}#next"))
    return found


def _beside(entries: list[Entry], statements: list[Statement], edition: Edition) -> dict[int, list[dict[str, Any]]]:
    """The words that stand beside each entry: said with the same event at the same moment."""
    told: dict[int, list[dict[str, Any]]] = {}
    for entry in entries:
        for one in statements:
            if (one.event, one.at) == (entry.type, entry.occurred_at):
                way = row_label(edition, "channel", one.channel) if one.channel else ""
                told.setdefault(entry.id, []).append({"said": one, "way": way})
    return told


def _left_over(entries: list[Entry], statements: list[Statement]) -> list[Statement]:
    """Words whose event stands elsewhere: with the people whom it is about."""
    here = {(entry.type, entry.occurred_at) for entry in entries}
    return [one for one in statements if (one.event, one.at) not in here]


def _by_message(edition: Edition) -> list[tuple[str, str]]:
    """The channels by which a message goes out by itself."""
    found = edition.vocabulary["channel"].items()
    return [(key, row_label(edition, "channel", key)) for key, row in found if getattr(row, "via", "") in TRANSPORTS]
