"""Pages for what went wrong: without database and script, in the reader's language, with a number to quote."""

import logging
from collections.abc import Iterator, Mapping
from typing import Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

log = logging.getLogger("encore.request")

Text = str | Promise

# For each status what it is called, and what the reader can do.
TEXTS: Final[Mapping[int, tuple[Text, Text]]] = {
    400: (
        _("This request cannot be read"),
        _("Something in the address or the form is damaged. Go back and try once more."),
    ),
    403: (_("This is not yours to do"), _("Your post does not include this act.")),
    404: (
        _("There is nothing here"),
        _("The address is mistyped, or it leads to something that is not shown to you."),
    ),
    409: (_("That cannot be done now"), _("Somebody else may have done it meanwhile.")),
    413: (_("That is too much at once"), _("Shorten the text and send it again.")),
    422: (_("The form is not complete"), _("Go back and fill in what is missing.")),
    429: (_("Too many at once"), _("Wait a minute and try again.")),
    500: (
        _("Something broke on our side"),
        _("Nothing was saved, and nobody did anything wrong. Please tell us the number below."),
    ),
    503: (
        _("Busy at the moment"),
        _("Nothing was saved yet. Wait a few seconds and send it again: what you typed is kept here."),
    ),
}


def incident(request: HttpRequest) -> str:
    """The number under which the log has this request."""
    return str(getattr(request, "incident", ""))


def page(
    request: HttpRequest,
    status: int,
    *,
    title: Text = "",
    sentence: Text = "",
    again: list[tuple[str, str]] | None = None,
) -> HttpResponse:
    """`again`: the fields that were posted, to be sent once more by a button."""
    usual = TEXTS[status]
    context = {
        "status": status,
        "title": title or usual[0],
        "sentence": sentence or usual[1],
        "incident": incident(request),
        "again": again,
    }
    return render(request, "web/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    too_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return page(request, 413 if too_large else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403, sentence=str(exception))


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: usually one that lay open while cookies were cleared.

    It is offered again only where the browser says that it came from a page of ours: one click would send what another
    site has made up.
    """
    ours = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    return page(
        request,
        403,
        title=_("This form has expired"),
        sentence=_("Nothing was saved. Send it once more; if that does not help, reload the page that it came from."),
        again=list(_posted(request)) if request.headers.get("Origin") in ours else None,
    )


def signed_out(request: HttpRequest) -> HttpResponse:
    """A form from somebody whose session has ended meanwhile."""
    return page(
        request,
        403,
        title=_("You are not signed in any more"),
        sentence=_("Nothing was saved. Sign in in another window, then come back here and send it again."),
        again=list(_posted(request)),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404)


def refused(request: HttpRequest, refusal: Exception) -> HttpResponse:
    return page(request, 409, sentence=str(refusal))


def broken(request: HttpRequest) -> HttpResponse:
    log.exception("broken", extra={"fields": {"request": incident(request)}})
    return page(request, 500)


def busy(request: HttpRequest) -> HttpResponse:
    response = page(request, 503, again=list(_posted(request)))
    response["Retry-After"] = "5"
    return response


def _posted(request: HttpRequest) -> Iterator[tuple[str, str]]:
    for name, values in request.POST.lists():
        if name != "csrfmiddlewaretoken":
            for value in values:
                yield name, str(value)
