"""Server, worker and tick killed at random moments under load. `--kills=200` is the long form.

What must hold afterwards: nothing that was acknowledged is lost; what a job writes is written once; what leaves the house
leaves it once at most, and where nobody knows, the job is unclear.
"""

import http.client
import http.cookiejar
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from encore.cli.main import _COMMANDS

pytestmark = pytest.mark.crash

Answer = http.client.HTTPResponse
Act = Callable[[urllib.request.OpenerDirector], None]

ROOT = Path(__file__).resolve().parents[2]
LEASE = 2
WEIGHTS = {"work": 8, "tick": 3, "web": 2, "server": 1}


def test_whatever_is_killed_nothing_is_lost_and_nothing_done_twice(trial: "Trial", pytestconfig: pytest.Config) -> None:
    kills = pytestconfig.getoption("--kills")
    prepared = json.loads(trial.ran(sys.executable, "-m", "tests.jobs.crash.prepare", str(20 + kills)))
    trial.serve()
    with Load(trial, prepared) as load:
        load.wait_for(5)
        for _ in range(kills):
            time.sleep(random.uniform(0.1, 1.5))
            trial.kill_something()
        trial.revive()
        load.wait_for(5)
    trial.ran(sys.executable, "-m", "tests.jobs.crash.faults", "rest")
    trial.end()
    told = {"complaints": load.complaints, "jobs": load.jobs, "ticked_at": datetime.now(UTC).isoformat()}
    trial.encore("tick")
    acknowledged = trial.home / "acknowledged"
    acknowledged.write_text(json.dumps(told))
    assert trial.ran(sys.executable, "-m", "tests.jobs.crash.faults", str(acknowledged)) == ""
    if "verify" in _COMMANDS:
        trial.encore("verify")


def test_pages_and_jobs_run_apart(trial: "Trial") -> None:
    prepared = json.loads(trial.ran(sys.executable, "-m", "tests.jobs.crash.prepare", "1"))
    trial.serve("--web")
    with Load(trial, prepared) as load:
        load.wait_for(1)
    assert set(trial.roles().values()) == {"server", "web"}
    apart = Trial(trial.home, trial.database)
    try:
        apart.serve("--worker")
        trial.ran(sys.executable, "-m", "tests.jobs.crash.faults", "rest")
        assert set(apart.roles().values()) == {"server", "work", "tick"}
        apart.end()
    finally:
        apart.close()
    trial.end()


class Trial:
    """A database and a home that nobody else uses, and the server on it."""

    def __init__(self, home: Path, database: str) -> None:
        self.home, self.database = home, database
        self._environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "ENCORE_HOME": str(home),
            "ENCORE_DATABASE": database,
            "ENCORE_LOG": "warning",
            "DJANGO_SETTINGS_MODULE": "tests.jobs.crash.settings",
        }
        self._log = (home / "log").open("a")
        self.server: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def ran(self, *command: str) -> str:
        done = subprocess.run(
            command, env=self._environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def encore(self, *arguments: str) -> str:
        return self.ran(sys.executable, "-m", "encore", *arguments)

    def serve(self, *options: str) -> None:
        command = [sys.executable, "-m", "encore", "serve", "--port", str(self.port), *options]
        command += ["--lease", str(LEASE), "--jobs", "4"]
        self.server = subprocess.Popen(
            command, env=self._environment, cwd=ROOT, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def processes(self) -> list[int]:
        """Those of the server that run, itself among them."""
        assert self.server is not None
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                is_over = entry.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z"
                if os.getsid(int(entry.name)) == self.server.pid and not is_over:
                    found.append(int(entry.name))
        return found

    def _whole(self) -> dict[int, str]:
        """The server's processes by their roles, when all of them are there again: one that only begins loses nothing."""
        last = time.monotonic() + 30
        while not set(WEIGHTS) <= set((roles := self.roles()).values()):
            assert time.monotonic() < last, "the server does not come back"
            self.revive()
            time.sleep(0.05)
        return roles

    def roles(self) -> dict[int, str]:
        return {process: self._role(process) for process in self.processes()}

    def _role(self, process: int) -> str:
        assert self.server is not None
        if process == self.server.pid:
            return "server"
        with suppress(OSError):
            words = Path(f"/proc/{process}/cmdline").read_text().split("\0")
            return next((role for role in ("work", "tick") if role in words), "web")
        return "web"

    def kill_something(self) -> None:
        """Any process of the server; if that is the server itself, at times all at once, as when the power fails."""
        assert self.server is not None
        roles = self._whole()
        victim = random.choices(list(roles), [WEIGHTS[role] for role in roles.values()])[0]
        for process in self.processes() if victim == self.server.pid and random.random() < 0.5 else [victim]:
            kill(process)
        # The server may also have ended by itself: it does so where its web workers die again and again.
        if victim == self.server.pid:
            self.server.wait()
        self.revive()

    def revive(self) -> None:
        assert self.server is not None
        if self.server.poll() is not None:
            self._serve_again()

    def _serve_again(self) -> None:
        assert self.server is not None
        self.server.wait()
        last = time.monotonic() + 30
        while self.processes():
            assert time.monotonic() < last, "a server that was killed left something running"
            time.sleep(0.05)
        self.serve()

    def end(self) -> None:
        assert self.server is not None
        self.server.terminate()
        assert self.server.wait(40) == 0
        assert self.processes() == []

    def close(self) -> None:
        if self.server is not None:
            for process in self.processes():
                kill(process)
            self.server.wait()
        self._log.close()


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """On the kind of database that the other tests use."""
    database = f"sqlite:///{tmp_path / 'encore.sqlite3'}"
    default = settings.DATABASES["default"]
    if default["ENGINE"].endswith("postgresql"):
        import psycopg

        name = f"trial_{uuid4().hex[:8]}"
        with closing(psycopg.connect(os.environ["ENCORE_DATABASE"], autocommit=True)) as server:
            server.execute(f"CREATE DATABASE {name}")
        database = f"postgresql://postgres@/{name}?host={default['HOST']}"
    made = Trial(tmp_path, database)
    made.encore("migrate")
    yield made
    made.close()


def kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


class Load:
    """Guests who complain and jobs that are put in, all the time. Kept is what the server has acknowledged."""

    def __init__(self, trial: Trial, prepared: dict[str, object]) -> None:
        self.complaints: list[str] = []
        self.jobs: list[int] = []
        self._base = f"http://127.0.0.1:{trial.port}"
        self._code, self._by = str(prepared["code"]), str(prepared["by"])
        self._followed = prepared["complaints"]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=(act,)) for act in (self._complain, self._put_in)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Until so many more of each were acknowledged."""
        complaints, jobs = len(self.complaints) + more, len(self.jobs) + more
        last = time.monotonic() + 60
        while len(self.complaints) < complaints or len(self.jobs) < jobs:
            assert time.monotonic() < last, "the server does not answer"
            time.sleep(0.05)

    def _go_on(self, act: Act) -> None:
        opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({}), Stay()
        )
        while not self._over.wait(random.uniform(0.01, 0.08)):
            # Whoever is cut off does not know whether it was taken; nothing follows from that.
            with suppress(urllib.error.URLError, http.client.HTTPException, OSError):
                act(opener)

    def _complain(self, opener: urllib.request.OpenerDirector) -> None:
        page = opener.open(f"{self._base}/r/{self._code}/", timeout=10).read().decode()
        token, key = (
            re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("csrfmiddlewaretoken", "form_key")
        )
        assert token
        assert key
        told = {"csrfmiddlewaretoken": token[1], "form_key": key[1], "text": "酒是温的。", "room": "B08"}
        if self._post(opener, f"/r/{self._code}/", told).status == 302:
            self.complaints.append(key[1])

    def _put_in(self, opener: urllib.request.OpenerDirector) -> None:
        assert isinstance(self._followed, list)
        told = {"complaint": str(random.choice(self._followed)), "by": self._by}
        answer = self._post(opener, "/trial/jobs/", told)
        if answer.status == 200:
            self.jobs += json.loads(answer.read())["jobs"]

    def _post(self, opener: urllib.request.OpenerDirector, address: str, told: dict[str, str]) -> Answer:
        return opener.open(self._base + address, urllib.parse.urlencode(told).encode(), timeout=10)  # type: ignore[no-any-return]


class Stay(urllib.request.HTTPErrorProcessor):
    """Every answer is an answer; nobody is led on."""

    def http_response(self, request: urllib.request.Request, response: Answer) -> Answer:
        return response
