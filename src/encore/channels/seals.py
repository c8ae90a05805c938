"""Keyed hashes: of addresses, so that they can be recognised without being kept, and of what providers send back."""

import hmac
import os
import secrets
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings


def digest(address: str) -> str:
    """What an address is recognised by. Who has the table without the key cannot try out telephone numbers."""
    return _of("address", address.casefold().encode())


def secret(transport: str) -> str:
    """What a provider signs with that tells us of messages by this transport."""
    return _of("callback", transport.encode())


def is_signed(transport: str, timestamp: str, nonce: str, body: bytes, signature: str) -> bool:
    return hmac.compare_digest(sign(transport, timestamp, nonce, body).encode(), signature.encode())


def sign(transport: str, timestamp: str, nonce: str, body: bytes) -> str:
    """HMAC-SHA-256 of timestamp, nonce and body, a line each, in hexadecimal digits."""
    said = b"\n".join((timestamp.encode(), nonce.encode(), body))
    return hmac.new(secret(transport).encode(), said, sha256).hexdigest()


def _of(purpose: str, what: bytes) -> str:
    return hmac.new(_key(), purpose.encode() + b"\n" + what, sha256).hexdigest()


@cache
def _key() -> bytes:
    path = Path(settings.ENCORE_HOME) / "keys" / "channels"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - the mode
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # of several processes that start at once, one wins
        except FileExistsError:
            pass
        fresh.unlink()
    return bytes.fromhex(path.read_text())
