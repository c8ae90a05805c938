"""Hash chains over the events, and triggers: they refuse to change what was recorded, and move a stream's head to its last
event within the statement that inserts it.

Events that are there already are chained as they are found. Of what became of them before this the chain says nothing.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_KEPT = ("ledger_event", "ledger_concern")
_MOVED = "NEW.id <> OLD.id OR NEW.noun <> OLD.noun OR NEW.noun_id <> OLD.noun_id OR NEW.seq < OLD.seq"


def chain(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    Event, Head = apps.get_model("ledger", "Event"), apps.get_model("ledger", "Head")
    ends: dict[tuple[str, int], bytes] = {}
    found: list[Any] = []
    for event in Event.objects.order_by("noun", "noun_id", "seq").iterator():
        stream = event.noun, event.noun_id
        before = ends.get(stream) or sha256(b"\x03cl1" + f"{event.noun}:{event.noun_id}".encode()).digest()
        event.leaf = sha256(b"\x00cl1" + bytes(event.body)).digest()
        event.chain = ends[stream] = sha256(b"\x02" + before + event.leaf).digest()
        found.append(event)
        if len(found) == 1_000:
            Event.objects.bulk_update(found, ["leaf", "chain"])
            found.clear()
    Event.objects.bulk_update(found, ["leaf", "chain"])
    heads = list(Head.objects.all())
    for head in heads:
        head.chain = ends[head.noun, head.noun_id]
    Head.objects.bulk_update(heads, ["chain"], batch_size=1_000)


def unchain(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The columns go with what is in them."""


_BEGIN = "INSERT INTO ledger_head (noun, noun_id, seq, chain) VALUES (NEW.noun, NEW.noun_id, NEW.seq, NEW.chain)"
_MOVE = "UPDATE ledger_head SET seq = NEW.seq, chain = NEW.chain WHERE noun = NEW.noun AND noun_id = NEW.noun_id"


def _sqlite() -> Iterator[str]:
    yield f"CREATE TRIGGER ledger_event_begins AFTER INSERT ON ledger_event WHEN NEW.seq = 0 BEGIN {_BEGIN}; END"
    yield f"CREATE TRIGGER ledger_event_moves AFTER INSERT ON ledger_event WHEN NEW.seq > 0 BEGIN {_MOVE}; END"
    for table in _KEPT:
        stays = f"BEGIN SELECT RAISE(ABORT, '{table} is never changed'); END"
        yield f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} {stays}"
        yield f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} {stays}"
    # REPLACE deletes without asking the trigger for it.
    places = ("id = NEW.id", "noun = NEW.noun AND noun_id = NEW.noun_id AND seq = NEW.seq")  # one index each
    stays = "BEGIN SELECT RAISE(ABORT, 'ledger_event is never changed'); END"
    there = " OR ".join(f"EXISTS (SELECT 1 FROM ledger_event WHERE {place})" for place in places)  # noqa: S608 - nothing comes from outside
    yield f"CREATE TRIGGER ledger_event_replace BEFORE INSERT ON ledger_event WHEN {there} {stays}"
    moves = "BEGIN SELECT RAISE(ABORT, 'ledger_head only moves forward'); END"
    yield f"CREATE TRIGGER ledger_head_update BEFORE UPDATE ON ledger_head WHEN {_MOVED} {moves}"
    yield f"CREATE TRIGGER ledger_head_delete BEFORE DELETE ON ledger_head {moves}"


def _postgresql() -> Iterator[str]:
    steps = f"IF NEW.seq = 0 THEN {_BEGIN}; ELSE {_MOVE}; END IF; RETURN NULL;"
    yield f"CREATE FUNCTION ledger_chained() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {steps} END $$"
    trigger = "AFTER INSERT ON ledger_event FOR EACH ROW EXECUTE FUNCTION ledger_chained()"
    yield f"CREATE TRIGGER ledger_event_chained {trigger}"
    refusal = "RAISE EXCEPTION '% of % is refused: what was recorded stays', TG_OP, TG_TABLE_NAME"
    code = "USING ERRCODE = 'integrity_constraint_violation'"
    yield f"CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refusal} {code}; END $$"
    refused = "EXECUTE FUNCTION ledger_refuse()"
    for table in _KEPT:
        yield f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refused}"
    yield f"CREATE TRIGGER ledger_head_stays BEFORE DELETE ON ledger_head FOR EACH ROW {refused}"
    yield f"CREATE TRIGGER ledger_head_moves BEFORE UPDATE ON ledger_head FOR EACH ROW WHEN ({_MOVED}) {refused}"
    for table in (*_KEPT, "ledger_head"):
        yield f"CREATE TRIGGER {table}_is_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refused}"


def guard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _sqlite() if editor.connection.vendor == "sqlite" else _postgresql():
        editor.execute(statement, params=None)


def unguard(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION ledger_refuse() CASCADE")
        editor.execute("DROP FUNCTION ledger_chained() CASCADE")
        return
    for statement in _sqlite():
        editor.execute(f"DROP TRIGGER {statement.split()[2]}")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.AddField("event", "leaf", models.BinaryField(default=b"", max_length=32), preserve_default=False),
        migrations.AddField("event", "chain", models.BinaryField(default=b"", max_length=32), preserve_default=False),
        migrations.AddField("head", "chain", models.BinaryField(default=b"", max_length=32), preserve_default=False),
        migrations.RunPython(chain, unchain),
        migrations.RunPython(guard, unguard),
    ]
