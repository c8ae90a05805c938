from allauth.account.utils import perform_login
from allauth.account.views import LogoutView
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from encore.accounts import access, links
from encore.accounts.devices import device
from encore.accounts.staff import StaffRequest, staff
from encore.web import errors

_log_out = LogoutView.as_view()


@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session; what the browser kept of half-written forms goes with it."""
    response: HttpResponse = _log_out(request)
    if request.method == "POST":
        response["Clear-Site-Data"] = '"storage"'
    return response


@require_safe
@never_cache
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Signs in whoever brings a link that the server printed on its own machine. It works once."""
    person, at = links.holder(token, links.Purpose.ENTER, now()), now()
    if person is None or request.method != "GET" or not links.use(token, links.Purpose.ENTER, at):
        return errors.page(request, 404)
    access.note("came_by_link", user=person, at=at)
    response: HttpResponse = perform_login(request, person, redirect_url="/")
    return response


@staff
@require_safe
def own(request: StaffRequest) -> HttpResponse:
    """What somebody keeps of their own: how they sign in, and where they are signed in."""
    return render(request, "accounts/own.html")


@staff
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def sessions(request: StaffRequest) -> HttpResponse:
    """Where one is signed in. Any of these can be ended from here."""
    if request.method == "POST":
        chosen = request.POST.get("session", "")
        others = UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
        if chosen:
            others = others.filter(pk=int(chosen)) if chosen.isdecimal() and len(chosen) < 19 else others.none()
        for session in others:
            session.end()
        return redirect("usersessions_list")
    found = sorted(UserSession.objects.purge_and_list(request.user), key=lambda session: session.created_at)
    devices = {session.pk: device(session.user_agent) for session in found}
    context = {"sessions": found, "devices": devices, "at": now()}
    return render(request, "usersessions/usersession_list.html", context)
