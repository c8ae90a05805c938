from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from encore.accounts.staff import StaffRequest, staff
from encore.search import queries
from encore.search.register import KINDS
from encore.search.words import asked
from encore.web.tables import PAGE

_OF_EACH = 5


@staff
@require_safe
def results(request: StaffRequest) -> HttpResponse:
    """What answers to the words asked for: the newest of each kind, or of one kind all, by pages. 404 for an unknown kind."""
    words, noun = " ".join(request.GET.get("q", "").split())[:200], request.GET.get("kind", "")
    if noun and noun not in KINDS:
        raise Http404
    before = request.GET.get("before", "")
    most = PAGE if noun else _OF_EACH
    found = queries.find(
        words,
        request.user,
        nouns={noun} if noun else None,
        limit=most + 1,
        before=int(before) if before.isdecimal() and before.isascii() and len(before) < 13 else None,
    )
    context: dict[str, Any] = {
        "words": words,
        "is_asked": bool(asked(words)),
        "kind": noun,
        "groups": [queries.group(KINDS[one], numbers, most, words, request.user) for one, numbers in found.items()],
        "is_first": not before,
        "at": now(),
    }
    return render(request, "search/results.html", context)
