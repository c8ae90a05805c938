from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from encore.imports.models import Batch
from encore.imports.register import Importer
from encore.imports.sheets import MOST_BYTES

_PREFIX: Final = "column-"


class Sheet(forms.Form):
    sheet = forms.FileField(
        label=_("The sheet, as XLSX or CSV"),
        error_messages={"required": _("Choose the file."), "empty": _("This file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
    )

    def clean_sheet(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["sheet"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(
                _("This file is too large: at most %(most)s MB. Divide it."), params={"most": MOST_BYTES // 1_000_000}
            )
        return file


class Columns(forms.Form):
    """Which column of the sheet is meant by each of ours."""

    year = forms.IntegerField(
        label=_("Year of days that are written without one"),
        required=False,
        min_value=1990,
        max_value=2100,
        help_text=_("Only for days like 3月5日."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": _("Write the year in four digits.")},
    )

    def __init__(self, *arguments: Any, batch: Batch, importer: Importer, **options: Any) -> None:
        options["initial"] = {_PREFIX + key: str(place) for key, place in batch.mapping.items()} | {"year": batch.year}
        super().__init__(*arguments, **options)
        self.importer = importer
        places = [
            (str(place), f"{_letter(place)} · {title}")
            for place, title in enumerate(batch.headers)
            if str(title).strip()
        ]
        for column in importer.columns:
            self.fields[_PREFIX + column.key] = forms.ChoiceField(
                label=str(column.title),
                required=column.is_required,
                choices=[("", _("is not in the sheet")), *places],
                help_text=str(column.hint),
                error_messages={"required": _("Say which column of the sheet this is.")},
            )
        self.order_fields([*(_PREFIX + column.key for column in importer.columns), "year"])

    def clean(self) -> None:
        taken: dict[int, str] = {}
        for key, place in self.places:
            if place in taken:
                self.add_error(_PREFIX + key, _("This column has been chosen above already."))
            taken[place] = key

    @property
    def places(self) -> Iterator[tuple[str, int]]:
        for column in self.importer.columns:
            if chosen := self.cleaned_data.get(_PREFIX + column.key):
                yield column.key, int(chosen)


def _letter(place: int) -> str:
    """As the sheet calls it: A, B, … AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
