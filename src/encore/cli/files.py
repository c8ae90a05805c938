"""What the contract commands share: reading editions and events from files, and saying in one line what is wrong with them."""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Literal, NoReturn, TypeVar

import click

from encore.engine import Edition, EditionError, EventError, Judge, ParameterError, Terms, load_edition
from encore.engine.batch import Lines
from encore.engine.moments import from_datetime

Language = Literal["zh", "en"]
Command = TypeVar("Command", bound=Callable[..., object])

BAD_INPUT = 2


def reader_language() -> Language:
    """The language of the terminal: Chinese where its locale is, else English."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "zh" if os.environ[name].lower().startswith("zh") else "en"
    return "en"


def refuse(lines: Iterable[str]) -> NoReturn:
    """Says what is wrong, a line each, and ends the command."""
    for line in lines:
        click.echo(line, err=True)
    sys.exit(BAD_INPUT)


def read_file(path: str, language: Language) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        unreadable(path, error, language)


def unreadable(path: str, error: OSError, language: Language) -> NoReturn:
    said = "cannot be read" if language == "en" else "无法读取"
    refuse([f"{path}: {said}: {os.strerror(error.errno or 0)}"])


def read_edition_file(path: str, language: Language) -> tuple[Edition, str]:
    """The edition in a file, and the SHA-256 by which a contract names it."""
    data = read_file(path, language)
    try:
        return load_edition(data, path), hashlib.sha256(data).hexdigest()
    except EditionError as error:
        refuse(error.lines(language))


def read_terms(
    path: str, settings: Iterable[str], amended: Iterable[str], language: Language
) -> tuple[Terms, dict[str, Edition]]:
    """The edition of the command with its parameters set, and every edition that an event may name."""
    edition, sha = read_edition_file(path, language)
    editions = {sha: edition}
    for other in amended:
        found, named = read_edition_file(other, language)
        editions[named] = found
    return set_terms(edition, settings, language), editions


def set_terms(edition: Edition, settings: Iterable[str], language: Language, option: str = "--set") -> Terms:
    values: dict[str, object] = {}
    for setting in settings:
        key, is_set, value = setting.partition("=")
        if not is_set:
            refuse([f"{option} {setting}: " + ("write key=value" if language == "en" else "请写成 键=值")])
        values[key.strip()] = value.strip()
    try:
        terms = edition.terms(values)
    except ParameterError as error:
        refuse(f"{option}: {fault.message(language)}" for fault in error.faults)
    for key in terms.unread:
        known = ", ".join(edition.parameters)
        refuse(
            [
                f"{option} {key}: {edition.name} has no such parameter; it has: {known}"
                if language == "en"
                else f"{option} {key}：{edition.name} 没有这个参数；可用：{known}"
            ]
        )
    return terms


def read_moment(text: str, language: Language) -> int:
    """The moment of `--now`."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return from_datetime(moment)
    except (ValueError, OverflowError):
        refuse(
            [
                f"--now {text}: this is no time with an offset, such as 2026-03-10T00:00:00+08:00"
                if language == "en"
                else f"--now {text}：不是带时区偏移的时间，例如 2026-03-10T00:00:00+08:00"
            ]
        )


@contextmanager
def event_lines(path: str, language: Language) -> Iterator[Lines]:
    """The lines of a file of events, which may be read more than once; `-` is kept on disk while it is judged."""
    try:
        with open_events(path) as file:

            def again() -> IO[bytes]:
                file.seek(0)
                return file

            yield Lines(again)
    except EventError as error:
        name = "<stdin>" if path == "-" else path
        refuse([f"{name}:{error.position}: {error.fault.message(language)}"])
    except OSError as error:
        unreadable(path, error, language)


@contextmanager
def open_events(path: str) -> Iterator[IO[bytes]]:
    if path != "-":
        with Path(path).open("rb", buffering=1 << 20) as file:
            if file.seekable():
                yield file
                return
            with tempfile.TemporaryFile(buffering=1 << 20) as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
                yield copy
        return
    with tempfile.TemporaryFile(buffering=1 << 20) as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy, 1 << 20)
        yield copy


_WARNINGS = {
    "unknown_duty": ("the edition has no duty {}; nothing is changed", "该版本没有义务 {}；不作任何改变"),
    "unknown_parameter": ("the edition in force has no parameter {}; it is passed over", "现行版本没有参数 {}；已忽略"),
}


def warn(path: str, judge: Judge, language: Language) -> None:
    for position, code, about in judge.warnings:
        text = _WARNINGS[code][language == "zh"].format(about)
        click.echo(f"{path}:{position}: {'warning: ' if language == 'en' else '警告：'}{text}", err=True)


def contract_options(command: Command) -> Command:
    """The options of every command that judges events."""
    for option in (
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="KEY=VALUE",
            help="A parameter's value, in place of its default.",
        ),
        click.option(
            "--amended", multiple=True, metavar="FILE", help="An edition that an amendment among the events may name."
        ),
        click.option(
            "--lang",
            "language",
            type=click.Choice(["zh", "en"]),
            default=reader_language,
            help="The language of messages.",
        ),
    ):
        command = option(command)
    return command
