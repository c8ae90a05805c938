"""The database that a URL names."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# FULL: with NORMAL a power cut may take back what was already acknowledged.
_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000;"


def database(url: str, home: Path) -> dict[str, Any]:
    """Django's settings for `sqlite:////absolute/path` or `postgresql://user:password@host:port/name?host=/socket`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = Path(unquote(parts.path.removeprefix("/")) or home / "encore.sqlite3").resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "encore.config.sqlite",
            "NAME": str(path),
            "CONN_MAX_AGE": None,
            "OPTIONS": {"init_command": _PRAGMAS, "transaction_mode": "IMMEDIATE", "timeout": 5},
            "TEST": {"NAME": str(home / "test.sqlite3")},  # a file, so that a live server sees what a test wrote
        }
    if parts.scheme in ("postgresql", "postgres"):
        query = dict(parse_qsl(parts.query))
        try:
            port = query.get("port") or parts.port or ""
        except ValueError:
            raise SystemExit("The port in ENCORE_DATABASE is no number.") from None
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.get("host") or parts.hostname or "",
            "PORT": port,
            "CONN_MAX_AGE": None,
        }
    raise SystemExit(f"ENCORE_DATABASE must begin with sqlite: or postgresql:, not {url.split(':')[0]!r}.")
