"""An edition as a document: its articles and clauses, what each is filled in with, what hangs on it; and that as Markdown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from encore.engine import words
from encore.engine.durations import Duration
from encore.engine.edition import Edition
from encore.engine.model import Clause, Duty, is_reference
from encore.engine.terms import Rule, Terms
from encore.engine.words import Texts

_UNLINKABLE: Final = re.compile(r"[^\w.-]+")
_REFERENCE: Final = re.compile(r"\$([a-z0-9]+(?:[-_][a-z0-9]+)*)")


@dataclass(frozen=True, slots=True)
class Value:
    """What a clause leaves open, and what stands there. `given`: by the contract, else it is the edition's default."""

    key: str
    label: Texts
    text: Texts
    given: bool


@dataclass(frozen=True, slots=True)
class SpokenDuty:
    """A duty in words: how long, from when, by what it is done, and who owes it.

    `trigger`: what sets it running, where it counts from something earlier. `left_open`: its time is filled in.
    """

    id: str
    clause: str
    kind: str  # deadline, recurring, prohibition
    label: Texts
    time: Texts
    start: Texts
    trigger: Texts
    done: Texts
    owed_by: Texts
    post: Texts
    left_open: bool
    debtor: str  # the role of whoever owes it, or what the edition calls them
    rule: Rule


@dataclass(frozen=True, slots=True)
class Entry:
    """A clause with what hangs on it."""

    clause: Clause
    values: tuple[Value, ...]
    duties: tuple[SpokenDuty, ...]
    inline: dict[str, Value]  # what `$key` in its text stands for

    @property
    def number(self) -> str:
        return self.clause.number

    @property
    def anchor(self) -> str:
        return anchor(self.number)

    def parts(self, text: str) -> list[tuple[str, Value | None]]:
        """Its text in pieces: what was written, and between it what the parameters are filled in with."""
        found: list[tuple[str, Value | None]] = []
        end = 0
        for match in _REFERENCE.finditer(text):
            filled = self.inline.get(match[1])
            if filled is not None:
                found += [(text[end : match.start()], None), (match[0], filled)]
                end = match.end()
        return [part for part in [*found, (text[end:], None)] if part[0]]


@dataclass(frozen=True, slots=True)
class Article:
    """Clauses that stand together and share the beginning of their number."""

    number: str
    entries: tuple[Entry, ...]

    @property
    def title(self) -> Texts:
        if not self.number.isdecimal():
            called = words.code(self.number)
            return words.texts(called["zh-Hans"], called["en"][:1].upper() + called["en"][1:])
        return words.texts(*(_SAID["part"][language].format(self.number) for language in ("zh-Hans", "en")))


@dataclass(frozen=True, slots=True)
class Text:
    edition: Edition
    articles: tuple[Article, ...]

    @property
    def entries(self) -> list[Entry]:
        return [entry for article in self.articles for entry in article.entries]

    @property
    def duties(self) -> list[SpokenDuty]:
        return [duty for entry in self.entries for duty in entry.duties]


def anchor(number: str) -> str:
    """What a clause is linked by: its number, but for what cannot stand in a link."""
    return _UNLINKABLE.sub("-", number)


def languages(edition: Edition) -> list[str]:
    """The languages of its clauses, the one that binds first."""
    used = dict.fromkeys(language for clause in edition.file.clause for language in clause.text)
    return sorted(used, key=lambda language: language != edition.language)


def text_of(terms: Terms) -> Text:
    """The document of an edition with its parameters filled in."""
    edition = terms.edition
    values = {parameter.key: _value(terms, parameter.key) for parameter in edition.file.parameter}
    duties = [spoken_duty(terms, duty) for duty in edition.file.duty if duty.id in terms.rules]
    entries = [
        Entry(
            clause,
            tuple(values[parameter.key] for parameter in edition.file.parameter if parameter.clause == clause.number),
            tuple(one for one in duties if one.clause == clause.number),
            values,
        )
        for clause in edition.file.clause
    ]
    articles: list[tuple[str, list[Entry]]] = []
    for entry in entries:
        number = entry.number.partition(".")[0]
        if not articles or articles[-1][0] != number:
            articles.append((number, []))
        articles[-1][1].append(entry)
    return Text(edition, tuple(Article(number, tuple(found)) for number, found in articles))


def _value(terms: Terms, key: str) -> Value:
    edition, parameter = terms.edition, terms.edition.parameters[key]
    label = words.both(edition, parameter.label) if parameter.label else words.code(key)
    return Value(key, label, words.value(edition, parameter, terms.values[key]), key in terms.given)


def spoken_duty(terms: Terms, duty: Duty) -> SpokenDuty:
    edition, rule = terms.edition, terms.rules[duty.id]
    kind = "recurring" if rule.every else "prohibition" if rule.forbid else "deadline"
    label = duty.label or edition.clauses[duty.clause].heading
    return SpokenDuty(
        id=duty.id, clause=duty.clause, kind=kind, rule=rule,
        label=words.both(edition, label) if label else words.texts(duty.clause, duty.clause),
        time=time_of(rule), start=words.happened(edition, rule.start or rule.when),
        trigger=words.happened(edition, rule.when) if rule.start else {},
        done=words.happened(edition, rule.done or rule.forbid),
        owed_by=words.who(edition, rule.owed_by) if rule.owed_by else {},
        post=words.post(edition, rule.post) if rule.post else {},
        debtor=next((row.role for row in edition.file.party if row.key == rule.owed_by and row.role), rule.owed_by),
        left_open=any(is_reference(one) for one in (duty.within, duty.every, duty.count, duty.grace, duty.align)),
    )  # fmt: skip


def time_of(rule: Rule) -> Texts:
    """How long, or how often: 24 小时内, at least once in every month."""
    if rule.every is None:
        assert rule.within is not None
        return _within(rule.within, forbidden=bool(rule.forbid))
    often = words.every(rule.every.text)
    zh, en = f"{often['zh-Hans']}至少 {rule.count} 次", f"{_times(rule.count)} {often['en']}"
    reading = words.code("calendar" if rule.by_calendar else "start")
    zh, en = f"{zh}，{reading['zh-Hans']}", f"{en}, {reading['en']}"
    if rule.grace is not None:
        grace = words.span(rule.grace.text)
        zh, en = f"{zh}，期满后宽限 {grace['zh-Hans']}", f"{en}, with {grace['en']} of grace after it"
    return words.texts(zh, en)


def _within(within: Duration, *, forbidden: bool) -> Texts:
    length = words.span(within.text)
    if forbidden:
        return words.texts(f"{length['zh-Hans']}内不得发生", f"must not happen within {length['en']}")
    if not within.amount:
        return words.texts("立即", "at once")
    return words.texts(f"{length['zh-Hans']}内", f"within {length['en']}")


def _times(count: int) -> str:
    return {1: "at least once", 2: "at least twice"}.get(count, f"at least {count} times")


# ---- Markdown -----------------------------------------------------------------------------------

_SPACE: Final = re.compile(r"\s+")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
_LIST_MARK: Final = re.compile(r"^([0-9]*)([-+.)])(?=\s)")
_NAMES: Final = {"zh-Hans": "中文", "zh-Hant": "繁體中文", "en": "English"}
_SAID: Final[dict[str, Texts]] = {
    "number": words.texts("条款", "Clause"),
    "version": words.texts("版次", "Version"),
    "binds": words.texts("（以本语言文本为准）", " (the text that binds)"),
    "given": words.texts("（本合同填入）", " (filled in by this contract)"),
    "default": words.texts("（待填，默认）", " (left open, by default)"),
    "clock": words.texts("时钟", "clock"),
    "from": words.texts("自{}起", "from: {}"),
    "trigger": words.texts("由{}启动", "set running by: {}"),
    "forbidden": words.texts("禁止：{}", "forbidden: {}"),
    "done": words.texts("以{}为完成", "done by: {}"),
    "between": words.texts("·", ", "),
    "part": words.texts("第 {} 部分", "Part {}"),
    "colon": words.texts("：", ": "),
    "comma": words.texts("，", ", "),
}


def escaped(text: str) -> str:
    return _LIST_MARK.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", _SPACE.sub(" ", text)))


def in_language(written: dict[str, str], language: str) -> str:
    """Words that were made here, in that language or in the next of its kind."""
    kind = "zh-Hans" if language.startswith("zh") else "en"
    return written.get(language) or written.get(kind) or next(iter(written.values()), "")


def markdown(text: Text, shown: list[str]) -> str:
    """The document in these languages: in one, a paragraph a clause; in more, side by side in tables."""
    return "\n".join(_lines(text, shown)) + "\n"


def _lines(text: Text, shown: list[str]) -> Iterator[str]:
    edition = text.edition
    yield "# " + " · ".join(dict.fromkeys(escaped(edition.in_language(edition.title, one)) for one in shown))
    yield ""
    yield " · ".join(f"{_said('version', one)} {escaped(edition.version)}" for one in shown) + f" · `{edition.id}`"
    for article in text.articles:
        if len(shown) > 1:
            heads = [_NAMES.get(one, one) + (_said("binds", one) if one == edition.language else "") for one in shown]
            yield from ("", "## " + " · ".join(escaped(in_language(article.title, one)) for one in shown), "")
            yield f"| {' / '.join(_said('number', one) for one in shown)} | {' | '.join(heads)} |"
            yield "| --- |" + " --- |" * len(shown)
            for entry in article.entries:
                cells = ["<br>".join(_paragraphs(text, entry, one)) for one in shown]
                yield f'| <a id="{entry.anchor}"></a>{escaped(entry.number)} | {" | ".join(cells)} |'
            continue
        yield from ("", f"## {escaped(in_language(article.title, shown[0]))}")
        for entry in article.entries:
            heading = entry.clause.heading
            called = f" {escaped(edition.in_language(heading, shown[0]))}" if heading else ""
            first, *rest = _paragraphs(text, entry, shown[0], headed=False)
            yield from ("", f'### <a id="{entry.anchor}"></a>{escaped(entry.number)}{called}', "", first)
            if rest:
                yield from ("", *(f"- {line}" for line in rest))


def _said(key: str, language: str) -> str:
    return in_language(_SAID[key], language)


def _paragraphs(text: Text, entry: Entry, language: str, *, headed: bool = True) -> Iterator[str]:
    edition, heading = text.edition, entry.clause.heading
    if headed and heading:
        yield f"**{escaped(edition.in_language(heading, language))}**"
    yield "".join(
        f"**{escaped(in_language(filled.text, language))}**" if filled else escaped(written)
        for written, filled in entry.parts(edition.in_language(entry.clause.text, language))
    )
    colon, comma = _said("colon", language), _said("comma", language)
    for filled in entry.values:
        label, value = (escaped(in_language(one, language)) for one in (filled.label, filled.text))
        yield f"{label}{colon}**{value}**{_said('given' if filled.given else 'default', language)}"
    for one in entry.duties:
        phrases = [
            ("trigger", one.trigger),
            ("from", one.start),
            ("forbidden" if one.kind == "prohibition" else "done", one.done),
        ]
        told = [
            in_language(one.time, language),
            *(_said(key, language).format(in_language(said, language)) for key, said in phrases if said),
            _said("between", language).join(in_language(said, language) for said in (one.owed_by, one.post) if said),
        ]
        label = escaped(in_language(one.label, language))
        yield f"*{_said('clock', language)}* {label}{colon}{escaped(comma.join(part for part in told if part))}"
