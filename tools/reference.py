"""Writes what is generated in docs/: the reference, and the JSON Schema of an edition. `--check` fails where they are stale."""

import ast
import inspect
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click
import django
import orjson
from django.utils import translation

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src/encore"

_SETTING: Final = re.compile(r"(?P<comment>(?:# .*\n)+)(?P<name>ENCORE_[A-Z_]+) = ")


def first_sentence(text: str | None) -> str:
    return inspect.cleandoc(text or "").partition("\n\n")[0].replace("\n", " ")


def table(*rows: tuple[str, ...]) -> Iterator[str]:
    head, *body = rows
    for row in (head, ("---",) * len(head), *body):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def paragraphs(text: str) -> Iterator[str]:
    """What a command says of itself. A paragraph after `\\b`, which Click prints as it stands, becomes a block of code."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b\n"):
            yield from ("```", paragraph.removeprefix("\b\n"), "```", "")
        else:
            yield from (paragraph, "")


def commands() -> Iterator[str]:
    from encore.cli.main import main

    yield from ("## Commands", "")
    context = click.Context(main, info_name="encore")
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        usage = " ".join(["encore", name, *command.collect_usage_pieces(click.Context(command))])
        yield from (f"### `{usage}`", "", *paragraphs(command.help or ""))
        options = (one.get_help_record(context) for one in command.params if isinstance(one, click.Option))
        rows = [(f"`{written}`", meaning) for written, meaning in filter(None, options)]
        yield from table(("option", "meaning"), *rows)


def settings() -> Iterator[str]:
    yield from ("## Settings", "", "Read from the environment, once, at the start.", "")
    found = _SETTING.finditer((SOURCE / "config/settings.py").read_text("utf-8"))
    yield from table(
        ("variable", "meaning"),
        *((f"`{match['name']}`", match["comment"].replace("# ", "").strip().replace("\n", " ")) for match in found),
    )


def events() -> Iterator[str]:
    from encore.ledger.kinds import KINDS, Field

    def listed(fields: Mapping[str, Field]) -> str:
        return ", ".join(f"`{name}` {field.name}" for name, field in fields.items())

    yield from ("## Events", "", "An event carries only the fields that are declared for its type.", "")
    rows = ((f"`{name}`", str(kind.label), listed(kind.fields), listed(kind.may)) for name, kind in KINDS.items())
    yield from table(("type", "in words", "fields", "optional fields"), *rows)


def name_of(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return name_of(func)
    return ""


def acts(module: ast.Module, function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What stands in a function, and in the private steps of its module that it takes."""
    steps = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("_")}
    for node in ast.walk(function):
        yield node
        if isinstance(node, ast.Call) and name_of(node.func) in steps:
            yield from acts(module, steps[name_of(node.func)])


def operations() -> Iterator[str]:
    yield from ("## Operations", "", "Every act: one transaction, at least one event, or a refusal.", "")
    rows = [("operation", "takes", "records", "refuses with", "")]
    for path in sorted([*SOURCE.glob("*/operations.py"), *SOURCE.glob("*/operations/*.py")]):
        package = path.relative_to(SOURCE).parts[0]
        module = ast.parse(path.read_text("utf-8"))
        for function in module.body:
            if not isinstance(function, ast.FunctionDef) or "operation" not in map(name_of, function.decorator_list):
                continue
            recorded, refusals = list[str](), list[str]()
            for node in acts(module, function):
                match node:
                    case ast.Call(func=func, args=[ast.Constant(value=str(event)), *_]) if name_of(func) == "record":
                        recorded.append(f"`{event}`")
                    case ast.Raise(exc=ast.expr() as refusal):
                        refusals.append(f"`{name_of(refusal)}`")
            rows.append(
                (
                    f"`{package}.{function.name}`",
                    ", ".join(argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]),
                    ", ".join(dict.fromkeys(recorded)),
                    ", ".join(dict.fromkeys(refusals)),
                    first_sentence(ast.get_docstring(function)),
                )
            )
    yield from table(*rows)


def reference() -> str:
    title = ("# Reference", "", "Generated from the code by `make reference`; not to be edited.", "")
    return "\n".join([*title, *commands(), *settings(), *operations(), *events()])


def schema() -> str:
    from encore.engine import model

    return orjson.dumps(model.schema(), option=orjson.OPT_INDENT_2).decode() + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as home:  # the settings make a secret where there is none
        os.environ |= {"ENCORE_HOME": home, "DJANGO_SETTINGS_MODULE": "encore.config.settings"}
        django.setup()
        translation.activate("en")
        documents = {ROOT / "docs/reference.md": reference(), ROOT / "docs/edition.schema.json": schema()}
    for path, text in documents.items():
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            sys.exit(f"{path.relative_to(ROOT)} is stale; run `make reference`.")


if __name__ == "__main__":
    main()
