"""Days, times and amounts as people type them."""

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from django.utils.timezone import make_aware

_DATE: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?|(\d{4})(\d\d)(\d\d)")
_TIME: Final = re.compile(r"(\d{1,2})\s*[:点时h]\s*(?:(\d{1,2})\s*分?|(半))?")
_MOMENT: Final = re.compile(r"(.+?)(?:(?<=[日号])\s*|[\sT]+)(\d{1,2}\s*[:点时h].*)")
_AMOUNT: Final = re.compile(r"[¥￥]?\s*(-?)\s*(\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.(\d{1,2}))?\s*元?")


def _plain(text: str) -> str:
    """With half-width digits and signs, in simplified characters where one of these is read."""
    return unicodedata.normalize("NFKC", text).strip().replace("號", "号").replace("點", "点").replace("時", "时")


def read_date(text: str) -> date | None:
    """`2026-3-5`, `2026/3/5`, `2026.3.5`, `2026年3月5日`, `20260305`, also in full-width digits. None for anything else."""
    match = _DATE.fullmatch(_plain(text))
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """`21:40`, `21：40`, `21点40分`, `21点半`, `21时`. None for anything else."""
    match = _TIME.fullmatch(_plain(text))
    if match is None or (":" in match[0] and match[2] is None):
        return None
    try:
        return time(int(match[1]), 30 if match[3] else int(match[2] or 0))
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """A day and a time in the house's zone: `2026-3-5 21:40`, `2026年3月5日21点40分`."""
    match = _MOMENT.fullmatch(_plain(text))
    if match is None:
        return None
    day, hour = read_date(match[1]), read_time(match[2])
    return make_aware(datetime.combine(day, hour)) if day and hour else None


def read_amount(text: str) -> Decimal | None:
    """`1234.5`, `1,234.50`, `¥1,234.50`, `1234.5元`. None for anything else, also for more than two decimals."""
    match = _AMOUNT.fullmatch(_plain(text))
    if match is None:
        return None
    return Decimal(f"{match[1]}{match[2].replace(',', '')}.{match[3] or '0'}").quantize(Decimal("0.01"))
