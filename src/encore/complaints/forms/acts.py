"""What the acts on a complaint's page ask for."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
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
        for name in ("severity", "category", "cause", "remedy", "kind", "stage", "department", "channel"):
            if name in self.fields:
                self._offer(name)
        self.prepare()

    def prepare(self) -> None:
        """For what depends on the complaint besides the words of its edition."""

    def _offer(self, name: str, but: Collection[str] = ()) -> None:
        rows = self.edition.vocabulary[_VOCABULARY.get(name, name)].values()
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(row.key, reading(row.label)) for row in rows if row.key not in but]
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


_VOCABULARY: Final = {"remedy": "remedy_kind", "kind": "remedy_kind"}


class Nothing(ActForm):
    """An act that needs no more than being done."""


class Finding(ActForm):
    finding = Optional(label=_("What the verification found"))


class Assessment(ActForm):
    traits = forms.MultipleChoiceField(
        label=_("What is so"),
        required=False,
        choices=[(trait.key, format_lazy("{} ({})", trait.label, trait.points)) for trait in scoring.TRAITS.values()],
        widget=forms.CheckboxSelectMultiple,
    )
    severity = forms.ChoiceField(label=_("Level"))
    category = forms.ChoiceField(label=_("Category"))
    cause = forms.ChoiceField(label=_("Cause"), required=False)
    reason = Optional(label=_("Why this level, where the points come to another"))

    def prepare(self) -> None:
        """Once it is assessed, the level only rises here: a lower one takes a second person."""
        severity = self.fields["severity"]
        assert isinstance(severity, forms.ChoiceField)
        if self.complaint.assessed_at is not None:
            self._offer("severity", set(queries.lower_levels(self.edition, self.complaint.severity)))
            self.fields["reason"].label = _("Why the assessment changes")
            for name in ("severity", "category", "cause"):
                if name in self.fields:
                    self.fields[name].initial = getattr(self.complaint, name)
        if thresholds := scoring.thresholds(self.edition):
            severity.required = False
            severity.help_text = _("Left open, it is what the points come to: %(levels)s.") % {
                "levels": " · ".join(f"≥ {points} {reading(row.label)}" for points, row in thresholds)
            }

    @property
    def alarms(self) -> bool:
        return scoring.alarms(self._traits())

    def _traits(self) -> list[str]:
        ticked = self.fields["traits"].widget.value_from_datadict(self.data, self.files, "traits")
        return [one for one in ticked if one in scoring.TRAITS]

    def propose(self) -> None:
        """Fills in the level that the points come to, for the same form to be shown again."""
        traits = self._traits()
        points = scoring.score(traits)
        level = scoring.level(self.edition, points)
        self.initial = {name: self.data.get(name, "") for name in self.fields} | {"traits": traits}
        self.is_bound = False
        if level is not None:
            self.initial["severity"] = level
            row = self.edition.vocabulary["severity"][level]
            self.fields["severity"].help_text = _("%(points)s of 100 points: %(level)s") % {
                "points": points,
                "level": reading(row.label),
            }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        traits = cleaned.pop("traits", [])
        level = scoring.level(self.edition, scoring.score(traits)) if traits else None
        if traits:
            cleaned["score"] = scoring.score(traits)
        if "severity" in self.fields and not cleaned.get("severity") and "severity" not in self.errors:
            if level is None:
                self.add_error("severity", _("Choose a level, or say what is so: the points then give one."))
            elif level in queries.lower_levels(self.edition, self.complaint.severity):
                self.add_error("severity", _("The points come to a lower level: ask for it, somebody else decides."))
            cleaned["severity"] = level
        elif level is not None and cleaned.get("severity") != level and not cleaned.get("reason"):
            self.add_error("reason", _("The points come to another level: say why this one is right."))
        if self.complaint.assessed_at is not None and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say why the assessment changes."))
        return cleaned


class LowerLevel(ActForm):
    severity = forms.ChoiceField(label=_("Level"))
    reason = Words(label=_("Why a lower level is right"))

    def prepare(self) -> None:
        lower = queries.lower_levels(self.edition, self.complaint.severity)
        self._offer("severity", self.edition.vocabulary["severity"].keys() - lower)


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
        label=_("What has been seen to"),
        required=False,
        choices=EMERGENCY.items(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Ambulance 120 · police 110 · fire 119 · minors' helpline 12355"),
    )


def more_than_nothing(amount: Decimal | None) -> Decimal | None:
    if amount is not None and amount <= 0:
        raise ValidationError(_("An amount is more than nothing."))
    return amount


class Remedy(ActForm):
    kind = forms.ChoiceField(label=_("What the guest is offered"))
    words = Optional(label=_("More exactly"))
    amount = MoneyField(label=_("Worth how much"), required=False)

    def prepare(self) -> None:
        limit, offered = queries.own_limit(self.user), queries.offered_so_far(self.complaint)
        self.fields["amount"].help_text = _(
            "Up to ¥%(left)s you may give on your own here; what goes beyond waits for approval."
        ) % {"left": max(limit - offered, Decimal(0))}

    def clean_amount(self) -> Decimal | None:
        return more_than_nothing(self.cleaned_data["amount"])


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

    def prepare(self) -> None:
        """Begins with what the guest was given, and names the evidence that there is."""
        given = [one for one in queries.remedies(self.complaint) if one.given_at]
        if given:
            if "remedy" in self.fields:
                self.fields["remedy"].initial = given[-1].kind
            self.fields["amount"].initial = sum(one.amount or 0 for one in given) or None
            self.fields["laid_out"].initial = any(one.laid_out for one in given)
        names = [one.file.reference for one in queries.evidence(self.complaint, self.user)]
        self.fields["grounds"].initial = _("Evidence: %(files)s.") % {"files": ", ".join(names)} if names else ""

    def clean_amount(self) -> Decimal | None:
        return more_than_nothing(self.cleaned_data["amount"])


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
