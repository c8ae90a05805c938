"""The register of papers: which there are, of which kind of thing, and who makes them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.utils.functional import Promise

from encore.accounts.models import User
from encore.documents.paper import Paper
from encore.documents.typesetting import ROOT

FORMS: Final = ("pdf", "docx", "xlsx")
_PLAIN: Final = ROOT / "documents/templates/documents/paper.typ"


@dataclass(frozen=True)
class Reader:
    """For whom a paper is made, and when. `site`: the address of the house, for pictures that lead to its pages."""

    user: User
    at: datetime
    site: str = ""


def _everybody(user: User) -> bool:
    return True


@dataclass(frozen=True)
class Document:
    """`noun`: the kind of thing it is about; who may not see the row has no paper of it. `may`: whose post it is for."""

    key: str
    label: str | Promise
    noun: str
    build: Callable[[Any, Reader], Paper]
    template: Path = _PLAIN
    forms: tuple[str, ...] = FORMS
    may: Callable[[User], bool] = _everybody


DOCUMENTS: Final[dict[str, Document]] = {}


def document(
    key: str,
    label: str | Promise,
    *,
    noun: str,
    template: str = "",
    may: Callable[[User], bool] = _everybody,
) -> Callable[[Callable[[Any, Reader], Paper]], Callable[[Any, Reader], Paper]]:
    """Registers what makes a paper of a row. `template`: `books/reimbursement.typ`, where its form is laid down."""

    def registered(build: Callable[[Any, Reader], Paper]) -> Callable[[Any, Reader], Paper]:
        if template:
            package = template.split("/")[0]
            path = ROOT / package / "templates" / template
            DOCUMENTS[key] = Document(key, label, noun, build, path, ("pdf",), may)
        else:
            DOCUMENTS[key] = Document(key, label, noun, build, may=may)
        return build

    return registered


def of_noun(noun: str, user: User) -> list[Document]:
    """The papers that this person may have of things of a kind."""
    return [one for one in DOCUMENTS.values() if one.noun == noun and one.may(user)]
