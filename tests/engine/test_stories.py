"""Every story holds: those of the language, written for its traps, and those of the editions that come with the product."""

import hashlib
from pathlib import Path

import pytest

from encore import editions
from encore.engine.stories import Story, stories

FILES = [
    *sorted((Path(__file__).parent / "stories").glob("*.examples.toml")),
    *sorted(Path(editions.__file__).parent.glob("*.examples.toml")),
]


def told(file: Path) -> list[Story]:
    return list(
        stories(
            file.read_bytes(),
            file.name,
            beside=lambda path: (file.parent / path).read_bytes(),
            digest=lambda data: hashlib.sha256(data).hexdigest(),
        )
    )


@pytest.mark.parametrize(
    "story", [pytest.param(story, id=f"{file.stem}: {story.name}") for file in FILES for story in told(file)]
)
def test_the_story_holds(story: Story) -> None:
    assert story.differences() == []
