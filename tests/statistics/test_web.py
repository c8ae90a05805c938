"""A web process never loads what is heavy, however many pages it has served."""

import subprocess
import sys
from typing import Final

HEAVY: Final = ("scipy", "statsmodels", "svy", "pandas", "numpy", "polars")

# Every page that takes no parameter is asked for as a manager, until a hundred were answered, and every module of ours that a
# page may come to use is loaded.
SERVED: Final = """
import sys
from itertools import cycle, islice

import django
django.setup()
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, get_resolver

call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
from encore.accounts.models import Organisation, Post, Role, User

venue = Organisation.objects.create(name="星河里", role=Role.VENUE)
boss = User.objects.create(username="boss", name="周敏", organisation=venue, post=Post.MANAGER)

def addresses(resolver, before=""):
    for entry in resolver.url_patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            if not entry.pattern.converters and "sign-out" not in path:
                yield "/" + path
        else:
            yield from addresses(entry, path)

client = Client(SERVER_NAME="localhost", raise_request_exception=False)
client.force_login(boss)
every = list(addresses(get_resolver()))
assert len(every) > 10, every
found = {client.get(address).status_code for address in islice(cycle(every), 100)}
assert 200 in found, found
print(sorted(set(sys.argv[1:]) & set(sys.modules)))
"""


def test_after_a_hundred_pages_a_web_process_has_no_statistics_in_it(tmp_path: object) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "encore.config.settings",
        "ENCORE_HOME": str(tmp_path),
        "ENCORE_LOG": "error",
    }
    done = subprocess.run(
        [sys.executable, "-c", SERVED, *HEAVY], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
