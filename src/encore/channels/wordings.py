"""What messages say: wordings as data, with named and typed fields. None takes free text."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final

from django.conf import settings

from encore.web.traditional import traditional

LANGUAGES: Final = ("zh-Hans", "zh-Hant", "en")

_SHAPES: Final = {
    "reference": re.compile(r"[A-Z]-[0-9]{2}-[0-9]{6,18}"),
    "link": re.compile(r"/[A-Za-z0-9/_~.-]{0,200}"),  # a path of ours: nobody is sent elsewhere
    "day": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "moment": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}"),
    "amount": re.compile(r"[0-9]{1,12}\.[0-9]{2}"),
    "number": re.compile(r"[0-9]{1,12}"),
}


class NotAValue(ValueError):
    """A value that its field does not take, or a field too many or too few. It does not name the value."""


@dataclass(frozen=True)
class Wording:
    key: str
    is_commercial: bool
    fields: Mapping[str, str]
    titles: Mapping[str, str]
    subjects: Mapping[str, str]
    bodies: Mapping[str, str]

    def written(self, values: Mapping[str, object]) -> dict[str, str]:
        """The values as they are kept. `NotAValue` for what is no value of its field."""
        if values.keys() != self.fields.keys():
            raise NotAValue(f"{self.key} takes {sorted(self.fields)}, not {sorted(values)}")
        kept = {name: value.isoformat() if isinstance(value, date) else str(value) for name, value in values.items()}
        for name, value in kept.items():
            if not _SHAPES[self.fields[name]].fullmatch(value):
                raise NotAValue(f"{self.key}: {name} is no {self.fields[name]}")
        return kept

    def rendered(self, values: Mapping[str, str], language: str) -> tuple[str, str]:
        """Subject and body. Traditional characters are made from the simplified."""
        told = {name: _told(self.fields[name], value, language) for name, value in values.items()}
        return _said(self.subjects, language).format(**told), _said(self.bodies, language).format(**told)


def _said(texts: Mapping[str, str], language: str) -> str:
    if language in texts:
        return texts[language]
    return traditional(texts["zh-Hans"]) if language == "zh-Hant" else texts["zh-Hans"]


def _told(kind: str, value: str, language: str) -> str:
    match kind:
        case "link":
            return f"{settings.ENCORE_BASE_URL.rstrip('/')}{value}"
        case "amount":
            return f"¥{Decimal(value):,.2f}"
        case "day":
            day = date.fromisoformat(value)
            return f"{day:%d %B %Y}".lstrip("0") if language == "en" else f"{day.month}月{day.day}日"
    return value


@cache
def wordings() -> Mapping[str, Wording]:
    rows = tomllib.loads(files("encore.channels").joinpath("wordings.toml").read_text("utf-8"))
    return {
        key: Wording(key, row["commercial"], row["fields"], row["title"], row["subject"], row["body"])
        for key, row in rows.items()
    }
