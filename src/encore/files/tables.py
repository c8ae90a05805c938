from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.files.models import PURPOSES, File
from encore.files.sniffing import SORT_LABELS, TYPES
from encore.ledger.nouns import Key, Page, pages
from encore.web.tables import Choice, Column, Days, Table


@dataclass(frozen=True)
class Row:
    """A file, and the page of what it hangs on."""

    file: File
    page: Page | None


def every(user: User) -> Table[File, Row]:
    """All files that somebody may see, the latest first."""

    def load(files: list[File]) -> list[Row]:
        found: Mapping[Key, Page] = pages({file.row for file in files}, user)
        return [Row(file, found.get(file.row)) for file in files]

    return Table(
        name="files",
        caption=_("All files"),
        sort="-added",
        columns=(
            Column("number", _("Number"), lambda row: row.file.reference, link=_address),
            Column("name", _("File name"), lambda row: row.file.name, "excerpt"),
            Column(
                "of",
                _("Belongs to"),
                lambda row: row.page.reference if row.page else "",
                link=lambda row: row.page.url if row.page else "",
            ),
            Column("purpose", _("Used as"), lambda row: PURPOSES[row.file.purpose].label, "badge"),
            Column("type", _("File type"), lambda row: row.file.kind.label),
            Column("size", _("Size (kB)"), lambda row: -(-row.file.size // 1024), "number", sort="size"),
            Column("added", _("Came in"), lambda row: row.file.added_at, "moment", sort="added_at"),
            Column("keep", _("Kept until"), lambda row: row.file.keep_until, "moment", is_shown=False),
            Column("state", _("State"), _state, "badge"),
            Column("sha256", "SHA-256", lambda row: row.file.sha256, is_shown=False),
        ),
        filters=(
            Choice("sort", _("File type"), list(SORT_LABELS.items()), _of_sort),
            Choice(
                "purpose",
                _("Used as"),
                [(key, one.label) for key, one in PURPOSES.items()],
                lambda key: Q(purpose=key),
            ),
            Days("added", _("Came in"), "added_at"),
        ),
        search=lambda words: Q(name__icontains=words) | Q(sha256=words.lower()),
        search_hint=_("name or SHA-256"),
        load=load,
    )


def _of_sort(sort: str) -> Q:
    return Q(type__in=[one.mime for one in TYPES.values() if one.sort == sort])


def _address(row: Row) -> str:
    return reverse("files:file", args=[row.file.reference])


def _state(row: Row) -> str:
    if row.file.is_erased:
        return str(_("erased"))
    return str(_("held")) if row.file.is_held else ""
