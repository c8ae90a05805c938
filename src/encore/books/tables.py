from functools import cache, lru_cache
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.books.models import Cost
from encore.web.tables import Choice, Column, Days, Table


@lru_cache(maxsize=4096)  # a list asks for fifty, and Django looks each of them up anew
def _address(reference: str) -> str:
    return reverse("books:cost", args=[reference])


@cache
def costs() -> "Table[Cost, Cost]":
    return Table[Cost, Cost](
        name="costs",
        caption=_("Reimbursement forms"),
        sort="-submitted",
        columns=(
            Column[Any]("number", _("Number"), str, "reference", link=lambda cost: _address(str(cost)), sort="pk"),
            Column[Any]("submitted", _("Submitted"), lambda cost: cost.submitted_at, "moment", sort="submitted_at"),
            Column[Any]("state", _("State"), lambda cost: cost.get_state_display(), "badge"),
            Column[Any]("requester", pgettext_lazy("cost", "By"), lambda cost: cost.requester.name),
            Column[Any]("line", _("Budget line"), lambda cost: cost.line.name),
            Column[Any]("purpose", _("What for"), lambda cost: cost.purpose, "excerpt"),
            Column[Any]("amount", _("Claimed"), lambda cost: cost.amount, "money", sort="amount", total="amount"),
            Column[Any]("approved", _("Approved amount"), lambda cost: cost.approved, "money", total="approved"),
            Column[Any]("paid", _("Paid on"), lambda cost: cost.paid_day, is_shown=False),
        ),
        filters=(
            Choice("state", _("State"), Cost.State.choices, lambda value: Q(state=value)),
            Days("submitted", _("Submitted"), "submitted_at"),
        ),
        search=_answering,
        search_hint=_("what for, invoice or number"),
    )


def _answering(words: str) -> Q:
    found = Q(purpose__icontains=words) | Q(pk__in=Cost.objects.filter(items__invoice=words.upper()).values("pk"))
    number = words.upper().rpartition("-")[2]
    return found | Q(pk=int(number)) if number.isascii() and number.isdecimal() and len(number) < 19 else found
