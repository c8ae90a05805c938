"""The translations of the interface: `extract` what is to be translated, `compile` what is, `check` that nothing is missing.

Message ids are English, so there is no English catalogue. Simplified Chinese is written by hand in zh_Hans/…/django.po.
Traditional Chinese is made from it by OpenCC whenever the catalogues are compiled; where OpenCC errs, zh_Hant.toml says what
it should be, by term or by whole message.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from encore.web.traditional import OVERRIDES, traditional

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src/encore"
LOCALE: Final = SOURCE / "locale"

_TEMPLATES: Final = "**/templates/**.html"
_METHODS: Final = [("**.py", "python"), (_TEMPLATES, "jinja2")]
_OPTIONS: Final = {_TEMPLATES: {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
_KEYWORDS: Final = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_HEADER: Final = """msgid ""
msgstr ""
"Language: zh_Hans\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
_BRACES: Final = re.compile(r"\{[a-z_]*\}")


def path(language: str, suffix: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"django.{suffix}"


def extracted() -> Catalog:
    template = Catalog(locale="zh_Hans")
    found = extract_from_dir(
        SOURCE, _METHODS, _OPTIONS, _KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )
    for file, line, message, comments, context in found:
        template.add(message, None, [(f"src/encore/{file}", line)], auto_comments=comments, context=context)
    return template


def written() -> Catalog:
    with path("zh_Hans", "po").open("rb") as file:
        return read_po(file, locale="zh_Hans", abort_invalid=True)


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def name(message: Message) -> str:
    """The English of a message, which names it to a reader."""
    return message.id if isinstance(message.id, str) else message.id[0]


def strings(message: Message) -> list[str]:
    """The translation of a message, and of its plural forms."""
    if isinstance(message.string, str):
        return [message.string] if message.string else []
    return [text for text in message.string or () if text]


def extract() -> None:
    catalogue = written() if path("zh_Hans", "po").exists() else Catalog(locale="zh_Hans")
    catalogue.update(extracted(), no_fuzzy_matching=True)
    with path("zh_Hans", "po").open("wb") as file:
        file.write(_HEADER.encode())
        write_po(
            file, catalogue, omit_header=True, include_lineno=False, sort_by_file=True, ignore_obsolete=True, width=120
        )


def in_traditional(simplified: Catalog) -> Catalog:
    overrides = tomllib.loads(OVERRIDES.read_text("utf-8"))["messages"]
    catalogue = Catalog(locale="zh_Hant")
    for message in messages(simplified):
        override = overrides.get(name(message))
        converted = [override] if override else [traditional(text) for text in strings(message)]
        plural = not isinstance(message.id, str)
        catalogue.add(message.id, converted if plural else "".join(converted), context=message.context)
    return catalogue


def compile_() -> None:
    simplified = written()
    for language, catalogue in (("zh_Hans", simplified), ("zh_Hant", in_traditional(simplified))):
        target = path(language, "mo")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            write_mo(file, catalogue)


def faults() -> Iterator[str]:
    wanted = {(message.id, message.context) for message in messages(extracted())}
    simplified = written()
    known = {(message.id, message.context): message for message in messages(simplified)}
    for message in extracted():
        if message.id and (message.id, message.context) not in known:
            yield f"not in the catalogue, run `make messages`: {name(message)!r}"
    for key, message in known.items():
        if key not in wanted:
            yield f"no longer used, run `make messages`: {name(message)!r}"
        elif message.fuzzy:
            yield f"marked as uncertain (fuzzy): {name(message)!r}"
        elif not strings(message):
            yield f"not translated: {name(message)!r}"
        else:
            yield from (f"{error}: {name(message)!r}" for error in message.check(simplified))
            english = [message.id] if isinstance(message.id, str) else message.id
            fields = {field for text in english for field in _BRACES.findall(text)}
            if any(set(_BRACES.findall(text)) != fields for text in strings(message)):
                yield f"other fields in braces than the English: {name(message)!r}"
    for override in tomllib.loads(OVERRIDES.read_text("utf-8"))["messages"]:
        if override not in {name(message) for message in known.values()}:
            yield f"overridden in {OVERRIDES.name}, but not in the catalogue: {override!r}"


def check() -> None:
    if found := list(faults()):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    {"extract": extract, "compile": compile_, "check": check}[sys.argv[1]]()
