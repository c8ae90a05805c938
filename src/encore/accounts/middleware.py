"""Who asks. Without a way to sign in, that is whoever sits at the machine on which the server runs; all others are guests."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from encore.accounts.models import User
from encore.accounts.queries import person_at_the_machine

# A proxy on this machine asks in somebody else's name. One that adds none of these headers cannot be told from a browser
# here; a house that has an address of its own (ENCORE_BASE_URL) therefore has guests only, until people can sign in.
_ON_BEHALF = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


class PersonAtTheMachine:
    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = SimpleLazyObject(lambda: _asking(request))  # type: ignore[assignment]
        return self.respond(request)


def _asking(request: HttpRequest) -> User | AnonymousUser:
    here = (
        not settings.ENCORE_BASE_URL
        and ip_address(request.META["REMOTE_ADDR"]).is_loopback
        and not any(name in request.META for name in _ON_BEHALF)
    )
    return (person_at_the_machine() if here else None) or AnonymousUser()
