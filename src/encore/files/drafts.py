"""Files that are sent before they hang on anything: at once with a form, or piece by piece. Nobody acts by that yet."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from encore.accounts.access import note
from encore.accounts.models import User
from encore.files import pictures, store
from encore.files.models import File, Upload, rendition_of
from encore.files.queries import NOUN, require_allowance, unclaimed
from encore.files.sniffing import LIMITS, NotTaken, kept_name
from encore.files.store import Source, Stored


class NotWhole(NotTaken):
    pass


class WrongSum(NotTaken):
    """What came in is not what the sender has announced."""


def take(stream: Source, *, name: str, size: int, holder: str, limit: int | None, at: datetime) -> Upload:
    """Keeps a file that came with a form. `NotTaken` and `NoRoom` say why not."""
    require_allowance(holder, size, at)
    store.require_room(size)
    return _came(Upload(token=_token(), holder=holder, begun_at=at), store.put(stream, name=name, limit=limit), at)


def begin(*, name: str, size: int, sha256: str, holder: str, at: datetime) -> Upload:
    """Makes room for a file that will come piece by piece."""
    if size < 1:
        raise NotTaken(_("“%(name)s” is empty.") % {"name": kept_name(name)})
    if size > (most := max(LIMITS.values())):
        raise store.too_large(name, most)
    require_allowance(holder, size, at)
    store.require_room(size)
    upload = Upload(token=_token(), holder=holder, name=kept_name(name), size=size, declared=sha256, begun_at=at)
    store.begin(upload.token)
    upload.save()
    return upload


def complete(upload: Upload, at: datetime) -> Upload:
    """Ends an upload whose pieces are all here. A second time it does nothing: the answer may have been lost."""
    try:
        with transaction.atomic():
            upload = Upload.objects.select_for_update().get(pk=upload.pk)
            if not upload.completed_at:
                upload = _came(upload, _adopted(upload), at)
    except NotTaken as refusal:
        if not isinstance(refusal, NotWhole):
            store.forget(upload.token)
        raise
    store.forget(upload.token)
    return upload


def _adopted(upload: Upload) -> Stored:
    if store.offset(upload.token) != upload.size:
        raise NotWhole(_("“%(name)s” has not come in whole yet.") % {"name": upload.name})
    try:
        return store.adopt(store.incoming(upload.token), name=upload.name, sha256=upload.declared)
    except store.Damaged:
        raise WrongSum(
            _("“%(name)s” was damaged on its way: what came in is not what was sent. Send it once more.")
            % {"name": upload.name}
        ) from None


def drop(upload: Upload) -> None:
    """What the sender has thought better of. Bytes that are here are cleared away with the rest."""
    store.forget(upload.token)
    upload.delete()


def _came(upload: Upload, kept: Stored, at: datetime) -> Upload:
    upload.name, upload.size, upload.sha256, upload.type = kept.name, kept.size, kept.sha256, kept.type
    upload.renditions = [asdict(one) for one in kept.renditions]
    upload.completed_at = at
    upload.save()
    return upload


def _token() -> str:
    return secrets.token_urlsafe(16)


def remade(file: File) -> list[store.Rendition]:
    """Pictures of a large one for looking at, in the store; none where it cannot be made out."""
    try:
        return [store.put_rendition(name, content) for name, content in pictures.renditions(store.place(file.sha256))]
    except (pictures.Unreadable, FileNotFoundError):
        return []


def keep_renditions(file: File, made: Sequence[store.Rendition]) -> None:
    rows = (rendition_of(file, one.name, one.sha256, one.size, one.type) for one in made)
    File.objects.bulk_create(rows, ignore_conflicts=True)


def looked(files: Sequence[File], act: str, *, by: User | None, at: datetime, reason: str = "") -> None:
    """Notes who looked at files or took them along."""
    for file in files:
        note(act, user=by, at=at, reason=reason, noun=NOUN, noun_id=file.pk)


def clear_away(at: datetime) -> int:
    """Removes what came in and was never used, and bytes that nothing names. How many files."""
    before = at - store.UNCLAIMED
    Upload.objects.filter(begun_at__lt=before).delete()
    for name in store.leftovers(before):
        store.forget(name)
    gone = 0
    batch: list[str] = []
    for sha256 in store.all_older_than(before):
        batch.append(sha256)
        if len(batch) == 500:
            gone += store.remove(unclaimed(batch), older_than=before)
            batch = []
    return gone + store.remove(unclaimed(batch), older_than=before)


def let_go(file: File, at: datetime) -> int:
    """Removes the bytes of an erased file, and of what was made of it, unless something else still needs the same ones."""
    hashes = {file.sha256, *file.renditions.values_list("sha256", flat=True)}
    return store.remove(unclaimed(hashes), older_than=at - store.UNCLAIMED)
