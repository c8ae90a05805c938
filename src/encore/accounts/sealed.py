"""Fields that only the house's own key opens: encrypted where they lie, and found again by a keyed hash.

The keys are `keys/fields`, a line `number key` each: the last one seals, all of them open. `keys/lookup` makes the hashes.
Who has the database without `keys/` reads none of it; who loses `keys/` has lost these fields.
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

_NONCE: Final = 12


def seal(content: bytes, place: str) -> bytes:
    """`place` says what it is; sealed for one place it does not open in another."""
    number, key = list(_keys().items())[-1]
    nonce = secrets.token_bytes(_NONCE)
    return bytes([number]) + nonce + key.encrypt(nonce, content, place.encode())


def unseal(sealed: bytes, place: str) -> bytes:
    """`cryptography.exceptions.InvalidTag` for what was changed or sealed elsewhere; `KeyError` where its key is gone."""
    opened: bytes = _keys()[sealed[0]].decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place.encode())
    return opened


def digest(content: str, place: str) -> str:
    """By which an equal value is found again. Without the key nobody can try values out."""
    return hmac.new(_lookup_key(), f"{place}\n{content}".encode(), "sha256").hexdigest()


class SealedField(models.Field[str, str]):
    """Text, encrypted. It cannot be searched or sorted by; empty text stays empty."""

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        sealed = seal(str(value).encode(), self._place) if value else b""
        return connection.Database.Binary(sealed)

    def from_db_value(self, value: Any, expression: object, connection: object) -> str | None:
        if value is None:
            return None
        sealed = bytes(value)
        return unseal(sealed, self._place).decode() if sealed else ""

    @property
    def _place(self) -> str:
        return f"{self.model._meta.label}.{self.attname}"  # noqa: SLF001 - Django's documented way to it


def _folder() -> Path:
    return Path(settings.ENCORE_HOME) / "keys"


@cache
def _keys() -> Mapping[int, AESGCM]:
    lines = _made("fields", f"1 {secrets.token_hex(32)}\n").split("\n")
    return {
        int(number): AESGCM(bytes.fromhex(key))
        for number, _space, key in (line.partition(" ") for line in lines if line)
    }


@cache
def _lookup_key() -> bytes:
    return bytes.fromhex(_made("lookup", secrets.token_hex(32)))


def _made(name: str, content: str) -> str:
    """What stands in that file; this, where there is none yet."""
    path = _folder() / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{name}.{os.getpid()}.{secrets.token_hex(4)}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 - the mode
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # of several processes that start at once, one wins
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text()
