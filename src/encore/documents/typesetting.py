"""Typst, with fonts of our own, so that a paper comes out the same on every machine. Data go in as JSON, never as markup."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import orjson

ROOT: Final = Path(__file__).resolve().parent.parent  # templates are read from the packages, and nothing from elsewhere
_one_at_a_time: Final = Lock()


@cache
def _compiler() -> Any:
    """One a process: what it has read and set stays in its memory, so that the next paper takes milliseconds."""
    import pylopdf_fonts_zh_cn as fonts  # noqa: PLC0415 - a process that prints nothing needs neither
    import typst  # noqa: PLC0415

    return typst.Compiler(
        root=ROOT, font_paths=[Path(fonts.sans_path()).parent], ignore_system_fonts=True, sys_inputs={}
    )


def pdf(template: Path, data: dict[str, Any], at: datetime) -> bytes:
    """PDF/A-2b, for archives. The same data give the same bytes."""
    return bytes(
        _set(template, data, format="pdf", pdf_standards="a-2b", timestamp=at.astimezone(UTC).replace(microsecond=0))
    )


def pictures(template: Path, data: dict[str, Any], ppi: int = 96) -> list[bytes]:
    """Its pages as PNG."""
    made = _set(template, data, format="png", ppi=ppi)
    return made if isinstance(made, list) else [made]


def _set(template: Path, data: dict[str, Any], **options: Any) -> Any:
    with _one_at_a_time:
        return _compiler().compile(
            input=template, sys_inputs={"data": orjson.dumps(data).decode()}, root=ROOT, **options
        )
