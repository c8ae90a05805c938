from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from encore.ledger import annulment
from encore.ledger.late import LIMIT, REASONS, entered_late
from encore.web.fields import MomentField

_BY_PEOPLE: Final = ("on_paper", "unavailable", "learned_late")


class Belated(forms.Form):
    """Something that may have happened long ago: then it says why it is recorded so late."""

    late_reason = forms.ChoiceField(
        label=_("Why it is recorded only now"), required=False, choices=[(code, REASONS[code]) for code in _BY_PEOPLE]
    )

    def ask_reason(self, happened: datetime, present: datetime) -> None:
        if present - happened > LIMIT and not self.cleaned_data.get("late_reason"):
            self.add_error("late_reason", _("It lies more than a day back: say why it is recorded only now."))

    @contextmanager
    def reason_given(self) -> Iterator[None]:
        """What is recorded meanwhile may lie as far back as that."""
        if reason := self.cleaned_data.get("late_reason"):
            with entered_late(reason):
                yield
        else:
            yield


class Occurrence(Belated):
    """When something happened, where that was not just now, and why it is recorded so late, where it is.

    `at` is the present moment; `since` the earliest that makes sense.
    """

    occurred_at = MomentField(
        label=_("When it happened"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def __init__(self, *arguments: Any, at: datetime, since: datetime | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.present, self.since = at, since

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        happened = cleaned.get("occurred_at")
        if happened is None:
            return cleaned
        if happened > self.present:
            self.add_error("occurred_at", _("That is still to come."))
        elif self.since is not None and happened < self.since.replace(second=0, microsecond=0):
            moment = f"{localtime(self.since):%Y-%m-%d %H:%M}"
            self.add_error("occurred_at", _("That is before %(moment)s, when it began.") % {"moment": moment})
        else:
            self.ask_reason(happened, self.present)
        return cleaned

    @property
    def at(self) -> datetime:
        """When it happened, to the second, and never before its beginning: a form knows minutes only."""
        happened: datetime = self.cleaned_data.get("occurred_at") or self.present
        return happened if self.since is None else max(happened, self.since)


class Annulment(forms.Form):
    reason = forms.ChoiceField(
        label=_("What is wrong with it"),
        choices=list(annulment.REASONS.items()),
        error_messages={"required": _("Say what is wrong with it.")},
    )
