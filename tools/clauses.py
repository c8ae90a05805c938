"""Writes docs/clauses.md, and what `encore clauses` knows of the tests, from the clauses that a whole run of the tests walked.

`make test` calls it: python -m tools.clauses WALKED.json...
Where nobody is there to commit what was written, which is so under CI=true, it fails if that differs from what is committed.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import django

from encore.editions import brought
from encore.engine import Edition, load_edition
from encore.engine.coverage import STATES, WAYS, Covered, coverage, totals
from tools.reference import ROOT, SOURCE, table

Walked = dict[str, dict[str, list[str]]]

_HEAD: Final = """\
# The clauses

Written by `make test`; not to be edited. `encore clauses` prints the same for any edition.

Every clause of an edition names what realises it, and is

- **planned** while one of these names, in parentheses below, is not there yet;
- **built** when all of them are;
- **shown** when, besides, a test that carries its number walked the clause and asserted its effect.

A clause is counted by the strongest way in which it is realised today: a clock monitors it; a rule (a right, a limit, a remedy,
an operation) enforces it; a page or a document shows it; it is text that asks for nothing; or nothing does anything for it yet.
"""


def joined(files: Iterable[Path]) -> Walked:
    """What several runs walked, in an order that does not depend on them."""
    found: dict[str, dict[str, set[str]]] = {}
    for file in files:
        for edition, clauses in json.loads(file.read_bytes()).items():
            for number, tests in clauses.items():
                found.setdefault(edition, {}).setdefault(number, set()).update(tests)
    return {
        edition: {number: sorted(tests) for number, tests in sorted(clauses.items())}
        for edition, clauses in sorted(found.items())
    }


def document(walked: Walked, product: frozenset[str]) -> str:
    editions = [load_edition(content, name) for name, content in brought()]
    covered = [(edition, coverage(edition, product, walked.get(edition.id, {}))) for edition in editions]
    lines = [_HEAD, *_totals(covered)]
    for edition, rows in covered:
        lines += [f"## {_both(edition.title)}", "", *_rows(rows, walked.get(edition.id, {}))]
    return "\n".join(lines)


def _totals(covered: list[tuple[Edition, list[Covered]]]) -> Iterator[str]:
    ways = ("a clock", "a rule", "a page", "text only", "nothing yet")
    rows = [("edition", "clauses", *ways, *STATES)]
    for edition, found in covered:
        counted = totals(found)
        numbers = [counted.clauses, *(counted.ways[way] for way in WAYS), *(counted.states[state] for state in STATES)]
        rows.append((f"`{edition.id}`", *map(str, numbers)))
    return table(*rows)


def _rows(covered: list[Covered], tests: dict[str, list[str]]) -> Iterator[str]:
    rows = [("clause", "heading", "realised by", "state", "shown by")]
    for row in covered:
        names = " ".join(f"`{name}`" if resolves else f"(`{name}`)" for name, resolves in row.names)
        walked = " ".join(f"`{test}`" for test in tests.get(row.clause.number, ()) if row.state == "shown")
        heading = _both(row.clause.heading) if row.clause.heading else ""
        rows.append((row.clause.number, heading, names, row.state, walked))
    return table(*rows)


def _both(texts: dict[str, str]) -> str:
    """In Chinese, and in English after it."""
    chinese, english = texts.get("zh-Hans", ""), texts.get("en", "")
    return f"{chinese} ({english})" if chinese and english else chinese or english or next(iter(texts.values()))


def main() -> None:
    with tempfile.TemporaryDirectory() as home:  # the settings make a secret where there is none
        os.environ |= {"ENCORE_HOME": home, "DJANGO_SETTINGS_MODULE": "encore.config.settings"}
        django.setup()
        from encore.cli.product import names

        walked = joined(map(Path, sys.argv[1:]))
        written = {
            SOURCE / "editions/walked.json": json.dumps(walked, indent=2, ensure_ascii=False) + "\n",
            ROOT / "docs/clauses.md": document(walked, names()),
        }
    changed = [path for path, text in written.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in changed:
        path.write_text(written[path], "utf-8")
    if changed:
        print(f"Written anew, to be committed: {', '.join(str(path.relative_to(ROOT)) for path in changed)}.")
    if changed and os.environ.get("CI") == "true":
        sys.exit(1)


if __name__ == "__main__":
    main()
