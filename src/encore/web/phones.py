"""Telephone numbers as people type them, kept in one form, and shown to those who need not know them."""

import re
import unicodedata
from typing import Final

import phonenumbers

_HOME: Final = "CN"
_ROUNDED: Final = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)


def read_phone(text: str) -> str | None:
    """`+8613800138000` for `138 0013 8000`, `+86 138-0013-8000`, `０１０－６５５５８８８８`. None for what is no number."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain or re.search(r"[A-Za-z]", plain):
        return None
    try:
        number = phonenumbers.parse(plain, _HOME)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_rounded(text: str) -> bool:
    """`1.38E+10`: a sheet took the number for a quantity, and its last digits are lost."""
    return _ROUNDED.fullmatch(unicodedata.normalize("NFKC", text).strip()) is not None


def digits(number: str) -> str:
    """Of a number that was read: as people here say it, without the +86 and with the 0 of a city."""
    if not number.startswith("+86"):
        return number
    plain = number.removeprefix("+86")
    return plain if len(plain) == 11 and plain.startswith("1") else f"0{plain}"


def masked(number: str) -> str:
    """`138****1234`."""
    plain = digits(number)
    return f"{plain[:3]}****{plain[-4:]}" if len(plain) > 7 else "****"
