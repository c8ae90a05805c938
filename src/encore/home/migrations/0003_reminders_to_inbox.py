"""What people were told goes to the one list of what they are told."""

from collections.abc import Iterator
from typing import Any

import orjson
from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_GONE: str = "Reminder"  # by the next migration


def move(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    Inbox = apps.get_model("channels", "Inbox")
    Inbox.objects.bulk_create(_items(apps, Inbox), batch_size=500, ignore_conflicts=True)


def _items(apps: Apps, model: Any) -> Iterator[Any]:
    reminders: Any = apps.get_model("home", _GONE)
    for row in reminders.objects.select_related("event").order_by("pk").iterator():
        event = row.event
        body = orjson.loads(bytes(event.body))
        contracts = [int(ref.partition(":")[2]) for ref in body["refs"] if ref.startswith("contract:")]
        data = body["data"]
        yield model(
            person_id=row.person_id,
            noun=event.noun,
            noun_id=event.noun_id,
            kind=event.type,
            event=event.pk,
            contract=contracts[0] if contracts else event.noun_id,
            duty=data["duty"],
            detail=data.get("state", ""),
            at=event.occurred_at,
            read_at=row.read_at,
        )


def stay(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """They stay where they are: whoever goes back reads them there."""


class Migration(migrations.Migration):
    dependencies = [("home", "0002_first_steps"), ("channels", "0001_inbox")]

    operations = [migrations.RunPython(move, stay)]
