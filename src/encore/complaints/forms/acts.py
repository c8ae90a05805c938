"""What the acts on a complaint's page ask for."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import User
from encore.complaints import queries, scoring
from encore.complaints.forms.words import Optional, Words
from encore.complaints.models import Complaint
from encore.complaints.operations import EMERGENCY, OUTCOMES
from encore.engine import Edition
from encore.ledger.nouns import by_reference
from encore.web.fields import MoneyField
from encore.web.language import reading
from encore.web.wording import Line


class ActForm(forms.Form):
    """What an act asks for: it is made for a complaint and a person, and its fields are the act's own arguments."""

    def __init__(self, *arguments: Any, complaint: Complaint, user: User, edition: Edition, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.complaint, self.user = complaint, user
        self.edition = edition
        for name in ("severity", "category", "cause", "remedy", "stage", "department", "channel"):
            if name in self.fields:
                self._offer(name)
        self.prepare()

    def prepare(self) -> None:
        """For what depends on the complaint besides the words of its edition."""

    def _offer(self, name: str) -> None:
        rows = self.edition.vocabulary[_VOCABULARY.get(name, name)].values()
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(row.key, reading(row.label)) for row in rows]
        if not field.choices:
            del self.fields[name]

    def offer_people(self, name: str, people: Iterable[User]) -> None:
        """People of both parties, by their numbers."""
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        self.people = {person.pk: person for person in people}
        field.coerce = lambda number: self.people[int(number)]
        field.choices = [
            (person.pk, f"{person.name} · {person.get_post_display()} · {person.organisation.name}")
            for person in self.people.values()
        ]


_VOCABULARY: Final = {"remedy": "remedy_kind"}


class Nothing(ActForm):
    """An act that needs no more than being done."""


class Finding(ActForm):
    finding = Optional(label=_("What the verification found"))


class Assessment(ActForm):
    traits = forms.MultipleChoiceField(
        label=_("What is so"),
        required=False,
        choices=[(trait.key, trait.label) for trait in scoring.TRAITS.values()],
        widget=forms.CheckboxSelectMultiple,
    )
    severity = forms.ChoiceField(label=_("Level"))
    category = forms.ChoiceField(label=_("Category"))
    cause = forms.ChoiceField(label=_("Cause"), required=False)
    reason = Optional(label=_("Why the assessment changes"))

    def prepare(self) -> None:
        if self.complaint.assessed_at is None:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if traits := cleaned.pop("traits", []):
            cleaned["score"] = scoring.score(traits)
        return cleaned


class LowerLevel(ActForm):
    severity = forms.ChoiceField(label=_("Level"))
    reason = Words(label=_("Why a lower level is right"))


class Assignment(ActForm):
    person = forms.TypedChoiceField(label=_("Who answers for it"))
    stage = forms.ChoiceField(label=_("For which stage"), required=False)
    department = forms.ChoiceField(label=_("For which department"), required=False)

    def prepare(self) -> None:
        self.offer_people("person", queries.may_answer_for(self.complaint))


class Naming(ActForm):
    person = forms.TypedChoiceField(label=_("Whom the complaint is about"))

    def prepare(self) -> None:
        self.offer_people("person", queries.may_be_concerned(self.complaint))


class Channel(ActForm):
    channel = forms.ChoiceField(label=_("By which channel"))

    def prepare(self) -> None:
        self.fields["channel"].initial = self.complaint.answer_by or self.complaint.channel


class Talk(Channel):
    words = Words(label=_("What was said, and what the guest asks for"))
    field_order = ("words", "channel")


class Letter(Channel):
    words = Words(label=_("What the guest is told"))
    field_order = ("words", "channel")


class Progress(Letter):
    def prepare(self) -> None:
        super().prepare()
        self.fields["words"].initial = queries.progress_so_far(self.complaint)


class ToPromoter(ActForm):
    words = Words(label=_("What the promoter is told"))


class Emergency(ActForm):
    done = forms.MultipleChoiceField(
        label=_("What has been seen to"), required=False, choices=EMERGENCY.items(), widget=forms.CheckboxSelectMultiple
    )


class Plan(ActForm):
    plan = Words(label=_("What will be done"))

    def prepare(self) -> None:
        self.fields["plan"].initial = self.complaint.plan


class Mediation(ActForm):
    guest_side = Words(label=_("What the guest says"))
    house_side = Words(label=_("What the other side says"))
    outcome = forms.ChoiceField(label=_("Outcome"), choices=OUTCOMES.items())
    words = Words(label=_("What was agreed on, or what stands between them"))


class Resolution(ActForm):
    grounds = Words(label=_("What the decision rests on: evidence and facts"))
    remedy = forms.ChoiceField(label=_("What the guest got"), required=False)
    amount = MoneyField(label=_("What it cost"), required=False)
    laid_out = forms.BooleanField(label=_("Somebody paid it out of their own pocket"), required=False)


class Result(Channel):
    measures = Words(label=_("What was done"))
    result = Words(label=_("What came of it"))
    improvement = Words(label=_("What will be better from now on"))
    oral = forms.BooleanField(label=_("It was told, not written"), required=False)
    field_order = ("measures", "result", "improvement", "channel", "oral")

    def prepare(self) -> None:
        super().prepare()
        for name in ("measures", "result", "improvement"):
            self.fields[name].initial = getattr(self.complaint, name)


class Rejection(Channel):
    words = Words(label=_("Why the guest does not accept it"))
    field_order = ("words", "channel")


class FollowUp(ActForm):
    words = Optional(label=_("How it is now"))


class Withdrawal(ActForm):
    words = Optional(label=_("What the guest said"))


class Reason(ActForm):
    words = Words(label=_("Why"))


class Merging(ActForm):
    into = Line(label=_("The number of the complaint that goes on"), most=20, required=True)

    def clean_into(self) -> Complaint:
        rows = queries.visible_to(self.user).filter(contract=self.complaint.contract_id)
        found = by_reference(rows, self.cleaned_data["into"].upper())
        if found is None:
            raise ValidationError(_("There is no complaint of this number under the same contract."))
        return found
