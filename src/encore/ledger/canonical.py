"""The bytes of an event: one way to write each, so that a hash of them means something."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from unicodedata import is_normalized

import orjson

PROFILE: Final = b"cl1"  # the name of these rules, hashed with whatever follows them
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")  # a parameter's name is what its edition calls it
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LARGEST: Final = 2**53 - 1  # what every JSON reader keeps exactly


class NotCanonical(ValueError):
    """A value that can be written in more than one way, or read in more than one."""


def canonical(body: Mapping[str, Any]) -> bytes:
    """Sorted keys in ASCII, no floats, whole numbers within 53 bits, text in NFC.

    Within these limits the bytes are those of RFC 8785. What is stored is verified as it is, never written again.
    """
    _check(body)
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def _check(value: object) -> None:
    match value:
        case None | bool():
            return
        case str():
            if not is_normalized("NFC", value):
                raise NotCanonical(f"{value!r} is not in NFC")
            if not value.isascii() and _SURROGATE.search(value):
                raise NotCanonical(f"{value!r} has half a character")
        case int():
            if abs(value) > _LARGEST:
                raise NotCanonical(f"{value} has more than 53 bits")
        case list():
            for one in value:
                _check(one)
        case dict():
            for key, one in value.items():
                if not isinstance(key, str) or not _KEY.fullmatch(key):
                    raise NotCanonical(f"{key!r} is no key: small letters, digits, _ and -")
                _check(one)
        case _:
            raise NotCanonical(f"{value!r} is neither text, whole number, flag, list nor table")


def written(moment: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
