"""How fast the judge is: a million events under forty duties, against the time that parsing the same lines takes.

    python -m bench.judge [--events N]

prints ratios, and the memory that `--summary` needs for N and for four times N events.
"""

import argparse
import gc
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import orjson

from encore import editions
from encore.engine import judge_all, load_edition
from encore.engine.batch import Lines
from encore.engine.check import check
from encore.engine.moments import from_datetime

START = datetime(2026, 1, 1, tzinfo=UTC)

# id, when, done, time, further keys. Subjects: complaint, survey, training, appraisal, campaign, cost, intervention, contract.
_DUTIES = """
record          complaint.received        complaint.recorded            within 1h
verify          complaint.received        complaint.verified            within 24h   cancel withdrawn
assess          complaint.recorded        complaint.assessed            within 24h   cancel withdrawn
classify        complaint.verified        complaint.classified          within 2wd   cancel withdrawn
reply           complaint.assessed:general complaint.replied            within 24h   from complaint.received cancel withdrawn
reply-major     complaint.assessed:major  complaint.replied             within 12h   from complaint.received
emergency       complaint.assessed:major  complaint.emergency_started   within 1h
report          complaint.received:promoter complaint.reported          within 24h
answer-promoter complaint.reported        complaint.answered_promoter   within 48h
plan            complaint.classified      complaint.planned             within 48h   cancel withdrawn
approve         complaint.planned         complaint.plan_approved       within 1wd   cancel withdrawn
start           complaint.planned         complaint.started             within 24h   cancel withdrawn
resolve         complaint.started         complaint.resolved            within 72h   cancel withdrawn
progress        complaint.started         complaint.progress_sent       every 48h    until complaint.resolved
feed-back       complaint.resolved        complaint.result_sent         within 24h
confirm         complaint.result_sent     complaint.result_confirmed    within 3d
follow-up       complaint.resolved        complaint.followed_up         within 1w
archive         complaint.result_sent     complaint.archived            within 1mo
no-reopen       complaint.archived        forbid:complaint.reopened     within 3d
survey          contract.effective        survey.opened                 every 1q calendar
analyse         survey.closed             survey.analysed               within 10wd
share           survey.analysed           survey.shared                 within 5d
improve         survey.analysed           improvement.planned           within 2w
train           contract.effective        training.held                 every 1mo calendar
assess-training training.held             training.assessed             within 3wd
adjust-training training.assessed         training.adjusted             within 2w
appraise        contract.effective        appraisal.completed           every 1mo calendar
apply-appraisal appraisal.completed       appraisal.applied             within 1w
tell-appraisal  appraisal.completed       appraisal.fed_back            within 3wd
award           contract.effective        award.given                   every 1q calendar
visit           contract.effective        customer.visited              every 1mo calendar
review-data     contract.effective        customer.data_reviewed        every 1q calendar
monitor         campaign.started          campaign.monitored            within 1w
evaluate        campaign.ended            campaign.evaluated            within 10wd
adjust          campaign.evaluated        campaign.adjusted             within 2w
approve-cost    cost.submitted            cost.approved                 within 5wd   cancel cost.rejected
pay-cost        cost.approved             cost.paid                     within 1mo
settle          contract.effective        settlement.closed             every 1mo calendar
answer-request  intervention.requested    intervention.answered         within 5wd
secrecy         contract.effective        forbid:secret.disclosed       within 3y
"""


def edition() -> bytes:
    """The forty duties as an edition file."""
    lines = [
        "[edition]",
        'id = "bench"',
        'title = { en = "A bench" }',
        'version = "1"',
        "[[clause]]",
        'number = "1"',
        'text = { en = "All of it." }',
    ]
    for row in _DUTIES.strip().splitlines():
        id, when, done, key, span, *more = row.split()
        event, _, value = when.partition(":")
        field = "reported_by" if value == "promoter" else "severity"
        lines += ["[[duty]]", f'id = "{id}"', 'clause = "1"', f'{key} = "{span}"']
        lines.append(f'when = {{ event = "{event}", {field} = "{value}" }}' if value else f'when = "{event}"')
        forbidden = done.removeprefix("forbid:")
        lines.append(f'forbid = "{forbidden}"' if forbidden != done else f'done = "{done}"')
        if "calendar" in more:
            lines.append('align = "calendar"')
        for name, event in pairwise(more):
            if name in ("cancel", "until", "from"):
                lines.append(f'{name} = "{event if "." in event else "complaint." + event}"')
    return "\n".join(lines).encode()


def _complaint(number: int, dice: random.Random) -> Iterator[tuple[timedelta, dict[str, object]]]:
    """A complaint's life: some are withdrawn, some stages come late, some are left out."""
    promoter = dice.random() < 0.3
    subject, refs = (
        f"complaint:{number}",
        ["contract:1", f"promoter:{dice.randrange(200)}"] if promoter else ["contract:1"],
    )
    at = timedelta()

    def event(kind: str, after: float, **data: object) -> tuple[timedelta, dict[str, object]]:
        nonlocal at
        at += timedelta(seconds=int(dice.expovariate(1 / (after * 3600))) if after else 0)
        return at, {"type": f"complaint.{kind}", "subject": subject, "refs": refs, "data": data}

    yield event("received", 0, channel="onsite", reported_by="promoter" if promoter else "customer")
    yield event("recorded", 0.3)
    yield event("verified", 10)
    yield event("assessed", 2, severity=dice.choice(("minor", "general", "general", "major")))
    if dice.random() < 0.05:
        yield event("withdrawn", 5)
        return
    yield event("classified", 8, category=dice.choice(("product", "service", "promotion")))
    yield event("planned", 20)
    yield event("replied", 2)
    yield event("started", 6)
    for _ in range(dice.randrange(3)):
        yield event("progress_sent", 20)
    yield event("resolved", 30)
    yield event("result_sent", 10)
    if dice.random() < 0.6:
        yield event("result_confirmed", 20)
    if dice.random() < 0.9:
        yield event("archived", 100)


def _other(number: int, dice: random.Random) -> Iterator[tuple[timedelta, dict[str, object]]]:
    chain = dice.choice((
        ("survey", ("opened", "closed", "analysed", "shared")),
        ("training", ("held", "assessed", "adjusted")),
        ("appraisal", ("completed", "fed_back", "applied")),
        ("campaign", ("started", "monitored", "ended", "evaluated", "adjusted")),
        ("cost", ("submitted", "approved", "paid")),
        ("intervention", ("requested", "answered")),
        ("customer", ("visited",)),
    ))  # fmt: skip
    at = timedelta()
    for kind in chain[1]:
        yield at, {"type": f"{chain[0]}.{kind}", "subject": f"{chain[0]}:{number}", "refs": ["contract:1"], "data": {}}
        at += timedelta(seconds=int(dice.expovariate(1 / (60 * 3600))))


def lines(count: int) -> list[bytes]:
    """`count` events of one contract over two years, in order of time, by a fixed seed."""
    dice = random.Random(1)
    events: list[tuple[timedelta, dict[str, object]]] = []
    number = 0
    while len(events) < count:
        number += 1
        begin = timedelta(seconds=dice.randrange(700 * 86400))
        story = _complaint(number, dice) if dice.random() < 0.85 else _other(number, dice)
        events.extend((begin + after, event) for after, event in story)
    del events[count - 1 :]
    events.append((timedelta(), {"type": "contract.effective", "subject": "contract:1"}))
    events.sort(key=lambda one: one[0])
    written = []
    for after, event in events:
        at = (START + after).astimezone().isoformat(timespec="seconds")
        written.append(orjson.dumps({**event, "at": at}) + b"\n")
    return written


def _cpu(work: Callable[[], object], times: int) -> float:
    """The least CPU seconds of several runs: what other work on the machine adds is no cost of ours."""
    best = float("inf")
    for _ in range(times):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def _whole(command: list[str]) -> tuple[float, int]:
    """CPU seconds and peak memory in KiB of a whole process."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    told = subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True).stdout.split()
    return float(told[0]), int(told[1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    count = parser.parse_args().events
    text = edition()
    terms = load_edition(text, "bench.toml").terms()
    end = START + timedelta(days=730)
    written = lines(count)
    gc.collect()
    gc.disable()  # as the command does

    def parse() -> None:
        loads = orjson.loads
        for line in written:
            loads(line)

    # In turn, so that what else the machine does meets both alike.
    parsing = judging = float("inf")
    for _ in range(5):
        parsing = min(parsing, _cpu(parse, 1))
        judging = min(judging, _cpu(lambda: judge_all(terms, Lines(lambda: written), from_datetime(end)), 1))
    print(
        f"{count:,} events, {len(terms.rules)} duties, {sum(map(len, written)) / 1e6:.0f} MB; parsing {parsing:.2f} s CPU"
    )
    print(f"judged in the process     {judging / parsing:5.1f} x parsing")
    written.clear()
    gc.collect()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bench.toml").write_bytes(text)
        for part in (count // 4, count):
            file = Path(folder) / f"{part}.jsonl"
            file.write_bytes(b"".join(lines(part)))
            for option in ([], ["--only-open"], ["--summary"]):
                command = [
                    sys.executable,
                    "-m",
                    "encore",
                    "judge",
                    f"{folder}/bench.toml",
                    str(file),
                    "--now",
                    end.isoformat(),
                    *option,
                ]
                seconds, peak = _whole(command)
                ratio = seconds / (parsing * part / count)
                print(
                    f"encore judge {' '.join(option):12} {part:9,} events {ratio:5.1f} x parsing {peak / 1024:6.0f} MiB"
                )
    largest = max(Path(editions.__file__).parent.glob("ktv_?.toml"), key=lambda path: path.stat().st_size)
    data = largest.read_bytes()
    checking = _cpu(lambda: check(data, largest.name, today=end.date()), 3)
    clauses = len(load_edition(data, largest.name).clauses)
    print(f"encore check {largest.name}, {clauses} clauses: {checking * 1000:.0f} ms CPU without starting Python")


if __name__ == "__main__":
    main()
