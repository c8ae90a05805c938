"""Days, times and amounts as people type them."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.utils.timezone import make_aware

_DATE: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?|(\d{4})(\d\d)(\d\d)")
_DAY_OF_YEAR: Final = re.compile(r"(\d{1,2})\s*(?:月|[-/.])\s*(\d{1,2})\s*[日号]?")
_SERIAL: Final = re.compile(r"\d{5}(\.\d+)?")
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - the day 0 of sheets, which know no zones
_TIME: Final = re.compile(r"(\d{1,2})\s*[:点时h]\s*(?:(\d{1,2})\s*(?:[:分]\s*(?:(\d{1,2})\s*秒?)?)?|(半))?")
_MOMENT: Final = re.compile(r"(.+?)(?:(?<=[日号])\s*|[\sT]+)(\d{1,2}\s*[:点时h].*)")
_SPAN: Final = re.compile(
    r"(\d{1,7})\s*(?:个|個)?\s*(分钟|分鐘|分|min|minutes?|小时|h|hours?|工作日|wd|working days?|天|日|d|days?|周|週|星期|w|weeks?"
    r"|月|mo|months?|季度|季|q|quarters?|年|y|years?)",
    re.IGNORECASE,
)
_UNITS: Final = {
    "分": "min",
    "小": "h",
    "工": "wd",
    "天": "d",
    "日": "d",
    "周": "w",
    "週": "w",
    "星": "w",
    "月": "mo",
    "季": "q",
    "年": "y",
}
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
    return _date(year, month, day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_day_of_year(text: str, year: int) -> date | None:
    """`3月5日`, `3-5`, `3/5` of a year that is known otherwise. None for anything else."""
    match = _DAY_OF_YEAR.fullmatch(_plain(text))
    return _date(year, int(match[1]), int(match[2])) if match else None


def read_serial(number: float | str) -> datetime | None:
    """The moment that a sheet means by a number, to the second and without a zone: 46086 is 2026-3-5. Only from 1954 to 2173."""
    if isinstance(number, str) and not _SERIAL.fullmatch(_plain(number)):
        return None
    days = float(_plain(number)) if isinstance(number, str) else float(number)
    if not 20_000 <= days < 100_000:
        return None
    return _EPOCH + timedelta(seconds=round(days * 86_400))


def read_time(text: str) -> time | None:
    """`21:40`, `21：40`, `21:40:05`, `21点40分`, `21点半`, `21时`. None for anything else."""
    match = _TIME.fullmatch(_plain(text))
    if match is None or match[0].endswith(":"):
        return None
    try:
        return time(int(match[1]), 30 if match[4] else int(match[2] or 0), int(match[3] or 0))
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """A day and a time in the house's zone: `2026-3-5 21:40`, `2026年3月5日21点40分`."""
    match = _MOMENT.fullmatch(_plain(text))
    if match is None:
        return None
    day, hour = read_date(match[1]), read_time(match[2])
    return make_aware(datetime.combine(day, hour)) if day and hour else None


def read_span(text: str) -> str | None:
    """`24 小时`, `5 个工作日`, `3 months`, `24h`, as the contract language has it: `24h`, `5wd`, `3mo`. None for anything else."""
    match = _SPAN.fullmatch(_plain(text))
    if match is None:
        return None
    unit = match[2].lower()
    short = _UNITS.get(unit[0]) or ("wd" if unit.startswith("wo") else "min" if unit.startswith("mi") else "")
    short = short or (unit if unit in ("wd", "mo") else "mo" if unit.startswith("mo") else unit[0])
    return f"{int(match[1])}{short}"


def read_amount(text: str) -> Decimal | None:
    """`1234.5`, `1,234.50`, `¥1,234.50`, `1234.5元`. None for anything else, also for more than two decimals."""
    match = _AMOUNT.fullmatch(_plain(text))
    if match is None:
        return None
    return Decimal(f"{match[1]}{match[2].replace(',', '')}.{match[3] or '0'}").quantize(Decimal("0.01"))


def read_decimal(text: str) -> Decimal | None:
    """`12`, `12.5`, `-3`, also in full-width digits. None for anything else."""
    found = _plain(text)
    return Decimal(found) if re.fullmatch(r"-?\d{1,12}(?:\.\d{1,6})?", found) else None
