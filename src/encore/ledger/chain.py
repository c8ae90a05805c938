"""Each event of a stream binds the bytes of all before it: changing one changes every chain that follows.

Different things are hashed behind different first bytes, so that none can be passed off as another. 0x01 is left to the
nodes of a Merkle tree.
"""

from hashlib import sha256
from typing import Final

from encore.ledger.canonical import PROFILE
from encore.ledger.nouns import Key

_LEAF: Final = b"\x00" + PROFILE
_LINK: Final = b"\x02"
_GENESIS: Final = b"\x03" + PROFILE


def leaf(body: bytes) -> bytes:
    """Of an event, from its stored bytes."""
    return sha256(_LEAF + body).digest()


def link(before: bytes, leaf: bytes) -> bytes:
    """The chain up to and with an event, from the chain before it."""
    return sha256(_LINK + before + leaf).digest()


def genesis(key: Key) -> bytes:
    """The chain before a stream's first event. It names the stream, so that no stream passes for another."""
    return sha256(_GENESIS + str(key).encode()).digest()
