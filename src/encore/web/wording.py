"""What people write, as it is kept."""

import re
import unicodedata
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Control characters, and those that turn the direction of what follows: text could be made to look like another.
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def kept(text: str) -> str:
    """In one form of Unicode, with one kind of line end, without what nobody sees and without outer blanks."""
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()


class Line(forms.Field):
    """A short text on one line, which may be left out unless it is `required`."""

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(**{"required": False, **options})
        self.max_length = most

    def clean(self, value: Any) -> str:
        line = " ".join(kept(str(value or "")).split())
        if self.required and not line:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(line) > self.max_length:
            message = _("That is %(length)s characters long; %(most)s are enough here.")
            raise ValidationError(message, params={"length": len(line), "most": self.max_length})
        return line
