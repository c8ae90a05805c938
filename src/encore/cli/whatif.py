"""`encore whatif`: what other terms would have made of the same history."""

import gc
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import click
import orjson

from encore.cli.files import (
    Language,
    contract_options,
    event_lines,
    read_edition_file,
    read_moment,
    refuse,
    set_terms,
    warn,
)
from encore.cli.judge import clock_rows, table, write
from encore.engine import Edition, ParameterError, Terms
from encore.engine.batch import Sheet
from encore.engine.clocks import Clock
from encore.engine.whatif import (
    Comparison,
    Difference,
    Findings,
    History,
    Listening,
    Row,
    Variation,
    compare,
    vary,
)

MOST_VALUES: Final = 1_000
MOST_LISTED: Final = 20  # clocks in a text; --json has all

_AMOUNT: Final = r"(-?[0-9]+(?:\.[0-9]+)?)([a-z]*)"
_RANGE: Final = re.compile(rf"{_AMOUNT}\.\.{_AMOUNT}/{_AMOUNT}")


@click.command(no_args_is_help=True)
@click.argument("edition", metavar="EDITION.toml")
@click.argument("events", metavar="EVENTS.jsonl")
@click.option("--now", required=True, metavar="TIME", help="The moment as of which both sides are judged.")
@click.option("--against", metavar="OTHER.toml", help="Another edition, in place of this one with other parameters.")
@click.option(
    "--set-other", "others", multiple=True, metavar="KEY=VALUE", help="A parameter's value on the other side only."
)
@click.option(
    "--vary",
    "varied",
    metavar="KEY=VALUES",
    help="Many values of one parameter on the other side: v1,v2,… or from..to/step, such as 12h..72h/12h.",
)
@click.option(
    "--unamended",
    is_flag=True,
    help="Passes over the edition and the parameters that events carry: the terms given here hold throughout.",
)
@click.option("--json", "as_json", is_flag=True, help="Objects of JSON, one a line, with every clock of one side only.")
@contract_options
def whatif(
    edition: str, events: str, now: str, against: str | None, others: tuple[str, ...], varied: str | None, unamended: bool,
    as_json: bool, settings: tuple[str, ...], amended: tuple[str, ...], language: Language,
) -> None:  # fmt: skip
    """What other terms would have made of the same history: how many breaches more or fewer, clause by clause.

    With --set alone, the edition as it is stands here and the edition with these values there. With --against,
    --set-other or --vary, the values of --set belong to how it is, and, unless --against names another edition, to both.

    \b
    encore whatif ktv_b.toml events.jsonl --now 2026-03-10T00:00:00+08:00 --set classification_time=12h
    encore whatif ktv_b.toml events.jsonl --now 2026-03-10T00:00:00+08:00 --against ktv_c.toml
    encore whatif ktv_b.toml events.jsonl --now 2026-03-10T00:00:00+08:00 --vary classification_time=6h..48h/6h

    Clocks are the same that are of the same duty, subject and index; the rest are listed as only on one side. A breach
    counts also where the duty was performed late or excused afterwards.
    """
    moment = read_moment(now, language)
    here, there, editions = _sides(edition, against, settings, others, varied, amended, language)
    variation = None if varied is None else _variation(varied, there, language)
    if variation is None and here.edition is there.edition and here.values == there.values and not (settings or others):
        refuse([
            f"{edition}: nothing to compare with; give --set, --set-other, --against or --vary" if language == "en"
            else f"{edition}：没有可比较的对象；请给出 --set、--set-other、--against 或 --vary"
        ])  # fmt: skip
    gc.disable()  # clocks hold no circles, and there may be millions of them
    with event_lines(events, language) as lines:
        history = History(lines, moment, editions, heeding=not unamended)
        judged = history.under(here)
        findings = Findings(judged)
        changed = _changed(here, there, variation)
        warn(events, judged, language)
        _warn_of_terms(events, judged, changed, here.edition is not there.edition, language)
        if variation is not None:
            del judged  # only one side's clocks are in memory at a time
            told = _Varied(here, findings, variation, vary(findings, variation, history), now, language)
            write(told.json() if as_json else told.text())
            return
        other = history.under(there)
    other.warnings = [warning for warning in other.warnings if warning not in judged.warnings]
    warn(events, other, language)
    compared = _Compared(judged, other, findings, Findings(other), now, language)
    write(compared.json() if as_json else compared.text())


# --- what is asked ----------------------------------------------------------------------------------------------------


def _sides(
    path: str, against: str | None, settings: tuple[str, ...], others: tuple[str, ...], varied: str | None,
    amended: tuple[str, ...], language: Language,
) -> tuple[Terms, Terms, dict[str, Edition]]:  # fmt: skip
    """The terms here and there, and every edition that an event may name."""
    edition, sha = read_edition_file(path, language)
    editions = {sha: edition}
    other = edition
    for name in (*amended, *([against] if against else [])):
        other, named = read_edition_file(name, language)
        editions[named] = other
    if against:
        here = set_terms(edition, settings, language)
        return here, set_terms(other, others, language, "--set-other"), editions
    supposed = bool(settings) and not others and varied is None
    here = set_terms(edition, () if supposed else settings, language)
    option = "--set-other" if others else "--set"
    return here, set_terms(edition, (*settings, *others), language, option), editions


def _variation(varied: str, terms: Terms, language: Language) -> Variation:
    key, is_set, written = (part.strip() for part in varied.partition("="))
    values = values_of(written) if is_set else None
    if not values:
        refuse([
            f"--vary {varied}: write key=v1,v2,… or key=from..to/step, such as 12h..72h/12h" if language == "en"
            else f"--vary {varied}：请写成 键=值1,值2,… 或 键=起..止/步长，例如 12h..72h/12h"
        ])  # fmt: skip
    if len(values) > MOST_VALUES:
        refuse([
            f"--vary {varied}: more than {MOST_VALUES:,} values; take a longer step" if language == "en"
            else f"--vary {varied}：超过 {MOST_VALUES:,} 个值；请加大步长"
        ])  # fmt: skip
    if key not in terms.edition.parameters:
        known = ", ".join(terms.edition.parameters)
        refuse([
            f"--vary {key}: {terms.edition.name} has no such parameter; it has: {known}" if language == "en"
            else f"--vary {key}：{terms.edition.name} 没有这个参数；可用：{known}"
        ])  # fmt: skip
    faults: dict[str, None] = {}
    for value in values:
        try:
            terms.edition.terms({**terms.given, key: value})
        except ParameterError as error:
            faults.update(dict.fromkeys(f"--vary: {fault.message(language)}" for fault in error.faults))
    if faults:
        refuse(faults)
    return Variation(terms, key, values)


def values_of(written: str) -> list[str] | None:
    """The values of `v1,v2,…` or `from..to/step`, each once and one more than there may be at most; None if it is neither."""
    if ".." not in written:
        values = [value.strip() for value in written.split(",")]
        return list(dict.fromkeys(values)) if all(values) else None
    match = _RANGE.fullmatch(re.sub(r"\s", "", written))
    if match is None:
        return None
    units = {match[2], match[4], match[6]}
    amounts = [Decimal(match[1]), Decimal(match[3]), Decimal(match[5])]
    unit = match[2]
    if units == {"min", "h"}:
        unit = "min"
        amounts = [
            amount * (60 if match[place] == "h" else 1) for amount, place in zip(amounts, (2, 4, 6), strict=True)
        ]
    elif len(units) > 1:
        return None
    first, last, step = amounts
    if step <= 0 or first > last:
        return None
    many = min(int((last - first) / step), MOST_VALUES) + 1
    return [f"{first + step * number:f}{unit}" for number in range(many)]


def _changed(here: Terms, there: Terms, variation: Variation | None) -> list[str]:
    """The parameters that differ between the sides."""
    keys = [key for key in there.values if key in here.values and here.values[key] != there.values[key]]
    return list(dict.fromkeys([*keys, *([variation.key] if variation else [])]))


def _warn_of_terms(path: str, judged: Listening, changed: Sequence[str], editions: bool, language: Language) -> None:
    """An event that sets the terms itself sets them on both sides: from there on they are alike."""
    for position, parameters, names_edition in judged.told:
        both = [key for key in changed if key in parameters]
        said = (("its edition" if language == "en" else "版本") if editions and names_edition else "", *both)
        what = (", " if language == "en" else "、").join(filter(None, said))
        if what:
            click.echo(
                f"{path}:{position}: warning: this event sets {what} on both sides from here on; --unamended passes over it"
                if language == "en"
                else f"{path}:{position}: 警告：自此事件起，两边都适用其中约定的 {what}；可用 --unamended 忽略事件中的约定",
                err=True,
            )


# --- what is answered -------------------------------------------------------------------------------------------------


def _record(difference: Difference) -> dict[str, Any]:
    return {
        "here": difference.here, "there": difference.there, "change": difference.change,
        "both": difference.both, "more": difference.more, "fewer": difference.fewer,
        "only_here": {"clocks": difference.only_here, "breached": difference.only_here_breached},
        "only_there": {"clocks": difference.only_there, "breached": difference.only_there_breached},
    }  # fmt: skip


def _clauses(row: Row) -> dict[str, Any]:
    return {"clause_here": row.here, "clause_there": row.there, "duties": row.duties, **_record(row.difference)}


def _line(what: str, **values: object) -> str:
    return orjson.dumps({"what": what, **values}).decode()


def _signed(change: int) -> str:
    return f"{change:+}" if change else "·"


def _number(number: int) -> str:
    return str(number or "·")


def _alone(clocks: int, breached: int) -> str:
    return f"{clocks} ({breached})" if clocks else "·"


def _named(row: Row) -> str:
    if row.here == row.there:
        return str(row.here)
    return f"{row.here or '—'} → {row.there or '—'}"


def _told(terms: Terms, language: Language) -> str:
    """A side: the file of its edition, and what was set."""
    comma = ", " if language == "en" else "，"
    return comma.join([terms.edition.name, *(f"{key}={terms.values[key]}" for key in terms.given)])


def _ordered(rows: Iterable[Row], here: Edition, there: Edition) -> list[Row]:
    """By the order of the clauses here; what is only there comes after, in the order of the clauses there."""
    ours = {number: place for place, number in enumerate(here.clauses)}
    theirs = {number: place for place, number in enumerate(there.clauses)}

    def place(row: Row) -> tuple[int, int]:
        return (ours.get(row.here or "", len(ours)), theirs.get(row.there or "", len(theirs)))

    return sorted(rows, key=place)


class _Compared:
    """Two sides."""

    def __init__(
        self, here: Listening, there: Listening, ours: Findings, theirs: Findings, now: str, language: Language
    ) -> None:
        self.here, self.there, self.ours, self.theirs = here, there, ours, theirs
        self.terms = here.versions[0][1], there.versions[0][1]
        comparison = compare(ours, theirs)
        self.rows = _ordered(comparison.by_clause(), *(terms.edition for terms in self.terms))
        self.total = comparison.total()
        self.now = now
        self.language = language

    def alone(self) -> Iterator[tuple[str, Sheet, list[Clock]]]:
        for name, judged, others in (("only_here", self.here, self.theirs), ("only_there", self.there, self.ours)):
            sheet = Sheet(judged)
            yield name, sheet, sheet.clocks(lambda clock, others=others: others.find(clock) is None)  # type: ignore[misc]

    def json(self) -> Iterator[str]:
        yield _line("total", **_record(self.total))
        for row in self.rows:
            yield _line("clause", **_clauses(row))
        for name, sheet, clocks in self.alone():
            for line in sheet.lines(clocks):
                yield f'{{"what": "{name}", {line[1:]}'

    def text(self) -> Iterator[str]:
        english, whole = self.language == "en", self.total
        here, there = (_told(terms, self.language) for terms in self.terms)
        yield f"as it is: {here}" if english else f"现状：{here}"
        yield f"what if:  {there}" if english else f"假设：{there}"
        yield ""
        yield self._sentence(whole)
        rows = [row for row in self.rows if row.difference]
        if rows:
            yield ""
            yield from table(list(self._table(rows)))
        same = [row for row in self.rows if row.difference.both and not row.difference]
        if same:
            breaches = sum(row.difference.here for row in same)
            yield ""
            yield (
                f"Clauses without a difference: {len(same)} (with {breaches} breaches)."
                if english
                else f"没有差别的条款：{len(same)} 条（违约 {breaches} 次）。"
            )
        counts = [(whole.only_here, whole.only_here_breached), (whole.only_there, whole.only_there_breached)]
        names = [("Only as it is", "只在现状中"), ("Only what if", "只在假设中")]
        for (_, sheet, clocks), (number, breached), name in zip(self.alone(), counts, names, strict=True):
            if clocks:
                yield ""
                yield (
                    f"{name[0]}: {number} clocks, of which breached: {breached}."
                    if english
                    else f"{name[1]}：{number} 个时钟，其中违约 {breached} 个。"
                )
                yield from table(clock_rows(sheet, clocks[:MOST_LISTED]))
                if len(clocks) > MOST_LISTED:
                    more = len(clocks) - MOST_LISTED
                    yield (
                        f"… and {more} more; --json has them all."
                        if english
                        else f"……另有 {more} 个；--json 列出全部。"
                    )

    def _sentence(self, whole: Difference) -> str:
        more = abs(whole.change)
        if self.language == "en":
            change = f"{more} {'more' if whole.change > 0 else 'fewer'}" if more else "no difference"
            return f"Breaches as of {self.now}: {whole.here} as it is, {whole.there} what if: {change}."
        change = f"{'多' if whole.change > 0 else '少'} {more} 次" if more else "次数相同"
        return f"截至 {self.now}，违约：现状 {whole.here} 次，假设 {whole.there} 次，{change}。"

    def _table(self, rows: Iterable[Row]) -> Iterator[list[str]]:
        english = self.language == "en"
        yield (
            ["clause", "heading", "as it is", "what if", "change", "more", "fewer", "only as it is", "only what if"]
            if english
            else ["条款", "标题", "现状违约", "假设违约", "变化", "新增", "免去", "只在现状", "只在假设"]
        )
        for row in rows:
            one = row.difference
            yield [
                _named(row), self._heading(row), _number(one.here), _number(one.there), _signed(one.change),
                _number(one.more), _number(one.fewer), _alone(one.only_here, one.only_here_breached),
                _alone(one.only_there, one.only_there_breached),
            ]  # fmt: skip

    def _heading(self, row: Row) -> str:
        """What the clause is called, where it is called anything."""
        number, edition = (
            (row.here, self.terms[0].edition) if row.here is not None else (row.there, self.terms[1].edition)
        )
        clause = edition.clauses.get(number or "")
        if clause is None or clause.heading is None:
            return ""
        return edition.in_language(clause.heading, "en" if self.language == "en" else "zh-Hans")


class _Varied:
    """One side, and many values of a parameter on the other."""

    def __init__(
        self, here: Terms, findings: Findings, variation: Variation, found: list[Comparison], now: str, language: Language
    ) -> None:  # fmt: skip
        self.here, self.variation, self.now, self.language = here, variation, now, language
        editions = here.edition, variation.terms.edition
        self.rows = [_ordered(comparison.by_clause(), *editions) for comparison in found]
        self.totals = [comparison.total() for comparison in found]

    def json(self) -> Iterator[str]:
        for value, whole, rows in zip(self.variation.values, self.totals, self.rows, strict=True):
            listed = [_clauses(row) for row in rows]
            yield _line("variant", key=self.variation.key, value=value, **_record(whole), clauses=listed)

    def text(self) -> Iterator[str]:
        english = self.language == "en"
        here, there = _told(self.here, self.language), _told(self.variation.terms, self.language)
        breaches = self.totals[0].here
        yield f"as it is: {here}" if english else f"现状：{here}"
        yield f"what if:  {there}, {self.variation.key}=…" if english else f"假设：{there}，{self.variation.key}=…"
        yield ""
        yield (
            f"Breaches as of {self.now}: {breaches} as it is."
            if english
            else f"截至 {self.now}，违约：现状 {breaches} 次。"
        )
        yield ""
        yield from table(list(self._table()))

    def _table(self) -> Iterator[list[str]]:
        """A row for each value; a column for each clause whose breaches it changes."""
        english = self.language == "en"
        changed = {_named(row): None for rows in self.rows for row in rows if row.difference.change}
        named: list[Mapping[str, Row]] = [{_named(row): row for row in rows} for rows in self.rows]
        apart = any(whole.only_here or whole.only_there for whole in self.totals)
        head = [self.variation.key, *(["breaches", "change"] if english else ["违约", "变化"])]
        alone = ["only as it is", "only what if"] if english else ["只在现状", "只在假设"]
        yield [*head, *changed, *(alone if apart else ())]
        for value, whole, rows in zip(self.variation.values, self.totals, named, strict=True):
            only = [_alone(whole.only_here, whole.only_here_breached), _alone(whole.only_there, whole.only_there_breached)]  # fmt: skip
            changes = [_signed(rows[name].difference.change) if name in rows else "·" for name in changed]
            yield [str(value), str(whole.there), _signed(whole.change), *changes, *(only if apart else ())]
