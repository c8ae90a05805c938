"""What neither the types nor the layers can see."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src/encore"

# Words of the editions that code may pass on, but never decide by.
EDITION_WORDS: Final = {"stage", "severity", "category", "cause"}
CLAUSE_NUMBER: Final = re.compile(r"(?<![\d.])\d{1,2}\.\d{1,2}\.\d{1,2}(?![\d.])")


@cache
def trees() -> dict[Path, ast.Module]:
    return {
        path: ast.parse(path.read_text("utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
        if not path.is_relative_to(SOURCE / "editions")
    }


@cache
def templates() -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in sorted(SOURCE.glob("*/templates/**/*.html"))}


@cache
def editions() -> list[dict[str, object]]:
    files = sorted((SOURCE / "editions").glob("*.toml"))
    return [tomllib.loads(path.read_text("utf-8")) for path in files if not path.name.endswith(".examples.toml")]


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{name.name}" for name in names)


def texts(tree: ast.Module) -> Iterator[ast.Constant]:
    """The string constants of a module, without its docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def place(path: Path, node: ast.expr) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def test_nobody_listens_to_signals() -> None:
    assert [path for path, tree in trees().items() for name in imported(tree) if ".signals" in name] == []


def test_code_and_templates_name_no_edition_and_no_clause() -> None:
    names = {str(edition["edition"]["id"]) for edition in editions()}  # type: ignore[index]
    assert names

    def named(text: str) -> bool:
        return text in names or CLAUSE_NUMBER.search(text) is not None

    assert [place(path, node) for path, tree in trees().items() for node in texts(tree) if named(str(node.value))] == []
    assert [path for path, text in templates().items() if CLAUSE_NUMBER.search(text)] == []
    assert [path for path, text in templates().items() if any(re.search(rf"\b{name}\b", text) for name in names)] == []


def test_code_and_templates_decide_nothing_by_a_word_of_an_edition() -> None:
    def values(node: ast.expr) -> list[ast.expr]:
        return node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]

    def decides(node: ast.AST) -> bool:
        if not isinstance(node, ast.Compare):
            return False
        sides = [value for side in (node.left, *node.comparators) for value in values(side)]
        words = {side.attr if isinstance(side, ast.Attribute) else getattr(side, "id", None) for side in sides}
        return bool(words & EDITION_WORDS) and any(isinstance(side, ast.Constant) and side.value for side in sides)

    in_template = re.compile(rf"\b({'|'.join(EDITION_WORDS)})\s*(==|!=|in)\s*[\[(]?[\"']")
    assert [
        place(path, node)
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and decides(node)
    ] == []
    assert [path for path, text in templates().items() if in_template.search(text)] == []


def test_there_is_no_room_for_odds_and_ends() -> None:
    shunned = {"utils", "util", "helpers", "services", "managers", "misc", "common"}
    assert [path for path in trees() if {path.stem, *path.relative_to(SOURCE).parts} & shunned] == []


def test_every_feature_is_held_to_its_inner_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (held,) = (contract["containers"] for contract in contracts if contract["id"] == "feature")
    features = {
        f"encore.{path.relative_to(SOURCE).parts[0]}"
        for path in trees()
        if path.name == "operations.py" or path.parent.name == "operations"
    }
    assert features - {"encore.ledger"} <= set(held), "the ledger has acts of its own, and rooms that no feature has"


def test_locked_requirements_name_no_address_and_no_path() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert locks
    assert [path.name for path in locks if re.search(r"://|^-|/", path.read_text("utf-8"), re.MULTILINE)] == []


def test_every_package_that_is_declared_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    declared = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[^A-Za-z0-9-]", one, maxsplit=1)[0].lower() for one in declared}
    lock = (ROOT / "requirements/dev.txt").read_text("utf-8")
    assert names - set(re.findall(r"^([a-z0-9.-]+)==", lock, re.MULTILINE)) == set()


def test_a_plain_sqlite_can_check_the_file() -> None:
    """What needs Django's own functions inside the database cannot be checked, restored or read without Django."""
    files = [path for path in SOURCE.rglob("migrations/*.py") if "CheckConstraint" in path.read_text("utf-8")]
    lookups = re.compile(r"__(?:year|month|day|week|quarter|hour|minute|second|date|time|iregex|regex)\b")
    assert files
    assert [path for path in files if lookups.search(path.read_text("utf-8"))] == []
