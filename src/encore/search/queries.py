"""Finding. Whoever asks finds what their organisation may find, by what it may find it by: the index itself says so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.functional import Promise

from encore.accounts.models import User
from encore.ledger.nouns import NOUNS
from encore.search.register import KINDS, Kind
from encore.search.words import asked, excerpt, for_postgresql, for_sqlite


def find(
    words: str, user: User, *, nouns: Collection[str] | None = None, limit: int = 50, before: int | None = None
) -> dict[str, list[int]]:
    """For each noun the numbers of rows that have all of these words, the newest first, at most `limit` of each.

    One statement. `before`: only rows with a lower number, for what follows on a page. Nothing where no word is asked for.
    """
    question = asked(words)
    kinds = [kind for noun, kind in KINDS.items() if nouns is None or noun in nouns]
    if not question or not kinds:
        return {}
    parts: list[str] = []
    values: list[int | str] = []
    for kind in kinds:
        condition, some = _condition(kind, question, user, before)
        newest = f"SELECT rowid FROM search_entry WHERE {condition} ORDER BY rowid DESC LIMIT %s"  # noqa: S608
        parts.append(f"SELECT * FROM ({newest}) part")  # noqa: S608
        values += [*some, limit]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        places = [place for (place,) in cursor.fetchall()]
    found = {kind.noun: [place - kind.first for place in places if kind.first < place < kind.end] for kind in kinds}
    return {noun: sorted(numbers, reverse=True) for noun, numbers in found.items() if numbers}


def having(words: str, user: User, noun: str) -> Q:
    """The rows of a noun that have all of these words, as a condition on a list of rows that this person may see."""
    question = asked(words)
    if not question:
        return Q(pk__in=[])
    kind = KINDS[noun]
    condition, values = _condition(kind, question, user, None)
    return Q(pk__in=RawSQL(f"SELECT rowid - %s FROM search_entry WHERE {condition}", [kind.first, *values]))  # noqa: S608, S611


def _condition(kind: Kind, question: Sequence[str], user: User, before: int | None) -> tuple[str, list[int | str]]:
    end = kind.end if before is None else min(kind.first + before, kind.end)
    if connection.vendor == "postgresql":
        match, text = "words @@ %s::tsquery", for_postgresql(question, user.organisation_id)
    else:
        match, text = "search_entry MATCH %s", for_sqlite(question, user.organisation_id)
    return f"{match} AND rowid > %s AND rowid < %s", [text, kind.first, end]


@dataclass(frozen=True)
class Hit:
    """A row that was found. `name` and `pieces`: what it says, each piece with whether it is what was asked for."""

    reference: str
    url: str
    name: Sequence[tuple[str, bool]]
    pieces: Sequence[tuple[str, bool]]
    at: datetime | None


@dataclass(frozen=True)
class Group:
    """The rows of one noun that were found. `following`: the number that the next of them lie below, where there are more."""

    noun: str
    label: str | Promise
    hits: Sequence[Hit]
    following: int | None


def group(kind: Kind, numbers: Sequence[int], most: int, words: str, user: User) -> Group:
    """The rows with these numbers, in one query. What this person may not see after all is left out."""
    noun, question, shown = NOUNS[kind.noun], asked(words), numbers[:most]
    visible = noun.visible_to(user).filter(pk__in=shown).order_by().values("pk")
    hits = []
    for row in kind.rows().filter(pk__in=visible).order_by("-pk"):
        searched = kind.of(row)
        said = [text for text in searched.read_by(user.organisation_id) if text]
        url = reverse(noun.url_name, args=[str(row)])
        others = [text for text in said if text not in (str(row), *searched.names)]
        pieces = excerpt(others, question) or [(text[:90], False) for text in others[:1]]
        called = "、".join(searched.names)
        name = excerpt([called], question) or ([(called, False)] if called else [])
        hits.append(Hit(str(row), url, name, pieces, searched.at))
    return Group(kind.noun, noun.label, hits, shown[-1] if len(numbers) > most else None)
