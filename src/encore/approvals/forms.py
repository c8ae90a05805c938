from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Post, User
from encore.approvals.models import Kind
from encore.web import wording
from encore.web.fields import DayField, MoneyField

_MOST: Final = 2_000


class Words(forms.Field):
    """What somebody says of it."""

    widget = forms.Textarea

    def __init__(self, *, missing: Any = "", **options: Any) -> None:
        super().__init__(**{"required": False, **options})
        self.missing = missing

    def clean(self, value: Any) -> str:
        words = wording.kept(str(value or ""))
        if self.missing and not words:
            raise ValidationError(self.missing, code="required")
        if len(words) > _MOST:
            message = _("That is %(length)s characters long; %(most)s are enough here.")
            raise ValidationError(message, params={"length": len(words), "most": _MOST})
        return words


class Person(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes none at run time
    """Somebody of the same house, by name and post."""

    def label_from_instance(self, person: Any) -> str:
        return f"{person.name} · {person.get_post_display()}"


class Asking(forms.Form):
    kind = forms.ChoiceField(label=_("What kind"), choices=Kind.choices, error_messages={"required": _("Choose one.")})
    words = Words(label=_("What for"), missing=_("Say what it is for."))
    amount = MoneyField(label=_("Amount (if it costs something)"), required=False)
    about = wording.Line(
        label=_("Number of what it is about (may be left out)"), most=20, help_text=_("like C-26-000017")
    )
    beneficiary = Person(
        label=_("Who gains by it (if somebody of the house)"), queryset=User.objects.none(), required=False
    )
    copies = forms.MultipleChoiceField(
        label=_("Who is to know of it"), required=False, widget=forms.CheckboxSelectMultiple
    )
    form_key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, colleagues: QuerySet[User], asker: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["beneficiary"].queryset = colleagues  # type: ignore[attr-defined]
        self.others = {str(one.pk): one for one in colleagues if one != asker}
        named = [(key, f"{one.name} · {one.get_post_display()}") for key, one in self.others.items()]
        self.fields["copies"].choices = named  # type: ignore[attr-defined]

    def clean_copies(self) -> list[User]:
        return [self.others[key] for key in self.cleaned_data["copies"]]


class Approving(forms.Form):
    step = forms.IntegerField(widget=forms.HiddenInput)
    words = Words(label=_("Remark (may be left out)"))


class Refusing(forms.Form):
    step = forms.IntegerField(widget=forms.HiddenInput)
    words = Words(label=_("Why it is refused"), missing=_("Say why it is refused."))


class HandingOn(forms.Form):
    step = forms.IntegerField(widget=forms.HiddenInput)
    to = Person(label=_("To whom"), queryset=User.objects.none(), error_messages={"required": _("Choose somebody.")})

    def __init__(self, *arguments: Any, colleagues: QuerySet[User], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["to"].queryset = colleagues  # type: ignore[attr-defined]


class Adding(HandingOn):
    when = forms.ChoiceField(
        label=_("When"),
        choices=[("before", _("before I decide")), ("after", _("after I have agreed"))],
        initial="before",
        widget=forms.RadioSelect,
    )


class AbsenceForm(forms.Form):
    deputy = Person(
        label=_("Who decides meanwhile"),
        queryset=User.objects.none(),
        error_messages={"required": _("Choose somebody.")},
    )
    from_day = DayField(label=_("From"), error_messages={"required": _("Say from which day.")})
    to_day = DayField(label=_("To, that day included"), error_messages={"required": _("Say until which day.")})

    def __init__(self, *arguments: Any, colleagues: QuerySet[User], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["deputy"].queryset = colleagues  # type: ignore[attr-defined]

    def clean(self) -> None:
        first, last = self.cleaned_data.get("from_day"), self.cleaned_data.get("to_day")
        if first and last and last < first:
            self.add_error("to_day", _("That is before it begins."))


_POSTS: Final = [(post.value, post.label) for post in Post if post not in (Post.GUEST, Post.PROMOTER)]


class TierForm(forms.Form):
    below = MoneyField(label=_("Below"), required=False, help_text=_("Left empty: everything above."))
    first = forms.ChoiceField(label=_("Decides first"), choices=_POSTS, required=False)
    second = forms.ChoiceField(label=_("then (may be left out)"), choices=_POSTS, required=False)

    @property
    def posts(self) -> list[Post]:
        given = [self.cleaned_data.get("first"), self.cleaned_data.get("second")]
        return list(dict.fromkeys(Post(post) for post in given if post))

    @property
    def is_used(self) -> bool:
        return bool(self.posts or self.cleaned_data.get("below"))

    def clean(self) -> None:
        if self.cleaned_data.get("below") and not self.posts:
            self.add_error("first", _("Say who decides about these amounts."))


class _Tiers(forms.BaseFormSet):  # type: ignore[type-arg]  # takes none at run time
    def clean(self) -> None:
        if any(self.errors):
            return
        used = [form for form in self.forms if form.is_used]
        limits = [form.cleaned_data.get("below") for form in used]
        if limits.count(None) != 1:
            raise ValidationError(_("Exactly one line has no amount: it says who decides about everything above."))
        if len(set(limits)) != len(limits):
            raise ValidationError(_("Two lines have the same amount."))


Tiers = forms.formset_factory(TierForm, formset=_Tiers, extra=0, min_num=4, max_num=4, absolute_max=4)
