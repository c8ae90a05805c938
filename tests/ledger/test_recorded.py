"""What apps say that their operations record, held to what these do."""

import ast

from django.apps import apps

from encore.ledger.kinds import KINDS
from encore.ledger.recorded import recorded
from tests.test_house import SOURCE, trees


def written() -> dict[str, set[str]]:
    """By package, the types that stand written in what its operations do: they are handed to `record` there, or by a plain step."""
    found: dict[str, set[str]] = {}
    for path, tree in trees().items():
        package, *inner = path.relative_to(SOURCE).parts
        is_act = any(part.removesuffix(".py") == "operations" for part in inner)
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="record"), args=[ast.Constant(value=str(type)), *_]):
                    found.setdefault(package, set()).add(type)
                case ast.Constant(value=str(type)) if is_act and type in KINDS:
                    found.setdefault(package, set()).add(type)
    return found


def test_every_app_says_which_events_its_operations_record() -> None:
    said = {app.label: set(records) for app in apps.get_app_configs() if (records := getattr(app, "records", ()))}
    assert said == written()
    assert recorded() == frozenset().union(*said.values())
