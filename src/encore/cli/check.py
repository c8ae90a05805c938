"""`encore check`: an edition, as a compiler reads it."""

import hashlib
import sys
import tomllib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from encore.cli.clauses import summary
from encore.cli.files import BAD_INPUT, Language, read_file, reader_language
from encore.editions import walked
from encore.engine import EditionError, EventError, ParameterError
from encore.engine.check import check as checked
from encore.engine.coverage import coverage, totals
from encore.engine.stories import stories


@click.command(no_args_is_help=True)
@click.argument("editions", metavar="EDITION.toml...", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Warnings end the command with status 1; notes do not.")
@click.option(
    "--lang", "language", type=click.Choice(["zh", "en"]), default=reader_language, help="The language of messages."
)
def check(editions: tuple[str, ...], strict: bool, language: Language) -> None:
    """Reads editions as a compiler does: every fault at once, with file, line, clause and cure; then what is doubtful,
    what is so for a reason outside the file, and how many clauses are realised in which way.

    Where FILE.examples.toml lies beside FILE.toml, its stories are judged too. The status is 2 with faults or a story that
    does not hold, else 0.
    """
    from encore.cli.django import start

    start()
    from encore.cli.product import names
    from encore.ledger.recorded import recorded

    product = names()
    broken = doubtful = False
    for path in editions:
        today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
        report = checked(read_file(path, language), path, recorded=recorded(), today=today)
        for kind, found in (
            (("error", "错误"), report.faults),
            (("warning", "警告"), report.warnings),
            (("note", "说明"), report.notes),
        ):
            for fault in found:
                click.echo(f"{path}:{fault.line}: {kind[language == 'zh']}: {fault.message(language)}")
        told = [] if report.faults or report.edition is None else _told(Path(path), language)
        for line in told:
            click.echo(line)
        broken |= bool(report.faults or told)
        doubtful |= bool(report.warnings)
        if not report.faults and report.edition is not None:
            counts = (len(report.edition.duties), len(report.warnings), len(report.notes))
            said = "{}: {} duties; {} warnings, {} notes" if language == "en" else "{}：{} 项义务；{} 条警告，{} 条说明"
            click.echo(said.format(path, *counts))
            counted = totals(coverage(report.edition, product, walked(report.edition.id)))
            click.echo(f"{path}{': ' if language == 'en' else '：'}{summary(counted, language)}")
    if broken:
        sys.exit(BAD_INPUT)
    sys.exit(1 if strict and doubtful else 0)


def _told(path: Path, language: Language) -> list[str]:
    """The stories beside an edition that do not hold."""
    file = path.with_suffix(".examples.toml")
    if not file.exists():
        return []
    try:
        found = list(
            stories(
                file.read_bytes(),
                str(file),
                beside=lambda name: (file.parent / name).read_bytes(),
                digest=lambda data: hashlib.sha256(data).hexdigest(),
            )
        )
        return [
            f"{file}: {'error' if language == 'en' else '错误'}: {story.name}: {difference}"
            for story in found
            for difference in story.differences()
        ]
    except (tomllib.TOMLDecodeError, EditionError, EventError, ParameterError, KeyError, OSError) as error:
        return [f"{file}: {error}"]
