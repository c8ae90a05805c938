"""The contract editions that the product brings, as data."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

_DEMONSTRATED: Final = "ktv_b.toml"
_EXAMPLES: Final = ".examples.toml"


def brought() -> Iterator[tuple[str, bytes]]:
    """Name and content of every edition that comes with the product, in the order of their names."""
    for file in sorted(files(__name__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml") and not file.name.endswith(_EXAMPLES):
            yield file.name, file.read_bytes()


def demonstrated() -> tuple[str, bytes]:
    """Name and content of the edition that the demonstration is made with."""
    return _DEMONSTRATED, files(__name__).joinpath(_DEMONSTRATED).read_bytes()


def walked(edition: str) -> Mapping[str, list[str]]:
    """The clauses of that edition which tests of the product walked, each with the tests. `make test` writes them down."""
    found: dict[str, dict[str, list[str]]] = json.loads(files(__name__).joinpath("walked.json").read_bytes())
    return found.get(edition, {})
