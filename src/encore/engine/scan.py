"""Where the tables and keys of a TOML file stand: `tomllib` reads the values, but forgets the lines."""

import re
from typing import Final

Path = tuple[str | int, ...]

_KEY: Final = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED: Final = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_ARRAY: Final = re.compile(rf"\s*\[\[\s*({_DOTTED})\s*\]\]")
_TABLE: Final = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]")
_ASSIGNED: Final = re.compile(rf"\s*({_DOTTED})\s*=")
_ONE_KEY: Final = re.compile(_KEY)
_TOKEN: Final = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*|[\[{]|[\]}]')


def _keys(dotted: str) -> list[str]:
    return [key[1:-1] if key[0] in "\"'" else key for key in _ONE_KEY.findall(dotted)]


class _Continuation:
    """Whether a value goes on in the next line: an open bracket, or a string of several lines."""

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""

    def read(self, line: str, start: int) -> None:
        while start < len(line):
            if self.quote:
                end = line.find(self.quote, start)
                if end < 0:
                    return
                start = end + 3
                self.quote = ""
                continue
            token = _TOKEN.search(line, start)
            if token is None:
                return
            start = token.end()
            match token[0][0]:
                case "#":
                    return
                case "[" | "{":
                    self.depth += 1
                case "]" | "}":
                    self.depth -= 1
                case _ if token[0] in ('"""', "'''"):
                    self.quote = token[0]

    @property
    def goes_on(self) -> bool:
        return bool(self.quote) or self.depth > 0


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of each table header and key. For a file that `tomllib` has accepted."""
    found: dict[Path, int] = {(): 1}
    rows: dict[Path, int] = {}
    table: Path = ()
    open_value = _Continuation()
    for number, line in enumerate(text.split("\n"), 1):
        if open_value.goes_on:
            open_value.read(line, 0)
            continue
        if match := _ARRAY.match(line):
            parent = _resolve(_keys(match[1]), rows)
            rows[parent] = rows.get(parent, -1) + 1
            table = (*parent, rows[parent])
            found[table] = number
            found.setdefault(parent, number)
        elif match := _TABLE.match(line):
            table = _resolve(_keys(match[1]), rows)
            table = (*table, rows[table]) if table in rows else table
            found[table] = number
        elif match := _ASSIGNED.match(line):
            path = table
            for key in _keys(match[1]):
                path = (*path, key)
                found.setdefault(path, number)
            open_value.read(line, match.end())
    return found


def _resolve(keys: list[str], rows: dict[Path, int]) -> Path:
    """The path of a header: a name on the way that is an array of tables means its latest row."""
    path: Path = ()
    for position, key in enumerate(keys):
        path = (*path, key)
        if position < len(keys) - 1 and path in rows:
            path = (*path, rows[path])
    return path


def line_at(lines: dict[Path, int], path: Path) -> int:
    """The line of the place itself or of the nearest table or key around it."""
    while path not in lines:
        path = path[:-1]
    return lines[path]
