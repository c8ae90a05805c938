"""What a job may be told: keys and codes. What they stand for is read when the job runs, by whoever may then read it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_CODE: Final = re.compile(r"[A-Za-z0-9_.:+~-]{0,64}", re.ASCII)  # also dates, amounts, hashes, `complaint:17`
_PHONE: Final = re.compile(r"\+?[0-9]{7,}", re.ASCII)
_LONGEST: Final = 20_000  # characters: the numbers of a thousand events


def written(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """The arguments as they are stored. `ValueError` for what is no key: text, an address, a telephone number."""
    for value in (*args, *kwargs.values()):
        _require_key(value)
    text = json.dumps({"args": list(args), "kwargs": dict(kwargs)}, sort_keys=True, separators=(",", ":"))
    if len(text) > _LONGEST:
        raise ValueError("So many keys do not go into one job: divide them.")
    return text


def _require_key(value: object) -> None:
    match value:
        case None | bool() | int():
            return
        case str() if _CODE.fullmatch(value) and not _PHONE.fullmatch(value):
            return
        case list() | tuple():
            for one in value:
                _require_key(one)
            return
    # The value itself is not named: it may be what must not get into a log.
    raise ValueError(f"A job takes keys and codes, and lists of them; this {type(value).__name__} is none.")
