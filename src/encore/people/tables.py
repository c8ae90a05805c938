"""The people of a house; promoters as the agency has them, and as a venue sees them."""

from datetime import date
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Post, User
from encore.people import queries
from encore.people.models import Assignment, Promoter
from encore.people.queries import Admitted
from encore.web.tables import Choice, Column, Table


def promoters(day: date) -> Table[Promoter, Admitted]:
    """The agency's own, on that day."""
    return Table(
        name="promoters",
        caption=_("Our promoters"),
        sort="number",
        columns=(
            Column(
                "number",
                _("Number"),
                lambda row: row.person.reference,
                link=lambda row: reverse("people:person", args=[row.person.reference]),
                sort="person_id",
            ),
            Column("name", _("Name"), lambda row: row.person.name),
            Column("venue", _("Now at"), lambda row: row.assignment.venue.name if row.assignment else ""),
            Column("brand", _("Brand"), lambda row: row.assignment.brand if row.assignment else ""),
            Column("from", _("First day"), lambda row: row.assignment.from_date.isoformat() if row.assignment else ""),
            Column("to", _("Last day"), lambda row: _last_day(row.assignment)),
            Column("healthy", _("Health certificate"), _health),
        ),
        search=lambda words: Q(person__name__icontains=words),
        search_hint=_("name"),
        load=lambda rows: queries.admitted(day, rows),
    )


def assignments() -> Table[Assignment, Assignment]:
    """Who is assigned to a venue, without papers."""
    return Table(
        name="assignments",
        caption=_("Promoters assigned to this venue"),
        sort="-from",
        columns=(
            Column(
                "number",
                _("Number"),
                lambda row: row.reference,
                link=lambda row: reverse("people:assignment", args=[row.reference]),
            ),
            Column("name", _("Name"), lambda row: row.person.name),
            Column("agency", _("Agency"), lambda row: row.owner.name),
            Column("brand", _("Brand"), lambda row: row.brand),
            Column("from", _("First day"), lambda row: row.from_date.isoformat(), sort="from_date"),
            Column("to", _("Last day"), _last_day),
        ),
        search=lambda words: Q(person__name__icontains=words) | Q(brand__icontains=words),
        search_hint=_("name or brand"),
    )


def staff() -> Table[User, User]:
    """The people of a house, by name: found by a part of it, by its initials, by post and by whether they are there."""
    return Table(
        name="staff",
        caption=_("People of the house"),
        sort="name",
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                link=lambda row: reverse("people:person", args=[row.reference]),
                sort="sort_key",
            ),
            Column("post", _("Post"), lambda row: row.get_post_display()),
            Column("department", _("Department"), lambda row: row.department.label),
            Column("state", _("State"), lambda row: _STATES[_state(row)], "badge"),
            Column("number", _("Number"), lambda row: row.reference, "reference", sort="pk"),
        ),
        filters=(
            Choice("post", _("Post"), [one for one in Post.choices if one[0] != Post.GUEST], lambda post: Q(post=post)),
            Choice("state", _("State"), list(_STATES.items()), _in_state),
        ),
        search=lambda words: Q(name__icontains=words) | Q(initials__startswith=words.lower().replace(" ", "")),
        search_hint=_("name or its initials"),
    )


_STATES: Final = {"present": _("in the house"), "invited": _("invited"), "ended": _("post ended")}


def _state(person: User) -> str:
    return "ended" if not person.is_active else "present" if person.has_joined else "invited"


def _in_state(state: str) -> Q:
    return Q(is_active=False) if state == "ended" else Q(is_active=True, joined_at__isnull=state == "invited")


def _last_day(row: Assignment | None) -> str:
    return row.to_date.isoformat() if row and row.to_date else ""


def _health(row: Admitted) -> str:
    if not row.is_healthy:
        return str(_("none that is good"))
    return str(_("good until %(day)s") % {"day": row.healthy_until})
