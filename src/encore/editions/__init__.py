"""The contract editions that the product brings, as data."""

from importlib.resources import files
from typing import Final

_DEMONSTRATED: Final = "ktv_b.toml"


def demonstrated() -> tuple[str, bytes]:
    """Name and content of the edition that the demonstration is made with."""
    return _DEMONSTRATED, files(__name__).joinpath(_DEMONSTRATED).read_bytes()
