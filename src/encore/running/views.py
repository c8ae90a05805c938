import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from encore.accounts.rights import require
from encore.accounts.staff import StaffRequest, staff
from encore.running import health

log = logging.getLogger("encore.running")


@never_cache
@require_safe
def monitor(request: HttpRequest) -> JsonResponse:
    """For a monitor, which is nobody: states, moments and numbers, no names. 503 where something is bad."""
    at = now()
    try:
        signs = health.signs(at)
    except (OperationalError, InterfaceError) as error:
        log.error("database", exc_info=error)
        return JsonResponse({"state": health.State.BAD, "at": at, "signs": {"database": {"state": "bad"}}}, status=503)
    state = health.worst(signs)
    found = {sign.name: {"state": sign.state, "at": sign.at, "number": sign.number} for sign in signs}
    answer = {"state": state, "at": at, "signs": {"database": {"state": health.State.WELL}, **found}}
    return JsonResponse(answer, status=503 if state == health.State.BAD else 200)


@staff
@require_safe
def overview(request: StaffRequest) -> HttpResponse:
    """The same for the manager, in words, and with what to do."""
    require("running.look_after", request.user)
    at = now()
    signs = health.signs(at)
    context = {"signs": signs, "worst": health.worst(signs), "at": at, "size": filesizeformat}
    return render(request, "running/health.html", context)
