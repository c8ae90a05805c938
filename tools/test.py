"""`make test`: the tests on SQLite and on PostgreSQL at the same time, one a core.

What needs no database runs beside SQLite only; browsers and killed processes run on PostgreSQL only. A whole run without a
failure also writes down which clauses of the editions it has walked: docs/clauses.md.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

HALVES: Final = {
    "SQLite": ["-m", "not browser and not crash and not postgresql"],
    "PostgreSQL": [
        "-m",
        "not sqlite and not once",
        "-p",
        "tests.postgres",
        "--ignore=tests/engine",
        "--ignore=tests/money",
    ],
}
ROOT: Final = Path(__file__).resolve().parent.parent
LIMIT: Final = 25 * 60  # seconds: longer than any run takes, shorter than anybody's patience


def start(arguments: list[str], output: IO[str]) -> subprocess.Popen[str]:
    # Also processes that the tests start load what is compiled already, instead of compiling it again each.
    left_out = {"ENCORE_DATABASE", "PYTHONDONTWRITEBYTECODE"}
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    command = [sys.executable, "-m", "pytest", "--color=auto", "-p", "no:cacheprovider", *arguments, *sys.argv[1:]]
    return subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True)


def stop(processes: Iterable[subprocess.Popen[str]]) -> None:
    """As Ctrl-C would, so that what the tests have started is ended too; by force where that is not heeded."""
    for process in processes:
        process.send_signal(signal.SIGINT)
    for process in processes:
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> int:
    began = time.monotonic()
    closing, failed = [], False
    place = tempfile.TemporaryDirectory()
    walked = {half: Path(place.name, f"{half}.json") for half in HALVES}
    outputs = {half: tempfile.TemporaryFile("w+") for half in HALVES}  # noqa: SIM115 - they live as long as the run
    running = {
        half: start([*arguments, f"--walked={walked[half]}"], outputs[half]) for half, arguments in HALVES.items()
    }
    while running:
        if time.monotonic() - began > LIMIT:
            closing.append(f"Stopped after {LIMIT} s: {' and '.join(running)}.")
            stop(running.values())
        for half, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[half]
            outputs[half].seek(0)
            text = outputs[half].read()
            print(f"\n===== {half} =====\n{text}", flush=True)
            closing.append(f"{half + ':':12} {text.rstrip().rpartition(chr(10))[2].strip('= ')}")
            failed = failed or process.returncode != 0
        time.sleep(0.1)
    print("\n" + "\n".join([*closing, f"{'both:':12} {time.monotonic() - began:.0f} s"]), flush=True)
    if not failed and not sys.argv[1:]:
        failed = subprocess.run([sys.executable, "-m", "tools.clauses", *walked.values()], cwd=ROOT).returncode != 0
    place.cleanup()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
