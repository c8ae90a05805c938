"""`encore judge`: the contract language on files, without database and settings."""

import gc
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from unicodedata import east_asian_width

import click

from encore.cli.files import Language, contract_options, event_lines, read_moment, read_terms, warn
from encore.engine.batch import Sheet, is_unfinished, judge_all, tallied
from encore.engine.clocks import NAMES, Clock
from encore.engine.judge import Judge


@click.command(no_args_is_help=True)
@click.argument("edition", metavar="EDITION.toml")
@click.argument("events", metavar="EVENTS.jsonl")
@click.option(
    "--now", required=True, metavar="TIME", help="The moment as of which it is judged; later events are not seen."
)
@click.option("--format", "form", type=click.Choice(["jsonl", "table"]), default="jsonl", show_default=True)
@click.option(
    "--only-open", is_flag=True, help="Only clocks that have not ended: open, suspended, or breached and still owed."
)
@click.option("--summary", is_flag=True, help="How many clocks of each duty are in which state.")
@contract_options
def judge(
    edition: str, events: str, now: str, form: str, only_open: bool, summary: bool,
    settings: tuple[str, ...], amended: tuple[str, ...], language: Language,
) -> None:  # fmt: skip
    """Who owed what, by when, and how it ended.

    EVENTS holds one event a line; `-` reads them from the standard input:

    \b
    {"type": "complaint.received", "subject": "complaint:1", "at": "2026-02-02T20:00:00+08:00",
     "refs": ["contract:1"], "data": {"channel": "onsite"}}

    \b
    encore judge ktv_b.toml events.jsonl --now 2026-03-10T00:00:00+08:00 --format table
    encore judge ktv_b.toml events.jsonl --now 2026-03-10T00:00:00+08:00 --set classification_time=12h

    With --only-open or --summary and events in order of time, memory does not grow with the number of events.
    """
    moment = read_moment(now, language)
    terms, editions = read_terms(edition, settings, amended, language)
    gc.disable()  # clocks hold no circles, and there may be millions of them
    with event_lines(events, language) as lines:
        counts: dict[str, list[int]] = {}
        if only_open or summary:
            judged, counts = tallied(terms, lines, moment, editions=editions)
        else:
            judged = judge_all(terms, lines, moment, editions=editions)
    warn(events, judged, language)
    if summary:
        write(summary_lines(judged, counts, form))
        return
    sheet = Sheet(judged)
    listed = sheet.clocks(is_unfinished if only_open else None)
    write(sheet.lines(listed) if form == "jsonl" else table(clock_rows(sheet, listed)))


def write(lines: Iterable[str]) -> None:
    """Prints lines; somebody who stops reading (`| head`) is no fault."""
    remaining = iter(lines)
    try:
        while part := list(islice(remaining, 10_000)):
            sys.stdout.buffer.write(("\n".join(part) + "\n").encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        sys.stderr.close()  # which would complain at exit
    except OSError as error:
        raise click.ClickException(f"The result cannot be written: {error.strerror}.") from None


def summary_lines(judged: Judge, counts: dict[str, list[int]], form: str) -> Iterator[str]:
    clauses = {id: rule.clause for _, terms, _ in reversed(judged.versions) for id, rule in terms.rules.items()}
    if form == "table":
        rows = [["duty", "clause", *NAMES]]
        rows += [[id, clauses[id], *(str(number or "·") for number in found)] for id, found in counts.items()]
        yield from table(rows)
        return
    import orjson

    for id, found in counts.items():
        yield orjson.dumps({"duty": id, "clause": clauses[id], **dict(zip(NAMES, found, strict=True))}).decode()


def clock_rows(sheet: Sheet, clocks: list[Clock]) -> list[list[str]]:
    rows = [["clause", "duty", "subject", "#", "opened", "due", "state", "closed"]]
    for clock in clocks:
        due = sheet.zone.text(clock.due)
        closed = "" if clock.closed is None else sheet.zone.text(clock.closed)
        marks = ("?" if clock.provisional else "") + ("+" if clock.first_due is not None else "")
        opened = sheet.zone.text(clock.opened)
        rows.append(
            [clock.clause, clock.duty, clock.subject, str(clock.index), opened, due + marks, clock.name, closed]
        )
    return rows


def table(rows: list[list[str]]) -> Iterator[str]:
    """Columns as wide as they need to be. `?` marks a provisional deadline, `+` one that was extended."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def columns(text: str) -> int:
    """How much of a terminal's line a text takes: a Chinese character is as wide as two Latin ones."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
