import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, Post, User
from encore.people.models import Qualification
from encore.web.fields import DayField

POSTS: Final = [(post.value, post.label) for post in Post if post is not Post.GUEST]
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()-]{4,30}")


class Newcomer(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100, error_messages={"required": _("Say who it is.")})
    post = forms.ChoiceField(label=_("Post"), choices=POSTS, error_messages={"required": _("Choose a post.")})
    email = forms.EmailField(
        label=_("E-mail (may be left out)"),
        required=False,
        max_length=254,
        error_messages={"invalid": _("This is no e-mail address.")},
    )
    phone = forms.CharField(label=_("Telephone (may be left out)"), required=False, max_length=32)

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if email and User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("Somebody with this e-mail address is here already."))
        return email

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"])
        if phone and not _PHONE.fullmatch(phone):
            raise ValidationError(_("This is no telephone number."))
        return phone


class StaffList(forms.Form):
    """An XLSX sheet with a row a person. `rows` are its people, each with the faults of its row."""

    sheet = forms.FileField(
        label=_("The list, as XLSX"),
        error_messages={"required": _("Choose the file."), "empty": _("This file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
    )

    def clean_sheet(self) -> list["Row"]:
        rows = list(_rows(self.cleaned_data["sheet"]))
        if not rows:
            raise ValidationError(_("There is nobody in this list."))
        return rows


@dataclass(frozen=True)
class Row:
    number: int  # as the sheet counts
    given: Mapping[str, str]
    faults: Sequence[str]


MOST_ROWS: Final = 500
_MOST_BYTES: Final = 1_000_000
_MOST_UNPACKED: Final = 30_000_000  # what a small file may grow to
_TITLES: Final = {
    "name": ("name", "姓名", "名字"),
    "post": ("post", "岗位", "崗位", "职务", "職務", "职位", "職位"),
    "email": ("email", "e-mail", "mail", "邮箱", "電子郵件", "电子邮箱", "电子邮件"),
    "phone": ("phone", "telephone", "电话", "電話", "手机", "手機", "手机号", "联系电话"),
}


def _rows(file: "UploadedFile[Any]") -> Iterator[Row]:
    lines = _lines(file)
    titles = [_titled(cell) for cell in next(lines, [])]
    if not {"name", "post"} <= set(titles):
        raise ValidationError(_("The first row names the columns: 姓名 and 岗位 must be among them."))
    known = _post_names()
    emails: set[str] = set()
    for number, cells in enumerate(lines, 2):
        given = {title: cell for title, cell in zip(titles, cells, strict=False) if title}
        if not any(given.values()):
            continue
        if number > MOST_ROWS + 1:
            raise ValidationError(_("A list holds at most %(most)s people."), params={"most": MOST_ROWS})
        written = given.get("post", "")
        given["post"] = known.get(written.casefold(), written)
        form = Newcomer(given)
        faults = [str(error) for errors in form.errors.values() for error in errors]
        email = given.get("email", "").casefold()
        if email and email in emails:
            faults.append(gettext("This e-mail address stands in the list twice."))
        emails.add(email)
        yield Row(number, {**given, "written": written}, faults)


def _lines(file: "UploadedFile[Any]") -> Iterator[list[str]]:
    """The cells of the first sheet as text. A file that would unpack into too much is not opened."""
    from openpyxl import load_workbook  # noqa: PLC0415 - takes longer to load than most pages to answer
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    wrong = ValidationError(_("This is no XLSX file, or a damaged one."))
    if (file.size or 0) > _MOST_BYTES:
        raise ValidationError(_("This file is too large for a list of people."))
    try:
        with ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > _MOST_UNPACKED:
                raise wrong
        book = load_workbook(file, read_only=True, data_only=True)
        for row in book.worksheets[0].iter_rows(max_row=MOST_ROWS + 2, max_col=30, values_only=True):
            yield [_text(cell) for cell in row]
    except (BadZipFile, KeyError, ValueError, OSError, IndexError, InvalidFileException, ParseError):
        raise wrong from None


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # a telephone number that the sheet took for a number
    return "" if cell is None else " ".join(str(cell).split())


def _titled(cell: str) -> str:
    return next((name for name, titles in _TITLES.items() if cell.casefold() in titles), "")


def _post_names() -> dict[str, str]:
    """What posts are called, in every language of the product."""
    known: dict[str, str] = {"促销员": Post.PROMOTER.value}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {str(label).casefold(): value for value, label in POSTS}
    return known


class Appointment(forms.Form):
    post = forms.ChoiceField(label=_("New post"), choices=POSTS, error_messages={"required": _("Choose a post.")})


_DAY_MISSING: Final = {"required": _("Write the day.")}


class Admission(forms.Form):
    born = DayField(
        label=_("Born on"),
        help_text=_("as the identity paper says that you looked at; it is not kept"),
        error_messages=_DAY_MISSING,
    )
    from_date = DayField(label=_("Promoter from"), error_messages=_DAY_MISSING)


class _Houses(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Organisation) -> str:
        return obj.name


class Assigning(forms.Form):
    venue = _Houses(
        label=_("Venue"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        error_messages={"required": _("Choose a venue."), "invalid_choice": _("Choose a venue.")},
    )
    brand = forms.CharField(label=_("Brand (may be left out)"), required=False, max_length=60)
    from_date = DayField(label=_("First day"), error_messages=_DAY_MISSING)
    to_date = DayField(label=_("Last day (may be left open)"), required=False)

    def offer(self, venues: QuerySet[Organisation]) -> None:
        """Only these can be chosen."""
        field = self.fields["venue"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = venues


class LastDay(forms.Form):
    to_date = DayField(label=_("Last day"), error_messages=_DAY_MISSING)


class Qualifying(forms.Form):
    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=[choice for choice in Qualification.Kind.choices if choice[0] != Qualification.Kind.OF_AGE],
        error_messages={"required": _("Say what it is.")},
    )
    from_date = DayField(label=_("Good from"), error_messages=_DAY_MISSING)
    to_date = DayField(label=_("Good until"), required=False)


class FirstDay(forms.Form):
    from_date = DayField(label=_("From"), error_messages=_DAY_MISSING)


class Joining(forms.Form):
    """How the invited will sign in."""

    username = forms.CharField(
        label=_("Name to sign in by"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Choose a name to sign in by.")},
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least ten characters. A short sentence is easy to keep and hard to guess."),
        error_messages={"required": _("Choose a password.")},
    )
    again = forms.CharField(
        label=_("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Write the password a second time.")},
    )

    def __init__(self, *arguments: Any, person: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.person = person

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"]).lower()
        if User.objects.filter(username__iexact=username).exclude(pk=self.person.pk).exists():
            raise ValidationError(_("Somebody else signs in by this name. Choose another."))
        return username

    def clean(self) -> None:
        password, username = self.cleaned_data.get("password"), self.cleaned_data.get("username")
        if password and self.cleaned_data.get("again") not in (None, password):
            self.add_error("again", _("The two passwords are not the same."))
        if password:
            called = User(
                username=username or "", name=self.person.name, email=self.person.email, phone=self.person.phone
            )
            try:
                validate_password(password, called)
            except ValidationError as error:
                self.add_error("password", error)
