"""The engine is a calculation: it reads no clock, no chance, no environment, no file, and says the same everywhere."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from encore import engine
from tests.engine.generate import case_of

MODULES = sorted(Path(engine.__file__).parent.glob("*.py"))

STANDARD = {
    *(
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "heapq",
        "re",
        "tomllib",
        "typing",
        "zoneinfo",
    ),
    "__future__",
}
PACKAGES = {"holidays", "orjson", "pydantic", "pydantic_core"}

CLOCKS = {"now", "today", "utcnow", "fromtimestamp", "localtime"}
SURROUNDINGS = {"environ", "getenv", "urandom", "argv", "stdin", "stdout", "read_bytes", "read_text"}
BUILT_IN = {"open", "input", "print", "__import__", "eval", "exec", "globals"}


def imported(tree: ast.Module) -> Iterator[str]:
    """Also what is imported only inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where they lead"
            yield str(node.module)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_engine_imports_only_what_the_house_allows(module: Path) -> None:
    for name in imported(ast.parse(module.read_text("utf-8"))):
        package = name.split(".")[0]
        assert package in STANDARD | PACKAGES or name == "encore.engine" or name.startswith("encore.engine."), name


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_engine_reads_no_clock_no_environment_and_no_file(module: Path) -> None:
    nodes = list(ast.walk(ast.parse(module.read_text("utf-8"))))
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    assert {one.attr for one in called if isinstance(one, ast.Attribute)} & CLOCKS == set()
    assert {one.id for one in called if isinstance(one, ast.Name)} & BUILT_IN == set()
    assert {one.attr for one in nodes if isinstance(one, ast.Attribute)} & SURROUNDINGS == set()


def test_the_engine_is_imported_without_a_framework_and_without_the_calendar() -> None:
    """`encore judge` starts fast; holidays are loaded by the first edition that counts days."""
    loaded = run("import sys, encore.engine; print(*sorted(sys.modules))").split()
    assert not {"django", "holidays", "click"} & set(loaded)


def test_what_is_judged_does_not_depend_on_where_and_how_the_process_runs() -> None:
    script = (
        "from tests.engine.generate import case_of; from tests.engine.judging import records;"
        "print([records(case_of(seed)) for seed in range(40)])"
    )
    here = run(script, PYTHONHASHSEED="1", TZ="UTC", LANG="C.UTF-8")
    there = run(script, PYTHONHASHSEED="2", TZ="America/New_York", LANG="zh_CN.UTF-8")
    assert here == there
    assert case_of(0).edition["duty"][0]["id"] in here


def run(script: str, **environment: str) -> str:
    root = Path(__file__).resolve().parents[2]
    surroundings = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, env=surroundings, capture_output=True, check=True, text=True
    )
    return done.stdout
