"""The terms that contracts are judged by. The ledger learns them from its own events and never asks a contract."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson

from encore.engine import Edition, Terms, load_edition
from encore.engine.batch import annulled_ids
from encore.ledger.models import EditionFile, Event, TermsInForce


def keep_edition(content: bytes, name: str) -> str:
    """Stores an edition's bytes under their SHA-256, which is returned. `EditionError` for one that cannot be read."""
    load_edition(content, name)
    digest = sha256(content).hexdigest()
    EditionFile.objects.get_or_create(sha256=digest, defaults={"name": name, "content": content})
    return digest


@lru_cache(maxsize=64)
def edition(digest: str) -> Edition:
    """The edition of that SHA-256. `EditionFile.DoesNotExist` for one that was never kept."""
    file = EditionFile.objects.get(pk=digest)
    return load_edition(bytes(file.content), file.name)


class KeptEditions(Mapping[str, Edition]):
    """All that were ever kept, by their SHA-256; one is read when it is asked for."""

    def __getitem__(self, digest: str) -> Edition:
        try:
            return edition(digest)
        except EditionFile.DoesNotExist:
            raise KeyError(digest) from None

    def __iter__(self) -> Iterator[str]:
        return iter(EditionFile.objects.values_list("sha256", flat=True))

    def __len__(self) -> int:
        return EditionFile.objects.count()

    def __bool__(self) -> bool:
        return True  # nobody needs them counted to know that there are some


@lru_cache(maxsize=256)
def _terms(digest: str, parameters: bytes) -> Terms:
    made: Terms = edition(digest).terms(orjson.loads(parameters))
    return made


def terms(digest: str, parameters: Mapping[str, Any]) -> Terms:
    """An edition with these parameters; made once, since making it takes longer than judging with it."""
    return _terms(digest, orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS))


def versions_of(contract: int) -> list[TermsInForce]:
    """The terms of a contract in the order in which they came into force."""
    return list(TermsInForce.objects.filter(contract=contract).order_by("since", "id"))


def learn(contract: int) -> None:
    """Makes the rows of a contract's terms again from its events, so that a late or annulled amendment finds its place."""
    rows = versions_told(contract)
    TermsInForce.objects.filter(contract=contract).delete()
    TermsInForce.objects.bulk_create(rows)


def versions_told(contract: int) -> list[TermsInForce]:
    """The same rows as `versions_of`, made from the events and not stored."""
    rows: list[TermsInForce] = []
    for event in _amendments(contract):
        before = rows[-1] if rows else None
        digest = event["data"].get("edition") or (before.edition_id if before else None)
        if digest is None:
            continue
        since = datetime.fromisoformat(event["at"])
        parameters = {**(before.parameters if before else {}), **event["data"].get("parameters", {})}
        if before is not None:
            before.until = since
        rows.append(TermsInForce(contract=contract, edition_id=digest, parameters=parameters, since=since))
    return rows


def _amendments(contract: int) -> list[dict[str, Any]]:
    """What changed the terms, in the order of its time, without what was annulled."""
    found = Event.objects.filter(
        type__in=("contract.effective", "contract.amended", "event.annulled"),
        concern__noun="contract",
        concern__noun_id=contract,
    ).order_by("occurred_at", "id")
    events = [(str(event.pk), orjson.loads(bytes(event.body))) for event in found]
    void = annulled_ids((id, str(body["data"]["id"])) for id, body in events if body["type"] == "event.annulled")
    return [body for id, body in events if id not in void and body["type"] != "event.annulled"]


def terms_of(contract: int) -> Terms | None:
    """The latest terms of a contract, None before it has any."""
    row = TermsInForce.objects.filter(contract=contract).order_by("since", "id").last()
    return terms(row.edition_id, row.parameters) if row else None
