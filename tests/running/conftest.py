"""Houses that nobody else uses: a home and a database each, of the kind that the other tests run on."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from tests.cast import agency, contract, english, he, lin, venue, zhou  # noqa: F401 - fixtures

ROOT = Path(__file__).resolve().parents[2]
_ROLE = "encore"  # may do in its own database what it likes, and nothing else: no guard gives way to a superuser
Rows = dict[str, list[tuple[Any, ...]]]


class House:
    def __init__(self, home: Path, database: str) -> None:
        self.home, self.database = home, database
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "ENCORE_HOME": str(home),
            "ENCORE_DATABASE": database,
            "ENCORE_LOG": "error",
            "DJANGO_SETTINGS_MODULE": "encore.config.settings",
        }

    def begin(self, *command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *command], env=self.environment, cwd=ROOT, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def said(self, *command: str, status: int = 0) -> str:
        process = self.begin(*command)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == status, said
        return said

    def encore(self, *arguments: str, status: int = 0) -> str:
        return self.said("-m", "encore", *arguments, status=status)

    @property
    def is_sqlite(self) -> bool:
        return self.database.startswith("sqlite:")

    def connect(self) -> Any:
        if self.is_sqlite:
            return sqlite3.connect(self.database.removeprefix("sqlite:///"), isolation_level=None)
        import psycopg

        return psycopg.connect(self.database, autocommit=True)

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as database:
            cursor = database.cursor()
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    def rows(self) -> Rows:
        """All that the database holds, in no order of its own."""
        names = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
            if self.is_sqlite
            else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        return {name: sorted(self.asked(f'SELECT * FROM "{name}"'), key=repr) for (name,) in self.asked(names)}


class Ground:
    """Where houses are built: folders, and databases on the server of the tests where they run on one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[str] = []

    def build(self, like: House | None = None) -> House:
        home = self._folder / f"house{uuid4().hex[:8]}"
        shutil.copytree(like.home, home) if like else home.mkdir()
        default = settings.DATABASES["default"]
        if not default["ENGINE"].endswith("postgresql"):
            return House(home, f"sqlite:///{home / 'encore.sqlite3'}")
        name = f"running_{uuid4().hex[:8]}"
        template = f" TEMPLATE {_name(like)}" if like else ""
        if not _on_server(f"SELECT 1 FROM pg_roles WHERE rolname = '{_ROLE}'"):
            _on_server(f"CREATE ROLE {_ROLE} LOGIN")
        _on_server(f"CREATE DATABASE {name} OWNER {_ROLE}{template}")
        self._names.append(name)
        return House(home, f"postgresql://{_ROLE}@/{name}?host={default['HOST']}")

    def clear(self) -> None:
        for name in self._names:
            _on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _name(house: House) -> str:
    return house.database.partition("@/")[2].partition("?")[0]


def _on_server(statement: str) -> list[Any]:
    import psycopg

    with closing(psycopg.connect(os.environ["ENCORE_DATABASE"], autocommit=True)) as server:
        found = server.execute(statement)
        return found.fetchall() if found.description else []


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """At work: a contract, complaints, sealed events, and files."""
    ground = Ground(tmp_path_factory.mktemp("model"))
    made = ground.build()
    made.encore("migrate")
    made.encore("demo", "--complaints", "12")
    made.encore("checkpoint")
    for name in ("ab/cd/abcd1", "ab/cd/abcd2", "ff/00/ff00"):
        path = made.home / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100_000)
    yield made
    ground.clear()


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    yield made
    made.clear()


@pytest.fixture
def found(ground: Ground) -> Callable[[], House]:
    """Makes a house in which nothing is yet."""
    return ground.build


@pytest.fixture
def house(ground: Ground, model: House) -> House:
    return ground.build(model)
