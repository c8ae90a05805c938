"""Pages for people with a post."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRefresh

from encore.accounts.models import User
from encore.web import errors


class StaffRequest(HttpRequest):
    user: User
    session: SessionBase


def staff(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Asks guests to sign in. What they were sending is kept, to be sent again once they have."""

    @wraps(view)
    def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(cast(StaffRequest, request), *args, **kwargs)
        if request.headers.get("HX-Request") == "true":
            return HttpResponseClientRefresh()  # a part of a page: the page itself goes to the sign-in
        if request.method not in ("GET", "HEAD"):
            return errors.signed_out(request)
        return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))

    return seen
