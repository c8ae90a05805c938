"""Simplified Chinese as it is written in Taiwan: by OpenCC, save for the terms that were reviewed."""

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from opencc import OpenCC

OVERRIDES: Final = files("encore").joinpath("locale/zh_Hant.toml")


@cache
def _terms() -> dict[str, str]:
    terms: dict[str, str] = tomllib.loads(OVERRIDES.read_text("utf-8"))["terms"]
    return terms


@cache
def _term() -> re.Pattern[str]:
    longest_first = sorted(_terms(), key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))})")


@cache
def _opencc() -> OpenCC:
    return OpenCC("s2twp")


@lru_cache(maxsize=4096)
def traditional(text: str) -> str:
    return "".join(_terms().get(part) or _opencc().convert(part) for part in _term().split(text))
