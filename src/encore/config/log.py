"""Log lines: one JSON object each, without addresses, tokens or bodies."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb

import orjson


class Lines(logging.Formatter):
    """What a record carries as `fields` stands in the line by name."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _told(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def _told(exception: BaseException) -> dict[str, object]:
    """Only the first line of what it says: PostgreSQL quotes whole rows, with people's words, in the second."""
    said = str(exception).partition("\n")[0][:200]
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(exception.__traceback__)
    ]
    return {"type": type(exception).__qualname__, "said": said, "at": frames[-12:]}
