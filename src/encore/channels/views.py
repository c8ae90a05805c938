import json
import re
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from encore.accounts import access
from encore.accounts.rights import may, require
from encore.accounts.staff import StaffRequest, staff
from encore.channels import addresses, drafts, operations, queries, seals, tables
from encore.channels.forms import Answer, LimitsForm, Repeats
from encore.channels.models import TRANSPORTS, Message
from encore.channels.transports import transports
from encore.ledger.nouns import Key, by_reference, pages
from encore.ledger.refusal import Refusal
from encore.web import errors
from encore.web.exports import answer
from encore.web.tables import MOST_COUNTED, listing
from encore.web.wording import kept

# --- inside -----------------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: StaffRequest) -> HttpResponse:
    """What the product tells this person, unread first. A post marks one `item` as read, or all up to the number `to`."""
    if request.method == "POST":
        wished = Repeats(request.POST)
        if "wish" in request.POST and wished.is_valid():
            drafts.wish_repeats(request.user, wished.cleaned_data["transports"])
        item, to = _number(request, "item"), _number(request, "to")
        if item is not None or to is not None:
            drafts.mark_read(request.user, now(), item=item, to=to)
        return redirect(f"{request.path}?show=all" if request.POST.get("show") == "all" else request.path)
    every, unread = queries.inbox(request.user), queries.unread(request.user, MOST_COUNTED + 1)
    is_all = request.GET.get("show") == "all"
    page = listing(request, tables.inbox(request.user), every if is_all else every.filter(read_at=None))
    context = {
        "is_all": is_all,
        "unread": unread,
        "to": max((row.told.pk for row in page.rows), default=None),
        "repeats": Repeats(initial={"transports": queries.repeats(request.user)}),
    }
    return answer(request, page, "channels/inbox.html", context, now())


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


# --- outside ----------------------------------------------------------------------------------------------------------


@staff
@require_safe
def messages(request: StaffRequest) -> HttpResponse:
    """What went out and came in, the latest first."""
    require("channels.look_through", request.user)
    page = listing(request, tables.messages(request.user), queries.visible_to(request.user))
    return answer(request, page, "channels/messages.html", _here(request, "messages"), now())


def _here(request: StaffRequest, page: str) -> dict[str, Any]:
    """For the tabs that these pages share."""
    return {
        "here": page,
        "may_settle": may("channels.settle", request.user),
        "may_set_limits": may("channels.set_limits", request.user),
    }


def _found(request: StaffRequest, reference: str) -> Message:
    found = by_reference(queries.visible_to(request.user), reference)
    if found is None:
        raise Http404
    require("channels.look_through", request.user)
    return found


@staff
@require_safe
def message(request: StaffRequest, reference: str) -> HttpResponse:
    return _page(request, _found(request, reference))


_ACTS: Final = ("went-out", "did-not-go-out", "try-again", "opt-out", "opt-out-of-all")


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    """Decides about a message: 302 to its page, 409 with the reason for a refusal."""
    message = _found(request, reference)
    if name not in _ACTS:
        raise Http404
    if request.method != "POST":
        return redirect("channels:message", reference)
    try:
        if name == "try-again":
            operations.try_again(message, by=request.user, at=now())
        elif name.startswith("opt-out"):
            operations.opt_out(message, is_everything=name == "opt-out-of-all", by=request.user, at=now())
        else:
            operations.settle(message, went_out=name == "went-out", by=request.user, at=now())
    except Refusal as refusal:
        return _page(request, _found(request, reference), refusal=refusal, status=409)
    return redirect("channels:message", reference)


def _page(
    request: StaffRequest, message: Message, *, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    at, user = now(), request.user
    key = Key(message.noun, message.noun_id or 0)
    context = {
        "message": message,
        "row": tables.Outgoing(message, pages([key], user).get(key), message.owner_id == user.organisation_id),
        "reason": tables.REASONS.get(message.reason, message.reason),
        "is_unclear": message.is_unclear(at),
        "may_settle": may("channels.settle", user),
        "may_opt_out": may("channels.opt_out", user) and bool(message.digest),
        "is_simulated": transports()[message.transport].is_simulated,
        "answers": message.answers.order_by("queued_at"),
        "refusal": refusal,
        "at": at,
    }
    return render(request, "channels/message.html", context, status=status)


_SINCE: Final = timedelta(days=30)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: StaffRequest) -> HttpResponse:
    """How much may go out by each way; a post sets one of them. And what became of the last thirty days' messages."""
    require("channels.set_limits", request.user)
    owner = request.user.organisation
    ways = transports()
    asked = request.POST.get("transport", "")
    forms = {code: LimitsForm.of(queries.limits_of(owner.pk, code)) for code in ways}
    status = 200
    if request.method == "POST":
        if asked not in ways:
            raise Http404
        form = forms[asked] = LimitsForm.of(queries.limits_of(owner.pk, asked), request.POST)
        if form.is_valid():
            drafts.set_limits(owner, asked, form.cleaned_data, by=request.user)
            return redirect(f"{request.path}#{asked}")
        status = 422
    at = now()
    counts = {code: queries.counts(request.user, code, at - _SINCE, at) for code in ways}
    context = {
        "by_way": [(ways[code], forms[code], counts[code]) for code, _label in TRANSPORTS],
        "reasons": tables.REASONS,
        **_here(request, "limits"),
        "at": at,
    }
    return render(request, "channels/limits.html", context, status=status)


@staff
@require_POST
@never_cache
def secret(request: StaffRequest) -> HttpResponse:
    """What a provider of one transport signs with. Who has asked for it is noted."""
    require("channels.set_limits", request.user)
    transport = request.POST.get("transport", "")
    if transport not in transports():
        raise Http404
    access.note("secret_shown", user=request.user, at=now(), reason=f"callback_{transport}")
    return render(
        request, "channels/secret.html", {"transport": transports()[transport], "secret": seals.secret(transport)}
    )


# --- pretended --------------------------------------------------------------------------------------------------------


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def simulator(request: StaffRequest) -> HttpResponse:
    """What would have gone out by ways that are only pretended. A post answers as the provider or the recipient would."""
    require("channels.settle", request.user)
    pretended = [code for code, way in transports().items() if way.is_simulated]
    own = queries.visible_to(request.user).filter(
        owner=request.user.organisation_id, transport__in=pretended, sent_at__isnull=False
    )
    if request.method == "POST":
        message = get_object_or_404(own, pk=_number(request, "message"))
        form = Answer(request.POST)
        if not form.is_valid():
            raise Http404
        try:
            _answered(message, form.cleaned_data["answer"], kept(form.cleaned_data["text"]), now())
        except Refusal as refusal:
            return errors.refused(request, refusal)
        return redirect("channels:simulator")
    rows = own.order_by("-sent_at", "-pk")[:50]
    context = {"rows": [(row, tables.title_of(row)) for row in rows], **_here(request, "simulator"), "at": now()}
    return render(request, "channels/simulator.html", context)


def _answered(message: Message, event: str, text: str, at: datetime) -> None:
    if event != "reply":
        _told(message, event, at)
        return
    sender = addresses.address(Key(message.reader_noun, message.reader_id or 0), message.transport)
    received = operations.Received(message.transport, sender, text or "R", uuid.uuid4().hex)
    operations.receive(received, by=None, at=at)


# --- providers --------------------------------------------------------------------------------------------------------

_MOST_BYTES: Final = 64 * 1024
_SKEW: Final = timedelta(minutes=5)
_NONCE: Final = re.compile(r"[A-Za-z0-9-]{16,64}")


@csrf_exempt
@require_POST
@never_cache
def callback(request: HttpRequest, transport: str) -> HttpResponse:
    """What a provider tells us of a message, or brings: 204; 403 where it is not signed, or said a second time.

    A JSON object: `event` is delivered, read or failed, with the provider's `reference`; or received, with `id`, `from` and
    `text`. Three headers sign it: X-Encore-Timestamp (seconds since 1970), X-Encore-Nonce, and X-Encore-Signature.
    """
    if transport not in dict(TRANSPORTS):
        raise Http404
    if int(request.headers.get("Content-Length") or 0) > _MOST_BYTES:
        return JsonResponse({"error": "too large"}, status=413)
    at = now()
    if not _is_genuine(request, transport, at):
        return JsonResponse({"error": "not signed, too old, or said before"}, status=403)
    try:
        said = json.loads(request.body)
        event = str(said["event"])
        if event == "received":
            received = operations.Received(
                transport, str(said["from"])[:320], kept(str(said["text"]))[:5000], str(said["id"])[:200]
            )
            operations.receive(received, by=None, at=at)
        else:
            message = queries.by_provider(transport, str(said["reference"]))
            if message is None:
                return JsonResponse({"error": "no such message"}, status=404)
            _told(message, event, at)
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"error": "not understood"}, status=400)
    except Refusal:
        pass  # it is known already: a provider that says it again is to be content
    return HttpResponse(status=204)


def _told(message: Message, event: str, at: datetime) -> None:
    match event:
        case "delivered":
            operations.deliver(message, by=None, at=at)
        case "read":
            operations.read(message, by=None, at=at)
        case "failed":
            operations.fail(message, reason="provider", by=None, at=at)
        case _:
            raise ValueError(event)


def _is_genuine(request: HttpRequest, transport: str, at: datetime) -> bool:
    timestamp, nonce, signature = (
        request.headers.get(f"X-Encore-{name}", "") for name in ("Timestamp", "Nonce", "Signature")
    )
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12 and _NONCE.fullmatch(nonce)):
        return False
    if abs(at.timestamp() - int(timestamp)) > _SKEW.total_seconds():
        return False
    return seals.is_signed(transport, timestamp, nonce, request.body, signature) and drafts.is_first(
        transport, nonce, at
    )
