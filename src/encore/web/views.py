from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from encore.accounts.staff import StaffRequest, staff
from encore.web import appearance, samples

_YEAR = 365 * 24 * 3600


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keeps the reader's choice of light or dark in a cookie, and goes back."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = redirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in appearance.THEMES:
        response.set_cookie(appearance.COOKIE, chosen, max_age=_YEAR, samesite="Lax", httponly=True)
    else:
        response.delete_cookie(appearance.COOKIE)
    return response


@staff
@require_safe
def kit(request: StaffRequest) -> HttpResponse:
    """Every component in every state."""
    at = now()
    clocks = list(samples.clocks(at))
    context = {
        "at": at,
        "edition": samples.edition(),
        "clocks": clocks,
        "full": samples.Listed(clocks[:3], at, name="full", caption=_("A list with everything that lists have")),
        "long": samples.Listed(clocks[3:5], at, name="long", caption=_("More rows than are counted"), number=1001),
        "narrowed": samples.Listed([], at, name="narrowed", caption=_("Nothing found"), words="没有这样的词"),
        "none_yet": samples.Listed([], at, name="none", caption=_("Empty")),
        "entries": samples.entries(at),
        "charts": samples.charts(),
        "undrawn": samples.undrawn(),
        **samples.forms_of(at),
    }
    return render(request, "web/kit_page.html", context)
