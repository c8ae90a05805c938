"""Light or dark, as the reader chose on this device."""

from django.http import HttpRequest

COOKIE = "theme"
THEMES = ("light", "dark")


def theme(request: HttpRequest) -> str:
    """`light`, `dark`, or empty: as the device says."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else ""
