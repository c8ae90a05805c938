"""`encore check`: an edition, as a compiler reads it."""

import hashlib
import sys
import tomllib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from encore.cli.files import BAD_INPUT, Language, read_file, reader_language
from encore.engine import EditionError, EventError, ParameterError
from encore.engine.check import check as checked
from encore.engine.stories import stories


@click.command(no_args_is_help=True)
@click.argument("editions", metavar="EDITION.toml...", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Warnings end the command with status 1.")
@click.option(
    "--lang", "language", type=click.Choice(["zh", "en"]), default=reader_language, help="The language of messages."
)
def check(editions: tuple[str, ...], strict: bool, language: Language) -> None:
    """Reads editions as a compiler does: every fault at once, with file, line, clause and cure; then what is doubtful.

    Where FILE.examples.toml lies beside FILE.toml, its stories are judged too. The status is 2 with faults or a story that
    does not hold, else 0.
    """
    from encore.cli.django import start

    start()
    from encore.ledger.kinds import KINDS

    broken = doubtful = False
    for path in editions:
        today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
        report = checked(read_file(path, language), path, recorded=KINDS.keys(), today=today)
        for kind, found in ((("error", "错误"), report.faults), (("warning", "警告"), report.warnings)):
            for fault in found:
                click.echo(f"{path}:{fault.line}: {kind[language == 'zh']}: {fault.message(language)}")
        told = [] if report.faults or report.edition is None else _told(Path(path), language)
        for line in told:
            click.echo(line)
        broken |= bool(report.faults or told)
        doubtful |= bool(report.warnings)
        if not report.faults and report.edition is not None:
            counts = (len(report.edition.clauses), len(report.edition.duties), len(report.warnings))
            said = (
                "{}: {} clauses, {} duties; {} warnings" if language == "en" else "{}：{} 条条款，{} 项义务；{} 条警告"
            )
            click.echo(said.format(path, *counts))
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
