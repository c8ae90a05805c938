"""`encore clauses`: what becomes of a contract's text, clause by clause."""

from collections.abc import Iterator
from typing import Final

import click

from encore.cli.files import Language, read_edition_file, reader_language
from encore.cli.judge import table, write
from encore.editions import walked
from encore.engine import Edition
from encore.engine.coverage import Covered, State, Totals, Way, coverage, totals

STATES: Final[dict[State, tuple[str, str]]] = {
    "planned": ("planned", "计划中"),
    "built": ("built", "已实现"),
    "shown": ("shown", "已验证"),
}
WAYS: Final[dict[Way, tuple[str, str]]] = {
    "clock": ("monitored by a clock", "由时钟监测"),
    "rule": ("enforced by a rule", "由规则约束"),
    "page": ("shown in a document or on a page", "在文书或页面上呈现"),
    "text": ("text only", "仅有文本"),
    "nothing": ("by nothing yet", "尚未实现"),
}


@click.command(no_args_is_help=True)
@click.argument("edition", metavar="EDITION.toml")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every name and whether it is there yet.")
@click.option(
    "--lang", "language", type=click.Choice(["zh", "en"]), default=reader_language, help="The language of what is said."
)
def clauses(edition: str, as_json: bool, language: Language) -> None:
    """Each clause with its heading, its state, and what realises it; in parentheses, what is not there yet.

    planned: something that the clause names is not there yet; built: all of it is; shown: a test of the product also
    walked the clause and asserted its effect.
    """
    found, _ = read_edition_file(edition, language)
    from encore.cli.django import start

    start()
    from encore.cli.product import names

    covered = coverage(found, names(), walked(found.id))
    write(_json(found, covered) if as_json else _printed(found, covered, language))


def heading(edition: Edition, row: Covered, language: Language) -> str:
    """The clause's heading, or where it has none, how it begins."""
    texts = row.clause.heading or row.clause.text
    text = " ".join(edition.in_language(texts, "zh-Hans" if language == "zh" else "en").split())
    return text if row.clause.heading or len(text) <= 24 else f"{text[:24]}…"


def summary(counted: Totals, language: Language) -> str:
    """How many clauses there are, how they are realised, and how far."""
    chinese = language == "zh"
    between, stop = ("，", "；") if chinese else (", ", "; ")
    ways = between.join(f"{number} {WAYS[way][chinese]}" for way, number in counted.ways.items())
    states = between.join(f"{number} {STATES[state][chinese]}" for state, number in counted.states.items())
    whole = f"{counted.clauses} 条条款：" if chinese else f"{counted.clauses} clauses: "
    return whole + ways + stop + states


def _printed(edition: Edition, covered: list[Covered], language: Language) -> Iterator[str]:
    chinese = language == "zh"
    head = ["条款", "状态", "标题", "实现方式"] if chinese else ["clause", "state", "heading", "realised by"]
    rows = [head]
    for row in covered:
        named = " ".join(name if resolves else f"({name})" for name, resolves in row.names)
        rows.append([row.clause.number, STATES[row.state][chinese], heading(edition, row, language), named])
    yield from table(rows)
    yield ""
    yield summary(totals(covered), language)


def _json(edition: Edition, covered: list[Covered]) -> Iterator[str]:
    import orjson

    counted = totals(covered)
    yield orjson.dumps(
        {
            "edition": edition.id,
            "title": edition.title,
            "clauses": [
                {
                    "clause": row.clause.number,
                    "heading": row.clause.heading,
                    "realised": [{"name": name, "resolves": resolves} for name, resolves in row.names],
                    "way": row.way,
                    "state": row.state,
                }
                for row in covered
            ],
            "totals": {"clauses": counted.clauses, "ways": counted.ways, "states": counted.states},
        },
        option=orjson.OPT_INDENT_2,
    ).decode()
