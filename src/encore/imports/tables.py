from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.imports.models import Batch, State
from encore.imports.register import Importer
from encore.web.tables import Choice, Column, Days, Table


def batches() -> Table[Batch, Batch]:
    return Table(
        name="imports",
        caption=_("Sheets that were brought in"),
        sort="-uploaded",
        columns=(
            Column(
                "number",
                _("Number"),
                lambda row: row.reference,
                link=lambda row: reverse("imports:batch", args=[row.reference]),
            ),
            Column(
                "kind",
                _("Kind"),
                lambda row: Importer.kinds[row.kind].label if row.kind in Importer.kinds else row.kind,
            ),
            Column("file", _("File"), lambda row: row.name),
            Column("state", _("State"), lambda row: row.get_state_display(), "badge"),
            Column("new", _("New"), lambda row: row.new, "number"),
            Column("same", _("Already there"), lambda row: row.same, "number"),
            Column("changed", _("Changed"), lambda row: row.changed, "number"),
            Column("refused", _("Refused"), lambda row: row.refused, "number"),
            Column("uploaded", _("Brought in"), lambda row: row.uploaded_at, "moment", sort="uploaded_at"),
            Column("by", _("By"), lambda row: row.uploaded_by.name),
        ),
        filters=(
            Choice("state", _("State"), State.choices, lambda state: Q(state=state)),
            Choice(
                "kind", _("Kind"), [(one.kind, one.label) for one in Importer.kinds.values()], lambda kind: Q(kind=kind)
            ),
            Days("uploaded", _("Brought in"), "uploaded_at"),
        ),
    )
