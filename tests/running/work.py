"""What goes on in a house while it is backed up; run as a command of its own."""

import sys
from datetime import timedelta

from encore.cli.django import start

start()

from django.utils.timezone import now  # noqa: E402
from django_tasks import task  # noqa: E402

from encore.contracts.models import Contract  # noqa: E402
from encore.jobs.leases import claim  # noqa: E402
from encore.jobs.models import Job  # noqa: E402
from encore.jobs.worker import run_due  # noqa: E402
from tests.cast import complain  # noqa: E402


@task(outside=True)
def send(name: str) -> None:
    print(f"sent {name}", flush=True)


@task
def count(name: str) -> None:
    print(f"counted {name}", flush=True)


def complain_on() -> None:
    """Until it is killed."""
    contract = Contract.objects.get()
    while True:
        complain(contract, at=now())
        print("complained", flush=True)


def leave_undone() -> None:
    """Two that are due, one for later, and two under a lease, of each kind."""
    Job.objects.all().delete()
    for job in (send, count):
        job.enqueue("running")
    while claim("here:1", now()):
        pass
    for job in (send, count):
        job.enqueue("due")
        job.using(run_after=now() + timedelta(days=1)).enqueue("later")


def send_once_more() -> None:
    send.enqueue("new")
    run_due()


if __name__ == "__main__":
    {"complain_on": complain_on, "leave_undone": leave_undone, "run_due": run_due, "send_once_more": send_once_more}[
        sys.argv[1]
    ]()
