"""A job that runs an operation is finished by it, in its transaction."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from encore.accounts.models import Organisation, User
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.jobs.leases import take_back
from encore.jobs.models import Job, State
from encore.jobs.worker import run_due
from encore.ledger.models import Event
from tests.cast import DAY, EDITION, HOUR, agreed, complain
from tests.jobs import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(zhou: User, agency: Organisation) -> Contract:
    """Jobs run now: a contract that has been in force for ten days."""
    return agreed(EDITION, zhou, agency, since=now() - 10 * DAY)


@pytest.fixture
def received(contract: Contract) -> Complaint:
    return complain(contract, at=now() - HOUR)


def verified() -> list[int]:
    return list(Event.objects.filter(type="complaint.verified").values_list("noun_id", flat=True))


def lapse() -> None:
    Job.objects.filter(state=State.RUNNING).update(lease_until=now() - timedelta(minutes=1))
    take_back(now())


def test_the_operation_of_a_job_ends_it(received: Complaint, zhou: User) -> None:
    work.verify.enqueue(received.pk, zhou.pk)
    with work.interrupted():
        run_due()
    assert verified() == [received.pk]
    assert Job.objects.get().state == State.DONE


def test_the_operation_of_a_job_that_is_somebody_elses_by_now_is_taken_back(received: Complaint, zhou: User) -> None:
    work.verify.enqueue(received.pk, zhou.pk)
    with work.interrupted(lapse):
        assert run_due() == 2, "the one who lost it, and the other"
    assert verified() == [received.pk]
    job = Job.objects.get()
    assert (job.state, job.attempts, job.error) == (State.DONE, 2, "")


def test_one_job_is_one_operation(contract: Contract, zhou: User) -> None:
    first, second = complain(contract, at=now() - HOUR), complain(contract, at=now() - HOUR)
    work.verify_two.enqueue(first.pk, second.pk, zhou.pk)
    with work.interrupted():
        run_due()
    assert verified() == [first.pk]
    assert Job.objects.get().state == State.DONE


def test_an_operation_that_is_refused_leaves_its_job_to_be_tried_again(received: Complaint, zhou: User) -> None:
    work.verify.enqueue(received.pk, zhou.pk)
    work.verify.enqueue(received.pk, zhou.pk)
    with work.interrupted():
        run_due()
    assert verified() == [received.pk]
    done, refused = Job.objects.order_by("pk")
    assert (done.state, refused.state) == (State.DONE, State.READY)
    assert refused.error.startswith("CannotVerify (assessment.py:")
