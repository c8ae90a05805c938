"""What the product has, by the names that clauses speak of in `realised`."""

from collections.abc import Iterator

from django.apps import apps
from django.urls import URLResolver, get_resolver

from encore.accounts.rights import RIGHTS


def names() -> frozenset[str]:
    """`operation:complaints.assess`, `page:complaints/queue`, and what an app says of itself in its config: `realises`,
    names such as `document:training-record`."""
    operations = {f"operation:{operation}" for operation in RIGHTS}
    pages = {f"page:{page}" for page in _pages(get_resolver(), ())}
    return frozenset(operations | pages).union(*(getattr(app, "realises", ()) for app in apps.get_app_configs()))


def _pages(resolver: URLResolver, spaces: tuple[str, ...]) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _pages(pattern, (*spaces, pattern.namespace) if pattern.namespace else spaces)
        elif pattern.name:
            yield "/".join((*spaces, pattern.name))
