"""Signed checkpoints of the tree over all events: what was there when one was signed cannot be changed or taken away unseen.

The note has the form that logs of certificates use (C2SP tlog-checkpoint and signed-note): origin, size and root, a line
each, then ours: the checkpoint's number and the time. Its text can be printed, kept by the other party, and checked by
their own means. Writing happens off the way on which events come in: no operation waits for a signature.
"""

import logging
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from encore.ledger.canonical import written
from encore.ledger.merkle import EMPTY, Frontier, Hash
from encore.ledger.models import Checkpoint, Sealing
from encore.ledger.writing import insert

log = logging.getLogger("encore.checkpoints")

_MOST: Final = 1_000  # events in a checkpoint; that many are worth one, however early
_INTERVAL: Final = timedelta(seconds=30)
_LOCK: Final = int.from_bytes(sha256(b"encore.ledger.checkpoints").digest()[:8], signed=True)
_FRESH: Final = "checkpoints.next"
_ED25519: Final = b"\x01"  # the signed note's number for this kind of signature


class NoKey(Exception):
    """There are checkpoints, but the key that they were signed with is not here."""


class NotANote(ValueError):
    """Text that is no signed checkpoint, or not written in the one way in which it can be."""


@dataclass(frozen=True)
class Statement:
    """What a checkpoint says: as many events, with that root, at that time.

    `next`: the key that signs from then on, where this is the last that its own key signs.
    """

    origin: str
    size: int
    root: Hash
    number: int
    at: str
    next: str = ""

    @property
    def text(self) -> str:
        handed_on = f"next {self.next}\n" if self.next else ""
        root = b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\nnumber {self.number}\nat {self.at}\n{handed_on}"

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @classmethod
    def parse(cls, text: str) -> Self:
        try:
            origin, size, root, number, at, *more = text.removesuffix("\n").split("\n")
            said = cls(
                origin, int(size), b64decode(root, validate=True),
                int(number.removeprefix("number ")), at.removeprefix("at "), *(line.removeprefix("next ") for line in more),
            )  # fmt: skip
            is_exact = said.text == text and written(said.made_at) == said.at
        except (ValueError, TypeError) as error:
            raise NotANote(text) from error
        if not is_exact:
            raise NotANote(text)
        return said


@dataclass(frozen=True)
class Verifier:
    """A public key with the name of the ledger that it signs for, written as `name+id+key`."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.key).decode()}"

    @classmethod
    def parse(cls, line: str) -> Self:
        name, _, rest = line.strip().partition("+")
        id, _, key = rest.partition("+")
        try:
            content = b64decode(key, validate=True)
            found = cls(name, content[1:])
            if content[:1] != _ED25519 or len(content) != 33 or str(found) != line.strip() or found.id.hex() != id:
                raise ValueError(line)
        except ValueError as error:
            raise NotANote(line) from error
        return found

    def signed(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def note(self, said: Statement) -> str:
        signature = b64encode(self.verifier.id + self.key.sign(said.text.encode())).decode()
        return f"{said.text}\n— {self.name} {signature}\n"


def read_note(note: str, verifiers: Iterable[Verifier]) -> Statement:
    """What a note says. `NotANote` where none of these keys has signed it, or one of them something else."""
    return read_signed(note, verifiers)[0]


def read_signed(note: str, verifiers: Iterable[Verifier]) -> tuple[Statement, set[Verifier]]:
    """What a note says, and who of these has signed it. Signatures of others, such as witnesses, are passed over."""
    text, is_note, signatures = note.partition("\n\n")
    if not is_note or not signatures.endswith("\n"):
        raise NotANote(note)
    text += "\n"
    known = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    signed_by: set[Verifier] = set()
    for line in signatures.removesuffix("\n").split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        try:
            content = b64decode(encoded, validate=True)
        except ValueError as error:
            raise NotANote(note) from error
        if dash != "—" or b64encode(content).decode() != encoded:
            raise NotANote(note)
        if verifier := known.get((name, content[:4])):
            if not verifier.signed(text, content[4:]):
                raise NotANote(note)
            signed_by.add(verifier)
    if not signed_by:
        raise NotANote(note)
    return Statement.parse(text), signed_by


# --- keys ------------------------------------------------------------------------------------------------------------


def _folder() -> Path:
    return Path(settings.ENCORE_HOME) / "keys"


def verifiers() -> list[Verifier]:
    """Those whose signatures count: one a line, also of keys that are no longer used."""
    path = _folder() / "checkpoints.pub"
    return [Verifier.parse(line) for line in path.read_text().splitlines() if line] if path.exists() else []


def make_key() -> None:
    """Makes the key that checkpoints are signed with, if there is none. `NoKey` where there ought to be one."""
    path = _folder() / "checkpoints"
    if path.exists():
        return
    if Checkpoint.objects.exists():
        raise NoKey(_("Checkpoints are there, but not the key they were signed with: {path}").format(path=path))
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    _written(fresh)
    try:
        os.link(fresh, path)  # of several processes that start at once, one wins
    except FileExistsError:
        pass
    fresh.unlink()
    _signer()


def _written(path: Path) -> None:
    """A new private key, on the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 - the mode
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        os.fsync(file.fileno())


def _signer() -> Signer:
    path = _folder() / "checkpoints"
    _finish_rotation(path)
    if not path.exists():
        make_key()
    signer = _read(path)
    _publish(signer.verifier)
    return signer


def _read(path: Path) -> Signer:
    key = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    public, last = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), latest()
    return Signer(last.origin if last else f"encore/{sha256(public).hexdigest()[:16]}", key)


def signing() -> Verifier:
    """The key that signs now. `NoKey` where it is not here."""
    return _signer().verifier


def _publish(verifier: Verifier) -> None:
    if verifier not in verifiers():
        with (_folder() / "checkpoints.pub").open("a") as file:
            file.write(f"{verifier}\n")


# --- rotation --------------------------------------------------------------------------------------------------------

# The new key lies on the disk before the old one hands over to it, and takes its place only after that is committed: what
# breaks off in between is finished, or forgotten, by whoever signs next.


class CannotRotate(Exception):
    """The key signs nothing yet, or somebody else is sealing."""


def rotate(at: datetime) -> Verifier:
    """Seals what there is, lets the old key sign that a new one takes over, and destroys the old one. The new public key."""
    seal(at)
    fresh = _folder() / _FRESH
    with transaction.atomic(durable=True):
        if not _alone():
            raise CannotRotate(_("Something is being sealed just now. Try again."))
        old, last = _signer(), Checkpoint.objects.order_by("number").last()
        if last is None:
            raise CannotRotate(_("Nothing is sealed yet: the key has signed nothing."))
        _written(fresh)
        new = _read(fresh).verifier
        _publish(new)
        before = Statement.parse(last.note.partition("\n\n")[0] + "\n")
        said = Statement(old.name, before.size, before.root, last.number + 1, written(at), str(new))
        Checkpoint.objects.create(number=said.number, size=last.size, peaks=bytes(last.peaks), note=old.note(said))
    _finish_rotation(_folder() / "checkpoints")
    return new


def _finish_rotation(path: Path) -> None:
    fresh = path.with_name(_FRESH)
    if not fresh.exists():
        return
    try:
        new = str(_read(fresh).verifier)
    except (FileNotFoundError, ValueError):
        return  # somebody else has just finished it, or it is being written
    if handovers().filter(note__contains=f"\nnext {new}\n").exists():
        try:
            fresh.replace(path)
        except FileNotFoundError:
            return


def handovers() -> QuerySet[Checkpoint]:
    return Checkpoint.objects.filter(note__contains="\nnext ").order_by("number")


def handed_on(trusted: Sequence[Verifier]) -> list[Verifier]:
    """These keys, and those that they have handed over to, one after the other."""
    found = list(trusted)
    for one in handovers().iterator():
        try:
            following = Verifier.parse(read_note(one.note, found).next)
        except NotANote:
            continue
        if following not in found:
            found.append(following)
    return found


# --- sealing ---------------------------------------------------------------------------------------------------------


def keep_sealed(at: datetime) -> int:
    """Seals what is new, if there are 1,000 events or the last checkpoint is 30 s old. How many events were sealed.

    To be called every few seconds, by any number of processes.
    """
    last = latest()
    is_time = last is None or last.made_at + _INTERVAL <= at
    waiting = len(_unsealed(_sealing().settled_to))
    try:
        return seal(at) if waiting == _MOST or (waiting and is_time) else 0
    except NoKey as missing:
        log.error(str(missing))
        return 0


def seal(at: datetime) -> int:
    """Seals all that is committed, 1,000 events a checkpoint. How many there were."""
    total, after = 0, 0
    while sealed := _checkpoint(at, after):
        total, after = total + len(sealed), sealed[-1]
        if len(sealed) < _MOST:
            break
    return total


def latest() -> Statement | None:
    """What the last checkpoint says, whoever signed it."""
    last = Checkpoint.objects.order_by("number").last()
    return Statement.parse(last.note.partition("\n\n")[0] + "\n") if last else None


def _checkpoint(at: datetime, after: int) -> list[int]:
    """The events that are now in the tree. Those up to `after` need not be looked at, unless some came late."""
    _signer()  # `NoKey` before anything is begun
    with transaction.atomic(durable=True):
        if not _alone():
            return []
        signer, sealing = _signer(), _sealing()  # the key may have been handed over meanwhile
        is_settled = _has_ended(sealing.seen_transaction)
        events = _unsealed(sealing.settled_to if is_settled else max(sealing.settled_to, after))
        if not events:
            return []
        last = Checkpoint.objects.order_by("number").last()
        tree = Frontier(last.size, peaks_of(bytes(last.peaks))) if last else Frontier()
        rows = [(number, *event) for number, event in enumerate(events, tree.size)]
        for _event, leaf in events:
            tree.add(leaf)
        insert("ledger_leaf", ("number", "event", "hash"), rows)
        number = last.number + 1 if last else 0
        note = signer.note(Statement(signer.name, tree.size, tree.root, number, written(at)))
        Checkpoint.objects.create(number=number, size=tree.size, peaks=b"".join(tree.peaks), note=note)
        if is_settled:
            end = events[-1][0]
            sealing.settled_to = min(sealing.seen_to, end) if len(events) == _MOST else sealing.seen_to
            sealing.seen_to, sealing.seen_transaction = max(sealing.seen_to, end), _own_number()
            sealing.save()
    return [event for event, _ in events]


def peaks_of(content: bytes) -> list[Hash]:
    size = len(EMPTY)
    return [content[start : start + size] for start in range(0, len(content), size)]


def _sealing() -> Sealing:
    return Sealing.objects.first() or Sealing(id=1, settled_to=0, seen_to=0, seen_transaction=0)


def _unsealed(after: int) -> list[tuple[int, Hash]]:
    """Committed events without a leaf, in the order of their numbers, as many as go into a checkpoint."""
    sql = (
        "SELECT id, leaf FROM ledger_event AS event WHERE id > %s"
        " AND NOT EXISTS (SELECT 1 FROM ledger_leaf AS leaf WHERE leaf.event = event.id) ORDER BY id LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [after, _MOST])
        return [(id, bytes(leaf)) for id, leaf in cursor.fetchall()]


# Numbers are taken before they are committed: an event that commits late has a lower number than some that are there
# already. Looking only behind the last one sealed would pass it over for good, looking at all of them takes longer every
# day. So: what has a number up to `seen_to` took it in a transaction before `seen_transaction`, for a trigger sees to
# it that a transaction has its number before its events have theirs; once none of those is running any more, all that will
# ever be there can be seen.


def _alone() -> bool:
    """Whether no other process is at it. Taken without a transaction number, which must come after what is read."""
    if connection.vendor != "postgresql":
        return True  # SQLite lets one transaction write at a time
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _has_ended(transaction_number: int) -> bool:
    """Whether this transaction and all before it have ended."""
    if connection.vendor != "postgresql":
        return True
    sql = (
        "SELECT pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint FROM pg_current_snapshot() now"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        first_running, next_one = cursor.fetchone()
    # A database that was restored elsewhere counts anew; what it holds has been committed.
    return bool(first_running > transaction_number or next_one <= transaction_number)


def _own_number() -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])
