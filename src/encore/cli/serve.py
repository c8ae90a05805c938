"""The server: pages, tick and worker, in one command or apart."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final

import click

from encore.cli.django import require_migrated, start

# What the web server itself has to say goes the way of all log lines.
_LOGGING: Final = {
    "formatters": {"json": {"()": "encore.config.log.Lines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}

_PATIENCE: Final = 20  # seconds: somewhat longer than the worker waits for its jobs


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 16), help="Jobs at a time.")
@click.option("--web", is_flag=True, help="Only the pages.")
@click.option("--worker", is_flag=True, help="Only the tick and the jobs.")
@click.option("--lease", type=click.FloatRange(min=1), hidden=True, help="How long the worker may be silent.")
def serve(host: str, port: int, workers: int, jobs: int, web: bool, worker: bool, lease: float | None) -> None:
    """Serve the pages, keep the clocks going and do the jobs.

    On PostgreSQL `--web` and `--worker` run apart, each on as many machines as there is need for; the database is all
    that they share.

    While the database holds the demonstration, a link is printed that signs in its manager. It works once.
    """
    start()
    require_migrated()
    work = ["work", "--jobs", str(jobs), *([] if lease is None else ["--lease", str(lease)])]
    beside = [] if web and not worker else [["tick", "--every", "5"], work]
    if worker and not web:
        _keep_going(beside)
    else:
        _serve_pages(host, port, workers, beside)


def _keep_going(commands: Sequence[Sequence[str]]) -> None:
    def end(*_: object) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    click.echo("Encore 返场 keeps the clocks and does the jobs (Ctrl-C ends it)")
    companions = [_Companion(command) for command in commands]
    try:
        while True:
            signal.pause()
    finally:
        _end(companions)


def _serve_pages(host: str, port: int, workers: int, commands: Sequence[Sequence[str]]) -> None:
    require_free(host, port)
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "encore.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,  # each holds a connection of its own; the default is far too many for SQLite
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,  # a worker that hangs does not keep the server from ending
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        log_access=False,  # the product writes its own lines, without addresses
    )
    click.echo(f"Encore 返场 is served at http://{host}:{port}/ (Ctrl-C ends it)")
    _show_the_way_in(f"http://{host}:{port}")
    companions = [_Companion(command) for command in commands]
    try:
        server.serve()
    finally:
        _end(companions)


def _show_the_way_in(address: str) -> None:
    """Into a demonstration by one click; nobody's house is opened like that."""
    from django.db import connection
    from django.urls import reverse
    from django.utils.timezone import now

    from encore.accounts import links
    from encore.accounts.models import Post, User

    made_up = User.objects.filter(organisation__is_made_up=True, post=Post.MANAGER, is_active=True)
    person = made_up.order_by("pk").first()
    if person is not None:
        token = links.make(person, links.Purpose.ENTER, now())
        click.echo("一键进入演示（30 分钟内一次有效） · To look around, open once within 30 minutes:")
        click.echo(f"  {address}{reverse('enter', args=[token])}")
    connection.close()


def require_free(host: str, port: int) -> None:
    """Refuses an address that is served already: the web server would share it, and every other answer be another's."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise click.ClickException(
                f"{host}:{port} cannot be served: {error.strerror}. Name another --port."
            ) from None


class _Companion:
    """A process beside the server, started again if it dies."""

    def __init__(self, command: Sequence[str]) -> None:
        self._name = command[0]
        self._command = [sys.executable, "-m", "encore", *command, "--beside", str(os.getpid())]
        self._starting = threading.Lock()
        self._ended = threading.Event()
        self._process = self._begun()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            status = self._process.wait()
            if self._ended.wait(1):
                return
            with self._starting:
                if self._ended.is_set():
                    return
                click.echo(f"`encore {self._name}` ended with status {status}; it is started again.", err=True)
                self._process = self._begun()

    def _begun(self) -> "subprocess.Popen[bytes]":
        # In a process group of its own: Ctrl-C reaches the server only, which then ends it.
        return subprocess.Popen(self._command, process_group=0)

    def ask_to_end(self) -> None:
        with self._starting:
            self._ended.set()
            self._process.terminate()

    def end(self, seconds: float) -> None:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _end(companions: Sequence[_Companion]) -> None:
    for companion in companions:
        companion.ask_to_end()
    last = time.monotonic() + _PATIENCE
    for companion in companions:
        companion.end(max(0, last - time.monotonic()))
