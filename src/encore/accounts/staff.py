"""Pages for people with a post."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from encore.accounts.models import User


class StaffRequest(HttpRequest):
    user: User


def staff(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuses guests. Without people there is nobody to be: the page says how to begin."""

    @wraps(view)
    def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            raise PermissionDenied(
                _("This page is for people of the house. It opens on the machine that the server runs on.")
            )
        return view(cast(StaffRequest, request), *args, **kwargs)

    return seen
