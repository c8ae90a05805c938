"""Texts of an edition, and numbers, in the language of whoever reads the page."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from encore.engine import Edition, words
from encore.web.tables import MOST_COUNTED
from encore.web.traditional import traditional

_EDITION = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant", "en": "en"}
_BABEL = {"zh-hans": "zh_Hans_CN", "zh-hant": "zh_Hant_TW", "en": "en_GB"}


def tag() -> str:
    """The reader's language as editions write it."""
    return _EDITION.get(get_language() or "", "zh-Hans")


def locale() -> str:
    """The reader's language as Babel writes it."""
    return _BABEL.get(get_language() or "", "zh_Hans_CN")


def reading(texts: Mapping[str, str]) -> str:
    """The text in the reader's language; traditional characters are made from the simplified text where it has none."""
    wanted = tag()
    if wanted in texts:
        return texts[wanted]
    if wanted == "zh-Hant" and "zh-Hans" in texts:
        return traditional(texts["zh-Hans"])
    return texts.get("zh-Hans") or next(iter(texts.values()))


def duty_label(edition: Edition, duty: str) -> str:
    """What people call a duty: its label, else its clause's heading, else the clause's number; the id of one that is gone."""
    row = edition.duties.get(duty)
    if row is None:
        return duty
    texts = row.label or edition.clauses[row.clause].heading
    return reading(texts) if texts else str(row.clause)


def clause_label(number: str) -> str:
    """What people call a clause: clause 3.2.1, breach 4.1."""
    if number[0].isdigit():
        return _("clause %(number)s") % {"number": number}
    part, _point, rest = number.partition(".")
    return f"{reading(words.code(part))} {rest}".rstrip()


def row_label(edition: Edition, vocabulary: str, key: str) -> str:
    """What people call a row of a vocabulary; the key itself of one that the edition does not have."""
    row = edition.vocabulary[vocabulary].get(key)
    return reading(row.label) if row is not None else key


def html_lang(code: str) -> str:
    """A language as HTML writes it."""
    return _EDITION.get(code, code)


def is_converted(texts: Mapping[str, str]) -> bool:
    """Whether `reading` gives a text that nobody wrote."""
    return tag() == "zh-Hant" and "zh-Hant" not in texts and "zh-Hans" in texts


def number(value: int) -> str:
    return str(format_decimal(value, locale=locale()))


def money(value: Decimal) -> str:
    """`¥1,234.50`: one currency, so that its sign is enough."""
    return f"{'-' if value < 0 else ''}¥{format_decimal(abs(value), '#,##0.00', locale=locale())}"


def percent(share: float) -> str:
    """A share as whole percent; only what is all is called 100 %, and only what is nothing 0 %."""
    if 0 < share < 1:
        return f"{min(99, max(1, round(share * 100)))}%"
    return f"{round(share * 100)}%"


def at_most(value: int) -> str:
    """A number that was counted no further than lists are counted: `1,000+`."""
    return f"{number(MOST_COUNTED)}+" if value > MOST_COUNTED else number(value)


def day(value: date) -> str:
    """`2026年3月5日`, `5 March 2026`."""
    return str(format_date(value, "long", locale=locale()))


def weekday(value: date) -> str:
    """`3月5日 周四`, `Thu 5 March`."""
    pattern = "MMMd日 E" if tag() != "en" else "E d MMMM"
    return str(format_date(value, pattern, locale=locale()))
