from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from encore.web import appearance

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
