"""What the kit costs: a list of fifty rows through it, beside a plain table of the same rows behind the same middleware; and
how soon a cold `encore serve` answers its first page, beside a bare server that says hello.

    python -m bench.pages
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

ROUNDS: Final = 15
IN_A_ROUND: Final = 4

_PLAIN: Final = """{% extends "web/staff.html" %}
{% block title %}{{ caption }}{% endblock %}
{% block main %}<table class="table"><caption>{{ caption }}</caption>
<thead><tr>{% for title in titles %}<th scope="col">{{ title }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr>{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>
{% endblock %}"""
_HELLO: Final = """
import sys
from wsgiref.simple_server import make_server
def hello(environ, start):
    start("200 OK", [("Content-Type", "text/html")])
    return [b"hello"]
make_server("127.0.0.1", int(sys.argv[1]), hello).serve_forever()
"""


def plain(request: Any) -> Any:
    """The same rows by hand: one query, a loop, values as text; no search, no filter, no order, no second page."""
    from django.http import HttpResponse
    from django.template import engines
    from django.utils.timezone import now

    from encore.complaints import queries
    from encore.web import clockface

    at = now()
    rows = queries.visible_to(request.user).order_by("-received_at", "-pk")[:50]
    context = {
        "caption": "All complaints",
        "titles": ["Number", "Received", "Level", "Category", "Room", "What the guest says"],
        "rows": [
            (row.reference, clockface.moment(row.received_at, at), row.severity, row.category, row.room, row.text[:90])
            for row in rows
        ],
    }
    if not hasattr(plain, "template"):
        plain.template = engines["jinja2"].from_string(_PLAIN)  # type: ignore[attr-defined]
    return HttpResponse(plain.template.render(context, request))  # type: ignore[attr-defined]


def cost(act: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    began = time.process_time()
    for _time in range(IN_A_ROUND):
        act()
    return (time.process_time() - began) * 1000 / IN_A_ROUND


def lists() -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client
    from django.test.utils import override_settings
    from django.urls import include, path
    from django.utils.timezone import now

    from encore.accounts.models import Organisation, Post, Role, User
    from encore.complaints import operations
    from encore.contracts.drafts import draw_up
    from encore.contracts.operations import make_effective, sign
    from encore.editions import demonstrated

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    at = now()
    venue = Organisation.objects.create(name="星河里", role=Role.VENUE)
    agency = Organisation.objects.create(name="澄酿推广", role=Role.AGENCY)
    boss = User.objects.create(username="bench", name="周敏", organisation=venue, post=Post.MANAGER)
    name, content = demonstrated()
    contract = draw_up(content, name, {}, venue=venue, agency=agency, at=at - timedelta(days=9))
    sign(contract, by=boss, at=at - timedelta(days=9))
    contract = make_effective(contract, by=boss, at=at - timedelta(days=8))
    told = [
        operations.Told(f"第{place}条：酒是温的，叫了三次没人来。" * 3, f"bench:{place}", "B08") for place in range(50)
    ]
    operations.bring_in(told, contract=contract, channel="other", by=boss, at=at - timedelta(hours=2))

    urls = type(sys)("bench_urls")
    urls.urlpatterns = [path("plain/", plain), path("", include(settings.ROOT_URLCONF))]  # type: ignore[attr-defined]
    sys.modules["bench_urls"] = urls
    with override_settings(ROOT_URLCONF="bench_urls"):
        client = Client(headers={"accept-language": "zh-CN"}, SERVER_NAME="localhost")
        client.force_login(boss)
        pages = {address: partial(client.get, address) for address in ("/plain/", "/complaints/all/", "/complaints/")}
        for act in pages.values():
            assert act().content.count(b"<tr") >= 51
            act()
        found: dict[str, list[float]] = {address: [] for address in pages}
        for _round in range(ROUNDS):  # by turns, so that a busy machine is busy for all of them
            for address, act in pages.items():
                found[address].append(cost(act))
    base = statistics.median(found["/plain/"])
    print(f"50 rows, plain table:        {base:6.1f} ms CPU")
    for address, what in (("/complaints/all/", "through the kit"), ("/complaints/", "with clocks, clauses")):
        ratio = statistics.median(one / other for one, other in zip(found[address], found["/plain/"], strict=True))
        print(f"50 rows, {what + ':':<20}{statistics.median(found[address]):6.1f} ms CPU, {ratio:.2f} × plain")


def first_answer(command: Sequence[str], path: str) -> float:
    """Seconds from the start of a server to its first page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.perf_counter()
    server = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                    assert answer.status == 200
                    return time.perf_counter() - began
            except OSError:
                if time.perf_counter() - began > 30:
                    raise
                time.sleep(0.005)
    finally:
        server.terminate()
        server.wait()


def starts() -> None:
    hello = min(first_answer([sys.executable, "-c", _HELLO], "/") for _time in range(3))
    print(f"first page of a bare hello:  {hello:6.2f} s")
    served = min(first_answer([sys.executable, "-m", "encore", "serve", "--port"], "/sign-in/") for _time in range(3))
    print(f"first page of encore serve:  {served:6.2f} s (best of 3; goal 1.5 s)")


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"ENCORE_HOME": home, "ENCORE_LOG": "error", "DJANGO_SETTINGS_MODULE": "encore.config.settings"}
        os.environ.pop("ENCORE_DATABASE", None)
        lists()
        starts()


if __name__ == "__main__":
    main()
