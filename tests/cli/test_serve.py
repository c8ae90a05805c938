"""The server as a user starts it: a fresh home, three commands."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.crash


def encore(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = {"PATH": "/usr/bin:/bin", "ENCORE_HOME": str(home), "ENCORE_LOG": "info"}
    command = [sys.executable, "-m", "encore", *arguments]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )


def finished(home: Path, *arguments: str) -> str:
    process = encore(home, *arguments)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    finished(tmp_path, "migrate")
    finished(tmp_path, "demo", "--complaints", "3")
    process = encore(tmp_path, "serve", "--port", str(port))
    yield process
    for number in running(process):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    process.communicate()


def page(port: int) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the server did not answer")


def way_in(server: "subprocess.Popen[str]") -> str:
    """The link that the server prints while it holds the demonstration."""
    assert server.stdout
    return next(line.strip() for line in server.stdout if "/enter/" in line)


def opened(link: str) -> str:
    for _ in range(100):
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        try:
            with browser.open(link, timeout=5) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the link opens nothing")


def running(server: "subprocess.Popen[str]") -> list[int]:
    """The processes of the server, by their number."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            is_over = entry.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z"
            if os.getsid(int(entry.name)) == server.pid and not is_over:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_the_server_shows_the_board_and_ends_with_its_tick(server: "subprocess.Popen[str]", port: int) -> None:
    link = way_in(server)
    assert "登录" in page(port)
    assert "K-" in opened(link), "one click from the terminal to the board"
    assert "登录" in page(port), "whoever has no cookie is nobody"
    server.send_signal(signal.SIGTERM)
    said, _ = server.communicate(timeout=20)
    assert link.startswith(f"http://127.0.0.1:{port}/enter/")
    assert link.rpartition("/enter/")[2].strip("/") not in said, "the log holds no token"
    assert "Traceback" not in said
    assert running(server) == []
    assert '"route":"/"' in said


def test_a_server_that_is_killed_leaves_nothing_running(server: "subprocess.Popen[str]", port: int) -> None:
    page(port)
    assert len(running(server)) > 3, "the server, its tick, and two workers"
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    for _ in range(150):
        if not running(server):
            return
        time.sleep(0.1)
    raise AssertionError(f"still running: {running(server)}")


def test_a_database_that_is_not_made_yet_is_told_how_to_be(tmp_path: Path) -> None:
    process = encore(tmp_path, "serve")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Run: encore migrate" in said
