"""Which judge found the clocks that are stored: after an upgrade another one may find others."""

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from encore import engine


@cache
def judged_by() -> str:
    """The engine, as a hash of its source, and the calendar, as the version of `holidays`: `3f2a91c04d1e/0.109`."""
    digest = sha256()
    for path in sorted(Path(engine.__file__).parent.glob("*.py")):
        content = path.read_bytes()
        digest.update(b"%s %d\n" % (path.name.encode(), len(content)) + content)
    return f"{digest.hexdigest()[:12]}/{version('holidays')}"
