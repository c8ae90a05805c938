"""Fills the scratch database: a contract, complaints to follow up, and some whose deadline passes while the trial lasts."""

import json
import sys
from datetime import datetime, timedelta

from encore.cli.django import start

start()

from django.db import connection  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from encore.accounts.models import Organisation, Post, Role, User  # noqa: E402
from encore.complaints import operations  # noqa: E402
from encore.complaints.models import Complaint  # noqa: E402
from encore.contracts.models import Contract  # noqa: E402
from encore.ledger.late import entered_late  # noqa: E402
from tests.cast import DAY, EDITION, HOUR, agreed, complain, person  # noqa: E402


def walked(contract: Contract, at: datetime, by: User) -> Complaint:
    """A complaint whose result was sent, so that it can be followed up."""
    complaint = complain(contract, at=at)
    minute = timedelta(minutes=1)
    operations.verify(complaint, by=by, at=at + minute)
    operations.assess(complaint, severity="one", category="product", by=by, at=at + 2 * minute)
    operations.plan(complaint, plan="赔一打。", by=by, at=at + 3 * minute)
    operations.start(complaint, by=by, at=at + 4 * minute)
    operations.resolve(complaint, by=by, at=at + 5 * minute)
    return operations.send_result(
        complaint, measures="赔了一打。", result="已赔。", improvement="开瓶前先确认。", by=by, at=at + 6 * minute
    )


def prepare(seconds: int) -> dict[str, object]:
    venue = Organisation.objects.create(name="星河里", role=Role.VENUE)
    agency = Organisation.objects.create(name="澄酿推广", role=Role.AGENCY)
    zhou = person("周敏", venue, Post.MANAGER)
    contract = agreed(EDITION, zhou, agency, since=now() - 10 * DAY)
    at = now()
    for number in range(seconds * 2):  # two deadlines a second, which are 24 hours after receipt
        complain(contract, at=at - 24 * HOUR + timedelta(seconds=number / 2))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE trial_effect (job bigint NOT NULL)")
    done = [walked(contract, at - HOUR, zhou) for _ in range(8)]
    return {"code": contract.code, "by": zhou.pk, "complaints": [complaint.pk for complaint in done]}


if __name__ == "__main__":
    with entered_late("imported"):
        print(json.dumps(prepare(int(sys.argv[1]))))
