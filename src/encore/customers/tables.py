from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.customers import queries
from encore.customers.models import Contact, Purpose
from encore.web.tables import Choice, Column, Days, Table


def guests(user: User) -> Table[Contact, Contact]:
    """What says who somebody is stands here masked, on the page as in the sheet."""
    return Table(
        name="customers",
        caption=_("Guests whom we can reach"),
        sort="-seen",
        columns=(
            Column(
                "number",
                _("Number"),
                lambda row: row.reference,
                link=lambda row: reverse("customers:customer", args=[row.reference]),
            ),
            Column("called", _("Called"), lambda row: f"{row.name[:1]}**" if row.name else ""),
            Column("reached", _("Reached by"), queries.masked),
            Column("purposes", _("Consented to"), lambda row: " · ".join(map(str, row.purposes))),  # type: ignore[attr-defined]
            Column("seen", _("Last heard of"), lambda row: row.last_seen_at, "moment", sort="last_seen_at"),
            Column("registered", _("Known since"), lambda row: row.registered_at, "moment", is_shown=False),
        ),
        filters=(
            Choice("purpose", _("Consented to"), Purpose.choices, queries.with_purpose),
            Days("seen", _("Last heard of"), "last_seen_at"),
        ),
        search=lambda words: queries.answering(words, user.organisation_id),
        search_hint=_("whole number, or its last four digits"),
        load=queries.with_consents,
    )
