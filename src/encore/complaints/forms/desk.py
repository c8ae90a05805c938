"""What a desk's pages ask for."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints.forms.words import Words
from encore.complaints.models import Phrase
from encore.web.wording import Line

TAKE_UP: Final = "take-up"
ASSIGN: Final = "assign"


class _People(forms.Form):
    """People to choose from, by their numbers."""

    def offer(self, name: str, people: Sequence[User]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField | forms.TypedMultipleChoiceField)
        found = {person.pk: person for person in people}
        field.coerce = lambda number: found[int(number)]
        field.choices = [(str(one.pk), f"{one.name} · {one.get_post_display()}") for one in people]


class Bulk(_People):
    """What is done with the complaints that were marked in a list."""

    act = forms.ChoiceField(choices=[(TAKE_UP, _("Take them up")), (ASSIGN, _("Give them to"))])
    person = forms.TypedChoiceField(label=_("Who answers for them"), required=False, empty_value=None)

    def __init__(self, *arguments: Any, people: Sequence[User], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.offer("person", people)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("act") == ASSIGN and not cleaned.get("person") and "person" not in self.errors:
            self.add_error("person", _("Say who answers for them from now on."))
        return cleaned


class PhraseForm(forms.Form):
    use = forms.ChoiceField(label=_("Used for"), choices=Phrase.Use.choices)
    title = Line(label=_("What you call it"), most=60, required=True)
    words = Words(label=_("The words"))

    def __init__(self, *arguments: Any, owner: int, phrase: Phrase | None = None, **options: Any) -> None:
        options["initial"] = {name: getattr(phrase, name) for name in ("use", "title", "words")} if phrase else None
        super().__init__(*arguments, **options)
        self.others = Phrase.objects.filter(owner=owner).exclude(pk__in=[phrase.pk] if phrase else [])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.others.filter(use=cleaned.get("use"), title=cleaned.get("title")).exists():
            self.add_error("title", _("There is one of this name already."))
        return cleaned


class ListForm(forms.Form):
    """A search of the queue to be kept at hand. `address`: what stands behind the question mark."""

    name = Line(label=_("Keep this search as"), most=40, required=True)
    address = forms.CharField(widget=forms.HiddenInput, max_length=1000, required=False)


class Note(forms.Form):
    words = Line(label=_("For the next shift"), most=500, required=True)


class TakingOver(_People):
    giver = forms.TypedChoiceField(label=_("From whom"), required=False, empty_value=None)
    with_work = forms.BooleanField(label=_("What they answer for becomes mine"), required=False)

    def __init__(self, *arguments: Any, people: Sequence[User], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.offer("giver", people)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("with_work") and not cleaned.get("giver"):
            self.add_error("giver", _("Say from whom."))
        return cleaned


class HandingOn(_People):
    """Whose work goes to whom. `person` is left out where only one's own can be given on."""

    person = forms.TypedChoiceField(label=_("Who is away"))
    to = forms.TypedMultipleChoiceField(
        label=_("Who takes it"), widget=forms.CheckboxSelectMultiple, help_text=_("Of several, each in turn.")
    )

    def __init__(self, *arguments: Any, people: Sequence[User], holders: Sequence[User], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.offer("person", holders)
        self.offer("to", people)

    def clean_to(self) -> list[User]:
        chosen: list[User] = self.cleaned_data["to"]
        if self.cleaned_data.get("person") in chosen:
            raise ValidationError(_("Choose somebody else than who is away."))
        return chosen
