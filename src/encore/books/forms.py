import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Any, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.accounts.models import User
from encore.books.models import Cost, Transfer
from encore.books.operations import REASONS, REVERSALS
from encore.books.queries import Standing
from encore.ledger.nouns import NOUNS, by_reference
from encore.money import Money
from encore.web.fields import DayField, MoneyField
from encore.web.wording import Line

_INVOICE: Final = re.compile(r"[0-9A-Z-]{4,40}")


class Positive(MoneyField):
    """An amount that is more than nothing."""

    def clean(self, value: Any) -> Money | None:
        amount = super().clean(value)
        if amount is None:
            return None
        if amount <= 0:
            raise ValidationError(_("An amount is more than nothing."), code="positive")
        return Money(amount)

    def prepare_value(self, value: Any) -> Any:
        return super().prepare_value(value.amount if isinstance(value, Money) else value)


class Named(Line):
    """A short text that has to be there."""

    def clean(self, value: Any) -> str:
        line = super().clean(value)
        if not line:
            raise ValidationError(_("This is missing."), code="required")
        return line


class Invoice(Line):
    """The number of an invoice, with half-width characters and no blanks in it."""

    def clean(self, value: Any) -> str:
        line = "".join(unicodedata.normalize("NFKC", super().clean(value)).upper().split())
        if line and not _INVOICE.fullmatch(line):
            raise ValidationError(_("The number of an invoice has digits and letters only."), code="invalid")
        return line


class BudgetForm(forms.Form):
    """A new budget line. `owed`: what contracts want a budget for, as `contract:key`, with what it is called."""

    name = Named(label=_("What it is for"), most=60)
    amount = Positive(label=_("Budget"))
    from_day = DayField(label=pgettext_lazy("day", "From"))
    to_day = DayField(label=pgettext_lazy("day", "To"))
    owed = forms.ChoiceField(label=_("Owed under a contract"), required=False)

    def __init__(self, *arguments: Any, owed: Collection[tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["owed"].choices = [("", _("no")), *owed]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("from_day"), cleaned.get("to_day")
        if first and last and last < first:
            self.add_error("to_day", _("A budget ends after it begins."))
        return cleaned


class AmountForm(forms.Form):
    amount = Positive(label=_("Budget"))


class CostForm(forms.Form):
    """The head of a reimbursement form. `lines`: those that can be spent from; `user`: whose rows may be named."""

    line = forms.ChoiceField(
        label=_("Budget line"), error_messages={"required": _("Say which budget line it comes out of.")}
    )
    purpose = Named(label=_("What for"), most=200)
    about = Line(
        label=_("Number of what it was spent on"), most=20, help_text=_("Such as C-26-000017, if there is one.")
    )
    beneficiary = forms.ModelChoiceField(
        label=_("Who laid it out, if not you"), queryset=User.objects.none(), required=False
    )
    attachments = forms.IntegerField(label=_("Sheets attached"), min_value=0, max_value=999, required=False)
    form_key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, lines: Sequence[Standing], user: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lines = {str(one.line.pk): one for one in lines}
        self.user = user
        colleagues = User.objects.filter(organisation=user.organisation_id, is_active=True).exclude(pk=user.pk)
        self.fields["beneficiary"].queryset = colleagues.order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["beneficiary"].label_from_instance = lambda one: f"{one.name} · {one.get_post_display()}"  # type: ignore[attr-defined]
        self.fields["line"].choices = [  # type: ignore[attr-defined]
            (key, _("%(line)s: %(left)s left") % {"line": one.line.name, "left": one.available.shown})
            for key, one in self.lines.items()
        ]

    def clean_about(self) -> Any:
        reference = unicodedata.normalize("NFKC", self.cleaned_data["about"]).upper()
        if not reference:
            return None
        for noun in NOUNS.values():
            if (row := by_reference(noun.visible_to(self.user), reference)) is not None:
                return row
        raise ValidationError(_("There is nothing of this number."), code="unknown")


class ItemForm(forms.Form):
    """One line of it. A line that nobody wrote into is left out."""

    day = DayField(label=pgettext_lazy("paper", "Day"))
    what = Named(label=_("What was paid for"), most=120)
    amount = Positive(label=_("Amount"))
    invoice = Invoice(label=_("Number of the invoice"), most=60)

    use_required_attribute = False


class Items(forms.BaseFormSet[ItemForm]):
    """`taken`: finds invoices that stand on another form."""

    def clean(self) -> None:
        if any(self.errors):
            return
        seen: set[str] = set()
        for form in self.forms:
            invoice = form.cleaned_data.get("invoice") if form.has_changed() else ""
            if invoice and invoice in seen:
                form.add_error("invoice", _("This invoice stands on this form twice."))
            seen.add(invoice or "")

    def written(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.forms if form.has_changed()]

    def refuse(self, taken: dict[str, Cost]) -> None:
        """Says beside each invoice that another form has it."""
        for form in self.forms:
            if form.has_changed() and (other := taken.get(form.cleaned_data["invoice"])):
                sentence = _("This invoice stands on %(form)s already: it is paid once.")
                form.add_error("invoice", sentence % {"form": str(other)})


ItemFormSet = cast(type[Items], forms.formset_factory(ItemForm, formset=Items, extra=4, max_num=30, absolute_max=40))


class Payment(forms.Form):
    day = DayField(label=_("Paid on"))


class Reversal(forms.Form):
    """Moves a payment back. `payments`: those that can be."""

    transfer = forms.ChoiceField(label=_("Which payment"), error_messages={"required": _("Say which payment.")})
    day = DayField(label=_("Moved back on"))
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=list(REVERSALS.items()),
        error_messages={"required": _("Say why it is moved back.")},
    )

    def __init__(self, *arguments: Any, payments: Sequence[tuple[Transfer, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.payments = {str(one.pk): one for one, _about in payments}
        self.fields["transfer"].choices = [  # type: ignore[attr-defined]
            (str(one.pk), " · ".join(filter(None, (one.day.isoformat(), one.money.shown, about))))
            for one, about in payments
        ]

    def clean_transfer(self) -> Transfer:
        return self.payments[self.cleaned_data["transfer"]]


class Reopening(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why"), choices=list(REASONS.items()), error_messages={"required": _("Say why it is opened again.")}
    )
