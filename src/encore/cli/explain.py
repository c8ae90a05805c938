"""`encore explain`: why a clock has its date."""

import click

from encore.cli.files import Language, contract_options, event_lines, read_moment, read_terms, refuse, warn
from encore.cli.judge import write
from encore.engine.batch import judge_all
from encore.engine.clocks import Clock
from encore.engine.explain import explain as why


@click.command(no_args_is_help=True)
@click.argument("edition", metavar="EDITION.toml")
@click.argument("events", metavar="EVENTS.jsonl")
@click.option("--duty", required=True, metavar="ID", help="The duty, by its id in the edition.")
@click.option("--subject", required=True, metavar="NOUN:KEY", help="What the clock runs on, such as complaint:1.")
@click.option("--index", type=int, metavar="N", help="One clock of several on the subject; without it, all of them.")
@click.option("--now", required=True, metavar="TIME", help="The moment as of which it is judged.")
@click.option("--in", "languages", type=click.Choice(["zh", "en", "both"]), default="both", show_default=True)
@contract_options
def explain(
    edition: str, events: str, duty: str, subject: str, index: int | None, now: str, languages: str,
    settings: tuple[str, ...], amended: tuple[str, ...], language: Language,
) -> None:  # fmt: skip
    """Why this date: the clause, the event that started the clock, how the days were counted, what moved it, how it ended.

    \b
    encore explain ktv_b.toml events.jsonl --duty verify --subject complaint:1 --now 2026-03-10T00:00:00+08:00
    """
    moment = read_moment(now, language)
    terms, editions = read_terms(edition, settings, amended, language)
    with event_lines(events, language) as lines:
        judged = judge_all(terms, lines, moment, editions=editions)
        found = sorted(
            (
                clock
                for clock in judged.clocks()
                if (clock.duty, clock.subject) == (duty, subject) and index in (None, clock.index)
            ),
            key=lambda clock: clock.index,
        )
        asked = {position for clock in found for position in positions(clock)}
        happened = {event[1]: (event[2], event[0]) for event in lines() if event[1] in asked}
    warn(events, judged, language)
    if duty not in judged.duties:
        known = ", ".join(judged.duties)
        refuse(
            [
                f"{edition}: no duty {duty}; it has: {known}"
                if language == "en"
                else f"{edition}：没有义务 {duty}；可用：{known}"
            ]
        )
    if not found:
        refuse([
            f"{events}: no clock of {duty} on {subject} as of {now}" if language == "en"
            else f"{events}：截至 {now}，{subject} 上没有 {duty} 的时钟"
        ])  # fmt: skip
    paragraphs = []
    for clock in found:
        reasons = why(judged, clock, happened, moment)
        for one in ("zh", "en"):
            if languages in (one, "both"):
                said = reasons.zh if one == "zh" else reasons.en
                paragraphs.append(
                    "\n".join([f"{clock.duty} #{clock.index}  {said[0]}", *(f"  · {line}" for line in said[1:])])
                )
    write(["\n\n".join(paragraphs)])


def positions(clock: Clock) -> list[int]:
    """The events that its explanation speaks of."""
    moved = [position for _, position, _ in clock.moves]
    return [clock.started_by, *moved, *([clock.closed_by] if clock.closed_by is not None else [])]
