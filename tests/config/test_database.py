from pathlib import Path
from typing import Any

import pytest

from encore.config.database import database


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////srv/data/encore.sqlite3", {"ENGINE": "encore.config.sqlite", "NAME": "/srv/data/encore.sqlite3"}),
        (
            "postgresql://encore:p%40ss@db.example:5433/venue",
            {"NAME": "venue", "USER": "encore", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": 5433},
        ),
        ("postgresql://postgres@/postgres?host=/run/pg", {"NAME": "postgres", "HOST": "/run/pg", "PASSWORD": ""}),
    ],
)
def test_a_url_names_a_database(
    url: str, expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)
    found = database(url, tmp_path)
    assert {key: found[key] for key in expected} == expected


def test_another_kind_of_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="must begin with sqlite: or postgresql:, not 'mysql'"):
        database("mysql://somewhere", tmp_path)
