"""How words are written into the index and looked up in it: every pair of neighbouring characters, in their order.

Whatever stands within a word is found by any part of it, in every script alike: two Chinese characters, the middle of a brand,
the last digits of a number. Only letters and digits are left, so that nothing that somebody types is syntax to a database.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final
from unicodedata import normalize

MOST_CHARACTERS: Final = 16_000  # of a row; PostgreSQL numbers no more places than 16,383
MOST_ASKED: Final = 100  # characters of a question
MOST_WORDS: Final = 8  # of a question

# Between Latin letters and digits these are no gap: 1,234.50 and C-26-000017 are found with and without them.
_WITHIN: Final = re.compile(r"(?<=[0-9a-z])[-.,'](?=[0-9a-z])")
_WORD: Final = re.compile(r"[^\W_]+")

# What marks a row as one organisation's stands in the same column. Nobody can ask for these characters: they are no letters.
_OWNER: Final = "\ue000"
_OWN: Final = "\ue001"


@cache
def _simplified() -> dict[int, int]:
    """Each traditional character as its simplified one, whatever stands beside it."""
    from opencc import OpenCC  # noqa: PLC0415 - its dictionary is read when something is first looked up

    characters = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    written = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    pairs = zip(characters, written, strict=True)
    return {ord(old): ord(new) for old, new in pairs if len(new) == 1 and old != new}


def folded(text: str) -> str:
    """The same for what is only written otherwise: full width, capitals, traditional characters, thousands' commas."""
    same = normalize("NFKC", normalize("NFKC", text).casefold()).translate(_simplified())
    return _WITHIN.sub("", same)


def words(text: str) -> list[str]:
    return _WORD.findall(folded(text))


def _pairs(word: str) -> list[str]:
    return [word[place : place + 2] for place in range(len(word) - 1)]


def _owner(organisation: int) -> str:
    return f"{_OWNER}{organisation}"


def _own(organisation: int) -> str:
    return f"{_OWN}{organisation}{_OWN}"


def written(texts: Iterable[str], owners: Iterable[int], own: Mapping[int, Iterable[str]]) -> list[str]:
    """A row as the index has it. `own`: words that only this organisation finds it by."""
    tokens = [_owner(organisation) for organisation in sorted(set(owners))]
    for mark, said in [("", texts), *((_own(organisation), said) for organisation, said in sorted(own.items()))]:
        tokens += [f"{mark}{token}" for token in _tokens(said)]
    return tokens


def _tokens(texts: Iterable[str]) -> Iterator[str]:
    for word in words("\n".join(texts)[:MOST_CHARACTERS]):
        yield from _pairs(word)
        yield word[-1]  # so that a single character is found at the end of a word, and no pair goes on into the next


def asked(text: str) -> list[str]:
    """The words of a question; a row answers that has all of them. None where nothing was asked for."""
    return words(text[:MOST_ASKED])[:MOST_WORDS]


def for_sqlite(question: Sequence[str], organisation: int) -> str:
    """The question as FTS5 reads it."""

    def phrase(word: str, mark: str) -> str:
        if len(word) == 1:
            return f'"{mark}{word}" *'
        return f'"{" ".join(f"{mark}{pair}" for pair in _pairs(word))}"'

    either = [f"({phrase(word, '')} OR {phrase(word, _own(organisation))})" for word in question]
    return " AND ".join([*either, f'"{_owner(organisation)}"'])


def for_postgresql(question: Sequence[str], organisation: int) -> str:
    """The question as a tsquery."""

    def phrase(word: str, mark: str) -> str:
        if len(word) == 1:
            return f"'{mark}{word}':*"
        return " <-> ".join(f"'{mark}{pair}'" for pair in _pairs(word))

    either = [f"(({phrase(word, '')}) | ({phrase(word, _own(organisation))}))" for word in question]
    return " & ".join([*either, f"'{_owner(organisation)}'"])


def excerpt(texts: Iterable[str], question: Sequence[str], around: int = 30) -> list[tuple[str, bool]]:
    """Where the words of a question stand in these texts, as pieces: each with whether it is one of them.

    Found by folding each character on its own, so that places in the text are known; empty where that finds nothing.
    """
    for text in texts:
        flat = " ".join(text.split())
        if hits := _hits(flat, question):
            start = max(0, hits[0][0] - around)
            end = min(len(flat), max(hits[0][1] + around, start + 3 * around))
            return _cut(flat, start, end, hits)
    return []


def _hits(text: str, question: Sequence[str]) -> list[tuple[int, int]]:
    """From where to where each word stands in a text; those that touch are one."""
    places: list[int] = []
    letters: list[str] = []
    for place, character in enumerate(text):
        for letter in folded(character):
            places.append(place)
            letters.append(letter)
    joined = "".join(letters)
    kept = [place for place, letter in enumerate(joined) if not _WITHIN.match(joined, place)]
    searched, places = "".join(joined[place] for place in kept), [places[place] for place in kept]
    found = sorted(
        (places[match.start()], places[match.end() - 1] + 1)
        for word in question
        for match in re.finditer(re.escape(word), searched)
    )
    hits: list[tuple[int, int]] = []
    for start, end in found:
        if hits and start <= hits[-1][1]:
            hits[-1] = (hits[-1][0], max(end, hits[-1][1]))
        else:
            hits.append((start, end))
    return hits


def _cut(text: str, start: int, end: int, hits: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    pieces = [("…", False)] if start else []
    at = start
    for first, last in hits:
        if first >= end:
            break
        pieces += [(text[at:first], False), (text[first : min(last, end)], True)]
        at = min(last, end)
    pieces.append((text[at:end] + ("…" if end < len(text) else ""), False))
    return [(piece, is_hit) for piece, is_hit in pieces if piece]
