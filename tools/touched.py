"""Prints the folders of tests that belong to what was changed since the last commit: for `make quick`."""

import subprocess
from pathlib import Path


def tests_of(changed: Path) -> Path | None:
    match changed.parts:
        case ("src", "encore", package, *_):
            folder = Path("tests", package)
        case ("tests", package, _, *_):
            folder = Path("tests", package)
        case ("tests", file) if file.startswith("test_"):
            folder = changed
        case _:
            return None
    return folder if folder.exists() else None


def main() -> None:
    status = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all", "--no-renames"],
        capture_output=True,
        text=True,
        check=True,
    )
    changed = (Path(line[3:].strip('"')) for line in status.stdout.splitlines())
    print(*sorted({str(tests) for path in changed if (tests := tests_of(path))}))


if __name__ == "__main__":
    main()
