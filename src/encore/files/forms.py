from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from encore.files import drafts, queries, store
from encore.files.models import HOLD_REASONS, PURPOSES, Upload
from encore.files.sniffing import ACCEPTED, LIMITS, MEGABYTE, NotTaken, Sort
from encore.files.store import Stored

FULL = "full"
"""The code of the error of a disk without room: the page that says so is a 507."""


@dataclass(frozen=True)
class Dropped:
    """What came with a form: files, and tokens of those that had come before it."""

    files: list[UploadedFile[Any]]
    tokens: list[str]


class FileDrop(forms.FileInput):
    """Its names are that of the field for files, and `<name>-kept` for the tokens of what is here already."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: MultiValueDict[str, UploadedFile[Any]], name: str) -> Dropped:
        tokens = data.getlist(f"{name}-kept") if hasattr(data, "getlist") else []
        return Dropped(files.getlist(name) if hasattr(files, "getlist") else [], tokens)

    def value_omitted_from_data(self, data: Any, files: Mapping[str, Any], name: str) -> bool:
        return False


class Files(forms.Field):
    """Files that are sent with a form, or were sent before it; `clean` gives them as `list[Stored]`, their bytes kept.

    What came in whole stays, whatever else is wrong with the form: `kept` is shown in it again. `holder` is whose they are
    (`queries.staff_holder`, `queries.guest_holder`), `at` now, `most` how many.
    """

    widget = FileDrop

    def __init__(
        self, *, holder: str, at: datetime, most: int = 6, sorts: Collection[Sort] = tuple(Sort), **options: Any
    ) -> None:
        super().__init__(**{"required": False, **options})
        self.holder, self.at, self.most, self.sorts = holder, at, most, tuple(sorts)
        self.kept: list[Upload] = []

    # --- for the page ---

    @property
    def address(self) -> str:
        return reverse("files:begin")

    @property
    def ticket(self) -> str:
        return queries.ticket(self.holder)

    @property
    def accepted(self) -> str:
        return ACCEPTED

    @property
    def limits(self) -> list[tuple[Sort, int]]:
        """How many megabytes are taken of each sort."""
        return [(sort, LIMITS[sort] // MEGABYTE) for sort in self.sorts]

    # --- for the form ---

    def clean(self, value: Dropped) -> list[Stored]:
        self.kept = queries.uploaded(value.tokens[: 2 * self.most], self.holder)
        errors: list[ValidationError] = []
        for file in value.files:
            try:
                if len(self.kept) >= self.most:
                    raise NotTaken(_("At most %(most)s files go with one form.") % {"most": self.most})
                self.kept.append(self._taken(file))
            except NotTaken as refusal:
                errors.append(ValidationError(str(refusal), code="not-taken"))
            except store.NoRoom as refusal:
                errors.append(ValidationError(str(refusal), code=FULL))
        if errors:
            raise ValidationError(errors)
        if self.required and not self.kept:
            raise ValidationError(_("Choose a file first."), code="required")
        return [queries.stored(upload) for upload in self.kept]

    def _taken(self, file: UploadedFile[Any]) -> Upload:
        limit = max(LIMITS[sort] for sort in self.sorts)
        name, size = file.name or "", file.size or 0
        if size > limit:
            raise store.too_large(name, limit)
        return drafts.take(file, name=name, size=size, holder=self.holder, limit=limit, at=self.at)


class Addition(forms.Form):
    """Files for a row that no feature has a form of its own for."""

    purpose = forms.ChoiceField(label=_("Used as"), choices=[(key, one.label) for key, one in PURPOSES.items()])

    def __init__(self, *arguments: Any, holder: str, at: datetime, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["files"] = Files(label=_("Files"), holder=holder, at=at, required=True)


class Taking(forms.Form):
    """Why somebody takes files along: it stands in their custody."""

    reason = forms.ChoiceField(
        label=_("Why"), choices=[(key, label) for key, label in queries.LOOK_REASONS.items() if key != "guest"]
    )


class Holding(forms.Form):
    reason = forms.ChoiceField(label=_("Why it must be kept"), choices=list(HOLD_REASONS.items()))
