"""What apps say that their operations record, held to what these do."""

import ast

from django.apps import apps

from encore.ledger.recorded import recorded
from tests.test_house import SOURCE, trees


def written() -> dict[str, set[str]]:
    """By package, the types that stand written in a call of `record`."""
    found: dict[str, set[str]] = {}
    for path, tree in trees().items():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="record"), args=[ast.Constant(value=str(type)), *_]):
                    found.setdefault(path.relative_to(SOURCE).parts[0], set()).add(type)
    return found


def test_every_app_says_which_events_its_operations_record() -> None:
    said = {app.label: set(records) for app in apps.get_app_configs() if (records := getattr(app, "records", ()))}
    assert said == written()
    assert recorded() == frozenset().union(*said.values())
