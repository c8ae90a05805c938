"""`encore text`: an edition to be read."""

import click

from encore.cli.files import read_edition_file, reader_language, set_terms
from encore.cli.judge import write
from encore.engine.text import languages, markdown, text_of


@click.command(no_args_is_help=True)
@click.argument("edition", metavar="EDITION.toml")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A parameter's value, in place of its default."
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(["zh", "en", "both"]),
    default="both",
    show_default=True,
    help="Chinese, English, or side by side all that the edition is written in.",
)
def text(edition: str, settings: tuple[str, ...], language: str) -> None:
    """The text of an edition as Markdown: every clause under its number, what it leaves open, the clocks that hang on it.

    \b
    encore text ktv_b.toml --lang zh --set record_time=10min
    """
    messages = reader_language() if language == "both" else "zh" if language == "zh" else "en"
    read, _ = read_edition_file(edition, messages)
    terms = set_terms(read, settings, messages)
    written = languages(read)
    shown = written if language == "both" else [one for one in written if one.startswith(language)][:1] or [language]
    write([markdown(text_of(terms), shown).removesuffix("\n")])
