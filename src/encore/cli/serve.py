"""The server: web workers and the tick, in one command."""

import os
import socket
import subprocess
import sys
import threading
from typing import Final

import click

from encore.cli.django import require_migrated, start

# What the web server itself has to say goes the way of all log lines.
_LOGGING: Final = {
    "formatters": {"json": {"()": "encore.config.log.Lines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages and keep the clocks going.

    There is no signing in yet: whoever opens a page on this machine acts as the venue's manager, everybody else is a
    guest. Put nothing before the server that passes requests on from elsewhere without X-Forwarded-For; with
    ENCORE_BASE_URL set, everybody is a guest.
    """
    start()
    require_migrated()
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
    ticking = _Ticking()
    try:
        server.serve()
    finally:
        ticking.end()


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


class _Ticking:
    """The tick's process, started again if it dies."""

    def __init__(self) -> None:
        self._command = [sys.executable, "-m", "encore", "tick", "--every", "5", "--beside", str(os.getpid())]
        self._ended = threading.Event()
        self._process = subprocess.Popen(self._command)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._ended.is_set():
            status = self._process.wait()
            if self._ended.wait(2):
                return
            click.echo(f"The tick ended with status {status}; it is started again.", err=True)
            self._process = subprocess.Popen(self._command)

    def end(self) -> None:
        self._ended.set()
        self._process.terminate()
        self._process.wait()
