import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from encore.contracts import queries
from encore.contracts.models import Contract
from encore.engine import Edition, words
from encore.engine.events import CONTRACT_WIDE
from encore.engine.mentions import Mention
from encore.ledger.forms import Belated
from encore.ledger.nouns import NOUNS, key_of
from encore.web.fields import MomentField
from encore.web.language import reading
from encore.web.wording import Line, kept

NEW: Final = "new"
MOST_WORDS: Final = 2_000
_ASKED: Final = "data."
_FORM_KEY: Final = re.compile(r"[0-9a-f]{32}")


class Words(forms.Field):
    widget = forms.Textarea

    def clean(self, value: Any) -> str:
        text = kept(str(value or ""))
        if len(text) > MOST_WORDS:
            message = _("That is %(length)s characters long; %(most)s are enough here.")
            raise ValidationError(message, params={"length": len(text), "most": MOST_WORDS})
        return text


class Subject(forms.ChoiceField):
    """Takes any number: the form looks it up."""

    def valid_value(self, value: str) -> bool:
        return True


class Recording(Belated):
    """What happened, to what, when. What else is asked, and what may be answered, is what the contract's patterns name.

    `subjects` are offered, the first of them for a start; any other of the contract may be named by its number.
    """

    subject = Subject(label=_("What did it happen to?"))
    reference = Line(label=_("Or its number"), most=24)
    title = Line(label=_("What the new matter is called"), most=80)
    occurred_at = MomentField(label=_("When did it happen?"))
    words = Words(label=_("On what grounds (who saw it, where the paper lies)"), required=False)
    form_key = forms.CharField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *arguments: Any,
        contract: Contract,
        edition: Edition,
        type: str,
        found: Sequence[Mention],
        subjects: Mapping[str, str],
        find: Any,
        at: datetime,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.contract, self.type, self.find, self.at = contract, type, find, at
        self.subjects = subjects
        self.fields["subject"].choices = list(subjects.items())  # type: ignore[attr-defined]
        self.values: dict[str, dict[str, str | int | bool]] = {}
        for key, values in queries.answers(edition, found).items():
            coded = {orjson.dumps(value).decode(): value for value in values}
            self.values[key] = coded
            choices = [(code, reading(words.answer(edition, key, value))) for code, value in coded.items()]
            self.fields[_ASKED + key] = forms.ChoiceField(
                label=reading(words.field(key)), choices=choices, required=False
            )
        self.asked = [self[name] for name in self.fields if name.startswith(_ASKED)]

    def clean_form_key(self) -> str:
        key = str(self.cleaned_data["form_key"])
        if not _FORM_KEY.fullmatch(key):
            raise ValidationError(_("This form is damaged. Reload the page and fill it in again."))
        return key

    def clean_occurred_at(self) -> datetime:
        at: datetime = self.cleaned_data["occurred_at"]
        if at > self.at:
            raise ValidationError(_("That is still to come. Record it when it has happened."))
        if self.contract.effective_at is None or at < self.contract.effective_at:
            raise ValidationError(_("At that time the contract was not in force yet."))
        return at

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if unknown := sorted(name for name in self.data if name.startswith(_ASKED) and name not in self.fields):
            raise ValidationError(
                _("The contract asks nothing of that kind about this event: %(names)s."),
                params={"names": ", ".join(name.removeprefix(_ASKED) for name in unknown)},
            )
        if happened := cleaned.get("occurred_at"):
            self.ask_reason(happened, self.at)
        cleaned["row"] = self._row(cleaned)
        if cleaned.get("subject") == NEW and not cleaned.get("reference") and not cleaned.get("title"):
            self.add_error("title", _("Give it a name by which both parties will know it."))
        return cleaned

    def _row(self, cleaned: Mapping[str, Any]) -> Model | None:
        """What it happened to; None is a new matter."""
        name = "reference" if cleaned.get("reference") else "subject"
        chosen = cleaned.get(name)
        if not chosen or (chosen == NEW and NEW in self.subjects):
            return None
        row: Model | None = self.find(chosen)
        if row is None:
            self.add_error(name, _("Under this contract there is nothing of that number."))
        elif not fits(self.type, row):
            self.add_error(name, _("This does not happen to a thing of that kind."))
        return row

    @property
    def told(self) -> dict[str, str | int | bool]:
        """The data of the event; what was not answered is left out."""
        given = {key: self.cleaned_data.get(_ASKED + key) for key in self.values}
        return {key: self.values[key][code] for key, code in given.items() if code}

    @property
    def said(self) -> str:
        """The hash of all that was filled in: the same for two posts that say the same."""
        row = self.cleaned_data["row"]
        about = str(key_of(row)) if row is not None else self.cleaned_data["title"]
        cleaned = self.cleaned_data
        when = [cleaned["occurred_at"].isoformat(), cleaned.get("late_reason", "")]
        whole = [self.type, about, self.told, *when, cleaned["words"]]
        return sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


def has_rows_of_its_own(type: str) -> bool:
    """Whether a feature keeps what such events happen to, so that they are told of its rows and of nothing else."""
    noun = type.partition(".")[0]
    return noun in NOUNS and noun not in ("contract", "matter")


def fits(type: str, row: Model) -> bool:
    return not has_rows_of_its_own(type) or key_of(row).noun == type.partition(".")[0]


def begins_a_matter(type: str) -> bool:
    return not has_rows_of_its_own(type) and not type.startswith("contract.") and type not in CONTRACT_WIDE
