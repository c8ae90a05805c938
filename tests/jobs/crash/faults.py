"""Says what was lost or done twice; prints nothing where all is well. `rest` waits until no job is left to do."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from encore.cli.django import start

start()

from django.db import connection  # noqa: E402

from encore.complaints.models import Complaint  # noqa: E402
from encore.jobs.models import Job, State  # noqa: E402
from encore.ledger.models import Clock, Event, Head  # noqa: E402
from tests.jobs.crash import work  # noqa: E402

PATIENCE = 90


@dataclass(frozen=True)
class Acknowledged:
    """What the server said was done, and when the last tick began."""

    complaints: list[str]
    jobs: list[int]
    ticked_at: str


def at_rest() -> bool:
    return not Job.objects.filter(state__in=[State.READY, State.RUNNING]).exists()


def rest() -> None:
    last = time.monotonic() + PATIENCE
    while not at_rest():
        if time.monotonic() > last:
            sys.exit(f"the jobs did not come to rest: {Counter(Job.objects.values_list('task', 'state'))}")
        time.sleep(0.2)


def states(task: str) -> Mapping[int, str]:
    return dict(Job.objects.filter(task=f"{work.__name__}.{task}").values_list("pk", "state"))


def lost(acknowledged: Acknowledged) -> Iterator[str]:
    """What the server had said was done must be there."""
    there = set(Complaint.objects.values_list("form_key", flat=True))
    yield from (f"complaint {key} was lost" for key in acknowledged.complaints if key not in there)
    received = Counter(Event.objects.filter(type="complaint.received").values_list("noun_id", flat=True))
    for complaint in Complaint.objects.values_list("pk", flat=True):
        if received[complaint] != 1:
            yield f"complaint {complaint} has {received[complaint]} receipts"
    jobs = set(Job.objects.values_list("pk", flat=True))
    yield from (f"job {job} was lost" for job in acknowledged.jobs if job not in jobs)


def broken_streams() -> Iterator[str]:
    numbers: dict[tuple[str, int], list[int]] = {}
    for noun, id, seq in Event.objects.order_by("seq").values_list("noun", "noun_id", "seq"):
        numbers.setdefault((noun, id), []).append(seq)
    heads = {(noun, id): seq for noun, id, seq in Head.objects.values_list("noun", "noun_id", "seq")}
    for key, found in numbers.items():
        if found != list(range(len(found))) or heads.get(key) != found[-1]:
            yield f"the stream of {key} has {found}, its head says {heads.get(key)}"


def breaches(acknowledged: Acknowledged) -> Iterator[str]:
    """Each deadline that passed was noticed once, however many ticks were killed over it."""
    told = Counter(
        (noun, id, json.loads(bytes(body))["data"]["duty"])
        for noun, id, body in Event.objects.filter(type="duty.breached").values_list("noun", "noun_id", "body")
    )
    clocks = Clock.objects.filter(state="breached").values_list("noun", "noun_id", "duty")
    for noun, id, duty in clocks.exclude(duty="train"):
        if told[noun, id, duty] != 1:
            yield f"{duty} of {noun}:{id} was breached {told[noun, id, duty]} times"
    if overdue := Clock.objects.filter(state="open", due_at__lt=datetime.fromisoformat(acknowledged.ticked_at)).count():
        yield f"{overdue} deadlines have passed unnoticed"


def effects() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT job, COUNT(*) FROM trial_effect GROUP BY job")
        written = dict(cursor.fetchall())
    for job, state in states("write").items():
        if state != State.DONE or written.get(job) != 1:
            yield f"job {job} is {state} and took effect {written.get(job, 0)} times"
    complaints = Counter(
        job.arguments["args"][0] for job in Job.objects.filter(pk__in=states("follow_up"), state=State.DONE)
    )
    events = Counter(Event.objects.filter(type="complaint.followed_up").values_list("noun_id", flat=True))
    if complaints != events:
        yield f"follow-ups done {dict(complaints)}, recorded {dict(events)}"
    if left := [job for job, state in states("follow_up").items() if state != State.DONE]:
        yield f"follow-ups that are not done: {left}"


def outside() -> Iterator[str]:
    sent = Counter(map(int, work.OUTSIDE.read_text().split())) if work.OUTSIDE.exists() else Counter[int]()
    for job, state in states("send").items():
        if sent[job] > 1 or state not in (State.DONE, State.UNCLEAR) or (state == State.DONE and sent[job] != 1):
            yield f"job {job} is {state} and went out {sent[job]} times"


def main() -> None:
    acknowledged = Acknowledged(**json.loads(Path(sys.argv[1]).read_text()))
    for check in (lost(acknowledged), broken_streams(), breaches(acknowledged), effects(), outside()):
        for fault in check:
            print(fault)


if __name__ == "__main__":
    rest() if sys.argv[1] == "rest" else main()
