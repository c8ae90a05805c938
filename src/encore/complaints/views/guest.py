"""The pages that guests reach without signing in: by the code of a room or a house, and by the token of their complaint."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from io import BytesIO
from typing import Any, Final

import segno
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from encore.complaints import course, operations, queries
from encore.complaints.forms import guest as forms
from encore.complaints.models import Complaint, Statement
from encore.contracts.models import Contract
from encore.contracts.queries import edition_of, in_force, terms_of
from encore.customers.models import Contact
from encore.customers.queries import check_tail
from encore.engine import Terms
from encore.files import queries as files
from encore.files.forms import FULL
from encore.files.models import File
from encore.files.sniffing import LIMITS, MEGABYTE, Sort, kept_name
from encore.files.store import Stored
from encore.ledger.models import Clock
from encore.ledger.nouns import key_of
from encore.ledger.queries import clocks_of, timeline
from encore.ledger.refusal import Refusal
from encore.venues.models import Room
from encore.venues.queries import room_by_token
from encore.web import errors

# A house has one address for all its guests, and one party in a room.
_INTAKE: Final = {"room": "120/h/ip,30/h/key", "house": "120/h/ip"}
_TRIES: Final = {"tail": "5/15m/key"}
_ANSWERS: Final = {"answer": "120/h/ip,60/h/key"}
_UNLOCKED: Final = timedelta(hours=12)
_COOKIE: Final = "guest"

View = Callable[..., HttpResponse]


class Ceiling(FileUploadHandler):
    """Lets go of a file that is more than a form can carry; the rest of the form stays."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.refused: list[str] = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > LIMITS[Sort.SOUND]:
            self.refused.append(kept_name(self.file_name or ""))
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def _taking_files(view: View) -> View:
    """The ceiling has to be there before anything reads the form, and what guards against forgeries reads it first."""
    guarded = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def taking(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        request.upload_handlers.insert(0, Ceiling(request))
        return guarded(request, *arguments, **named)

    return taking


def _refuse_what_was_let_go(request: HttpRequest, form: forms.Intake | forms.OwnForm) -> None:
    for handler in request.upload_handlers:
        for name in handler.refused if isinstance(handler, Ceiling) else ():
            message = _("“%(name)s” is too large to go with the form: at most %(most)s MB do. What you wrote is kept.")
            form.add_error("files", message % {"name": name, "most": LIMITS[Sort.SOUND] // MEGABYTE})


def _status(request: HttpRequest, form: forms.Intake | forms.OwnForm) -> int:
    if any(handler.refused for handler in request.upload_handlers if isinstance(handler, Ceiling)):
        return 413
    return 507 if "files" in form.fields and form.has_error("files", FULL) else 422


# --- a room, or a house -----------------------------------------------------------------------------------------------


@_taking_files
@require_http_methods(["GET", "HEAD", "POST"])
def intake(request: HttpRequest, code: str) -> HttpResponse:
    """Takes a complaint from whoever holds the link. The same form sent twice is one complaint."""
    at = now()
    contract, place = _opened(code, at)
    if contract is None:
        return _leads_nowhere(request, place)
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    options: dict[str, Any] = {"edition": edition_of(contract), "holder": files.guest_holder(code), "at": at}
    form = forms.Intake(*posted, **options, initial={"form_key": uuid.uuid4().hex})
    if not posted:
        return _intake_page(request, contract, place, form, 200)
    is_whole = form.is_valid()
    _refuse_what_was_let_go(request, form)
    if not is_whole or form.errors:
        return _intake_page(request, contract, place, form, _status(request, form))
    action = "room" if place else "house"
    if not ratelimit.consume(request, app="encore.complaints", action=action, config=_INTAKE, key=code):
        return _intake_page(request, contract, place, form, 429)
    complaint = _received(form, contract, place, at)
    response = _private(redirect("complaints:tracking", complaint.token))
    contact = _contact(complaint)
    if contact and check_tail(contact, form.cleaned_data["phone"][-4:]):
        _unlock(response, complaint)  # who has just written the number need not write its end
    return response


def _opened(code: str, at: datetime) -> tuple[Contract | None, Room | None]:
    """By the token of a room's own card, or by the code of the contract that older cards lead to."""
    if (room := room_by_token(code)) is not None:
        return queries.contract_for(room.venue.owner, at), room
    return in_force().filter(code=code).first(), None


def _leads_nowhere(request: HttpRequest, place: Room | None) -> HttpResponse:
    if place:
        title, sentence = (
            _("This house takes no complaints here yet"),
            _("Please tell the front desk: they write it down."),
        )
    else:
        title = _("This card is no longer good")
        sentence = _("Scan the card in your room, or tell the front desk: they write it down.")
    return _private(errors.page(request, 404, title=title, sentence=sentence))


def _intake_page(
    request: HttpRequest, contract: Contract, place: Room | None, form: forms.Intake, status: int
) -> HttpResponse:
    context = {
        "contract": contract,
        "place": place,
        "form": form,
        "kept_how": forms.kept_how(),
        "is_too_many": status == 429,
    }
    response = render(request, "complaints/intake.html", context, status=status)
    response["Cache-Control"] = "no-store"  # a copy would carry the key of a form that was sent already
    response["X-Robots-Tag"] = "noindex"
    if status == 429:
        response["Retry-After"] = "600"
    return response


def _received(form: forms.Intake, contract: Contract, place: Room | None, at: datetime) -> Complaint:
    given = form.cleaned_data
    told = operations.Told(
        given["text"],
        given["form_key"],
        place.label if place else given["room"],
        form.wished,
        given["answer_by"],
        place=place,
    )
    how: dict[str, Any] = {
        "contract": contract,
        "channel": form.on_page or "web",
        "by": None,
        "at": at,
        "reached": form.reached,
        "evidence": given["files"],
    }
    try:
        return operations.receive(told, **how)
    except (operations.AlreadyReceived, IntegrityError):
        complaint = Complaint.objects.select_related("contact").get(form_key=told.form_key)
        if (complaint.contract_id, complaint.text, complaint.room) == (contract.pk, told.text, told.room):
            return complaint
        # Another complaint written into a form that was sent before: the next guest at a shared screen.
        return operations.receive(replace(told, form_key=uuid.uuid4().hex), **how)


# --- a complaint ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Doing:
    """What a guest can do on the page of their complaint, and the event that tells of it."""

    event: str
    form: type[forms.OwnForm]
    is_open: Callable[[Complaint], bool]
    perform: Callable[[Complaint, Mapping[str, Any], datetime], object]


def _add(complaint: Complaint, given: Mapping[str, Any], at: datetime) -> None:
    """What has come already, as when the line broke before the answer, is not added once more."""
    words = given["words"]
    known = Statement.objects.filter(complaint=complaint, kind=Statement.Kind.ADDED, by=None, words=words)
    if words and not known.exists():
        operations.add(complaint, words=words, by=None, at=at)
    here = set(own_files(complaint).values_list("sha256", flat=True))
    new: Sequence[Stored] = [one for one in given["files"] if one.sha256 not in here]
    if new:
        operations.add_evidence(complaint, evidence=new, by=None, at=at)


def _page_channel(complaint: Complaint) -> str:
    return queries.channel(edition_of(complaint.contract), "web")


DOINGS: Final[Mapping[str, Doing]] = {
    "add": Doing("complaint.contacted", forms.Addition, lambda c: c.is_open, _add),
    "confirm": Doing(
        "complaint.result_confirmed",
        forms.Nothing,
        lambda c: c.awaits_confirmation,
        lambda c, given, at: operations.confirm(c, channel=_page_channel(c), by=None, at=at),
    ),
    "reject": Doing(
        "complaint.result_rejected",
        forms.Rejecting,
        lambda c: c.awaits_confirmation,
        lambda c, given, at: operations.reject(c, channel=_page_channel(c), words=given["words"], by=None, at=at),
    ),
    "rate": Doing(
        "complaint.rated",
        forms.Rating,
        lambda c: not c.is_void and c.result_sent_at is not None and c.rating is None,
        lambda c, given, at: operations.rate(c, rating=given["rating"], words=given["words"], by=None, at=at),
    ),
    "withdraw": Doing(
        "complaint.withdrawn",
        forms.TakingBack,
        lambda c: c.is_open and c.resolved_at is None,
        lambda c, given, at: operations.withdraw(c, words=given["words"], by=None, at=at),
    ),
    "reopen": Doing(
        "complaint.reopened",
        forms.Reopening,
        lambda c: c.can_be_reopened and not c.is_void and (c.archived_at is not None or c.answer != ""),
        lambda c, given, at: operations.reopen(c, words=given["words"], by=None, at=at),
    ),
}
# What the house owes to others in the course of a complaint; all else it owes to the guest.
_INSIDE: Final = frozenset(
    {"complaint.answered_promoter", "complaint.result_sent_promoter", "complaint.reported", "complaint.assigned"}
)


@require_safe
def tracking(request: HttpRequest, token: str) -> HttpResponse:
    """Where a complaint stands, for whoever holds its link."""
    complaint = _found(token)
    return _page(request, complaint) if complaint else _unknown(request)


@require_http_methods(["GET", "HEAD", "POST"])
def unlock(request: HttpRequest, token: str) -> HttpResponse:
    """Opens the page to who knows how the telephone number ends: five tries in a quarter of an hour."""
    complaint = _found(token)
    if complaint is None:
        return _unknown(request)
    address = redirect("complaints:tracking", token)
    if request.method != "POST" or _is_unlocked(request, complaint):
        return _private(address)
    form = forms.Tail(request.POST)
    if not form.is_valid():
        return _page(request, complaint, tail=form, status=422)
    if not ratelimit.consume(request, app="encore.complaints", action="tail", config=_TRIES, key=token):
        form.add_error("tail", _("That was wrong too often. Wait fifteen minutes, then try again."))
        return _page(request, complaint, tail=form, status=429)
    contact = _contact(complaint)
    if contact is None or not check_tail(contact, form.cleaned_data["tail"]):
        form.add_error("tail", _("These are not the last four digits of the number that you gave us."))
        return _page(request, complaint, tail=form, status=422)
    _unlock(address, complaint)
    return _private(address)


@_taking_files
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str, name: str) -> HttpResponse:
    """What a guest adds, answers or asks on their page: 422 for a form that lacks something, 409 with the reason for a refusal."""
    doing, complaint, at = DOINGS.get(name), _found(token), now()
    if doing is None:
        raise Http404
    if complaint is None:
        return _unknown(request)
    address = _private(redirect("complaints:tracking", token))
    if request.method != "POST":
        return address
    form = doing.form(request.POST, request.FILES, holder=files.guest_holder(token), at=at)
    if not _is_unlocked(request, complaint):
        return _page(request, complaint, unsent=form, status=403)
    is_whole = form.is_valid()
    _refuse_what_was_let_go(request, form)
    if not is_whole or form.errors:
        return _page(request, complaint, wrong=(name, form), status=_status(request, form))
    if not ratelimit.consume(request, app="encore.complaints", action="answer", config=_ANSWERS, key=token):
        refusal = Refusal(_("That is very much at once. What you wrote is kept: send it again in ten minutes."))
        return _page(request, complaint, wrong=(name, form), refusal=refusal, status=429)
    try:
        doing.perform(complaint, form.cleaned_data, at)
    except Refusal as refusal:
        return _page(request, _found(token) or complaint, refusal=refusal, unsent=form, status=409)
    return address


@require_safe
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """The address of the page as a QR code, to be photographed or sent on."""
    complaint = _found(token)
    if complaint is None:
        raise Http404
    drawn = BytesIO()
    segno.make(_address(request, complaint), error="m", micro=False).save(drawn, kind="png", scale=5, border=4)
    return _private(HttpResponse(drawn.getvalue(), content_type="image/png"))


def own_files(complaint: Complaint) -> Any:
    """What the guest sent themselves: what the house has gathered may show others."""
    return files.shown_to_guest(complaint).filter(uploaded_by=None)


def _found(token: str) -> Complaint | None:
    rows = Complaint.objects.select_related("contract__venue", "contact__merged_into", "merged_into__contract")
    return rows.filter(token=token).first()


def _unknown(request: HttpRequest) -> HttpResponse:
    sentence = _(
        "The link was copied in part, or is mistyped. Open it from your message, or tell the front desk your number."
    )
    return _private(errors.page(request, 404, title=_("This link leads to no complaint"), sentence=sentence))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _address(request: HttpRequest, complaint: Complaint) -> str:
    path = reverse("complaints:tracking", args=[complaint.token])
    base = settings.ENCORE_BASE_URL.rstrip("/")
    return f"{base}{path}" if base else request.build_absolute_uri(path)


def _contact(complaint: Complaint) -> Contact | None:
    contact = complaint.contact
    return (contact.merged_into or contact) if contact else None


def _is_unlocked(request: HttpRequest, complaint: Complaint) -> bool:
    """Where a telephone number was given, the link alone is not enough; once it was erased, nothing is."""
    contact = _contact(complaint)
    if contact is None or not (contact.tail_digest or contact.is_erased):
        return True
    found = request.get_signed_cookie(_COOKIE, default="", salt=complaint.token, max_age=_UNLOCKED)
    return not contact.is_erased and found == complaint.token


def _unlock(response: HttpResponse, complaint: Complaint) -> None:
    response.set_signed_cookie(
        _COOKIE,
        complaint.token,
        salt=complaint.token,
        max_age=_UNLOCKED,
        path=reverse("complaints:tracking", args=[complaint.token]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _is_turn(complaint: Complaint, doing: Doing, in_force: Terms) -> bool:
    if not doing.is_open(complaint) or course.premature(in_force, complaint, doing.event):
        return False
    return course.lacking(in_force.edition, complaint, doing.event, {"channel": complaint.channel}) is None


def _is_promised(clock: Clock, in_force: Terms) -> bool:
    rule = in_force.rules.get(clock.duty)
    return rule is None or not {pattern.event for pattern in rule.done} <= _INSIDE


def _shown(file: File) -> tuple[File, str]:
    """With the key of its small picture, where there is one."""
    is_picture = files.rendition(file, "thumbnail") is not None
    return file, files.guest_key(file, "thumbnail") if is_picture and not file.is_erased else ""


def _page(
    request: HttpRequest,
    complaint: Complaint,
    *,
    tail: forms.Tail | None = None,
    wrong: tuple[str, forms.OwnForm] | None = None,
    unsent: forms.OwnForm | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    """`wrong`: a form that came back with errors. `unsent`: one whose act was not done; its words stay."""
    at, is_unlocked = now(), _is_unlocked(request, complaint)
    # One that was merged goes on in the other: what was promised there is told, but nothing that another guest wrote.
    followed = complaint.merged_into or complaint
    key, in_force = key_of(followed), terms_of(followed.contract)
    standing = [entry for entry in timeline(key, in_force.edition, None) if entry.annulled is None]
    clocks = [one for one in clocks_of(key, followed.contract_id) if _is_promised(one, in_force)]
    holder = files.guest_holder(complaint.token)
    open_now = [name for name, doing in DOINGS.items() if is_unlocked and _is_turn(complaint, doing, in_force)]
    found = {name: DOINGS[name].form(holder=holder, at=at, auto_id=f"{name}-%s") for name in open_now}
    if wrong:
        found |= {wrong[0]: wrong[1]}
    context = {
        "complaint": complaint,
        "followed": followed,
        "edition": in_force.edition,
        "steps": course.steps(in_force.edition, standing),
        "running": [one for one in clocks if not one.is_ended],
        "ended": [one for one in clocks if one.is_ended],
        "at": at,
        "address": _address(request, complaint),
        "is_unlocked": is_unlocked,
        "contact": _contact(complaint),
        "tail": tail or forms.Tail(),
        "forms": found,
        "wrong": wrong[0] if wrong else "",
        "unsent": unsent,
        "refusal": refusal,
        "statements": queries.statements(complaint, None) if is_unlocked else [],
        "files": [_shown(file) for file in own_files(complaint)] if is_unlocked else [],
    }
    return _private(render(request, "complaints/tracking.html", context, status=status))
