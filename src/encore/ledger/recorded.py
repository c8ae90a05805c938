"""Which events the operations of the product record; what else an edition speaks of is recorded by hand."""

from functools import cache

from django.apps import apps


@cache
def recorded() -> frozenset[str]:
    """The event types that apps name in their configs as `records`. A test holds them to what their operations do."""
    return frozenset().union(*(getattr(app, "records", ()) for app in apps.get_app_configs()))
