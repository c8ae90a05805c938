"""Jobs whose effects can be counted from outside: rows, events, and lines in a file that no transaction takes back."""

import os
import random
import time
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_tasks import TaskContext, task

from encore.accounts.models import User
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.jobs import effects
from encore.jobs.models import Job, State

OUTSIDE: Final = Path(settings.ENCORE_HOME) / "outside"
_ENOUGH: Final = 100
_OFTEN: Final = 1_000  # no job is given up in this trial because its worker was killed


@task(takes_context=True, most_attempts=_OFTEN)
def write(context: TaskContext) -> None:
    time.sleep(random.uniform(0, 0.1))
    with effects():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO trial_effect (job) VALUES (%s)", [int(context.task_result.id)])
        time.sleep(random.uniform(0, 0.05))


@task(most_attempts=_OFTEN)
def follow_up(complaint: int, by: int) -> None:
    operations.follow_up(Complaint.objects.get(pk=complaint), by=User.objects.get(pk=by), at=now())
    time.sleep(random.uniform(0, 0.1))  # whoever is killed here has done it already


@task(takes_context=True, outside=True, most_attempts=_OFTEN)
def send(context: TaskContext) -> None:
    time.sleep(random.uniform(0, 0.1))
    file = os.open(OUTSIDE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, f"{context.task_result.id}\n".encode())  # in one piece, whatever happens to the process
    finally:
        os.close(file)
    time.sleep(random.uniform(0, 0.1))


@csrf_exempt
@require_POST
def put_in(request: HttpRequest) -> JsonResponse:
    """Puts one job of each kind in, in one transaction; their numbers are told when it is committed."""
    complaint, by = int(request.POST["complaint"]), int(request.POST["by"])
    if Job.objects.filter(state=State.READY)[:_ENOUGH].count() == _ENOUGH:
        return JsonResponse({"jobs": []})  # so that all of them can be done when the trial ends
    with transaction.atomic():
        jobs = [write.enqueue(), follow_up.enqueue(complaint, by), send.enqueue()]
    return JsonResponse({"jobs": [int(job.id) for job in jobs]})
