"""Contracts and editions as texts."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from encore.accounts.staff import StaffRequest, staff
from encore.contracts import queries
from encore.contracts.views.finding import found_contract
from encore.engine import Edition, Terms
from encore.engine.text import Text, anchor, in_language, languages, markdown, text_of
from encore.web.traditional import traditional

_NAMES: Final = {"zh-Hans": "中文", "zh-Hant": "繁體中文", "en": "English"}
# Beside a value in each column's own language, whatever the reader's.
_DEFAULT: Final = {"zh-Hans": "默认", "en": "default"}
_GIVEN: Final = {"zh-Hans": "本合同填入", "en": "filled in by this contract"}


@dataclass(frozen=True)
class Column:
    """A language of a text as it is read: what was written in simplified characters may be shown in traditional ones."""

    language: str
    converted: bool
    binds: bool

    @property
    def lang(self) -> str:
        return "zh-Hant" if self.converted else self.language

    @property
    def name(self) -> str:
        return _NAMES.get(self.language, self.language)

    def said(self, written: str) -> str:
        return traditional(written) if self.converted else written

    def of(self, texts: dict[str, str]) -> str:
        return self.said(in_language(texts, self.language))


@staff
@require_safe
def text(request: StaffRequest, reference: str) -> HttpResponse:
    """What the parties have agreed: the edition that governs the contract, with its values."""
    contract = found_contract(request, reference)
    read = text_of(queries.terms_of(contract))
    context = {**_read(request, read), "contract": contract, "amended_at": queries.amended_at(contract), "at": now()}
    return render(request, "contracts/text.html", context)


@staff
@require_safe
def text_markdown(request: StaffRequest, reference: str) -> HttpResponse:
    contract = found_contract(request, reference)
    return _markdown(request, queries.terms_of(contract), contract.reference)


@staff
@require_safe
def editions(request: StaffRequest) -> HttpResponse:
    """The editions that come with the product."""
    texts = [text_of(terms) for terms in queries.brought().values()]
    return render(request, "contracts/editions.html", {"texts": texts})


@staff
@require_safe
def edition(request: StaffRequest, id: str) -> HttpResponse:
    others = [terms.edition for other, terms in queries.brought().items() if other != id]
    context = {**_read(request, text_of(_brought(id))), "contract": None, "others": others}
    return render(request, "contracts/text.html", context)


@staff
@require_safe
def edition_markdown(request: StaffRequest, id: str) -> HttpResponse:
    return _markdown(request, _brought(id), id)


def _brought(id: str) -> Terms:
    try:
        return queries.brought()[id]
    except KeyError:
        raise Http404 from None


@staff
@require_safe
def compared(request: StaffRequest, left: str, right: str) -> HttpResponse:
    """Two editions, clause by clause."""
    if left == right or not {left, right} <= queries.brought().keys():
        raise Http404
    context = {
        "comparison": queries.compared(left, right),
        "brought": [terms.edition for terms in queries.brought().values()],
        "anchor": anchor,
        "reasons": _reasons(),
        "facts": {"time": _("time"), "start": _("counted from"), "done": _("done by"), "owed_by": _("owed by")},
        "term": {
            "length": _("length of the contract"),
            "renewal_notice": _("talk of renewal before the end"),
            "termination_notice": _("notice before rescission"),
            "confidentiality_tail": _("secrecy after the end"),
            "copies": _("originals"),
            "effective_on": _("takes effect upon"),
            "law": _("governing law"),
            "disputes": _("disputes are settled by"),
            "place": _("place of settlement"),
        },
    }
    return render(request, "contracts/compared.html", context)


def _reasons() -> dict[str, str]:
    return {
        "promise": _("the same promise"),
        "heading": _("the same heading"),
        "document": _("the same document"),
        "events": _("duties set running and fulfilled by the same events"),
        "vocabulary": _("the same list"),
        "act": _("the same act of the product"),
    }


def _shown(request: StaffRequest, edition: Edition) -> list[str]:
    """The language that the reader asked for, else all that the edition is written in."""
    written = languages(edition)
    return [language for language in written if language == request.GET.get("lang")] or written


def _read(request: StaffRequest, read: Text) -> dict[str, Any]:
    written, shown = languages(read.edition), _shown(request, read.edition)
    hant = get_language() == "zh-hant"
    return {
        "text": read,
        "edition": read.edition,
        "columns": [
            Column(language, hant and language == "zh-Hans", language == read.edition.language) for language in shown
        ],
        "choices": [("", _("side by side")), *((language, _NAMES.get(language, language)) for language in written)],
        "chosen": shown[0] if len(shown) < len(written) else "",
        "default_mark": _DEFAULT,
        "given_mark": _GIVEN,
        "kinds": {"deadline": _("deadline"), "recurring": _("period"), "prohibition": _("prohibition")},
    }


def _markdown(request: StaffRequest, terms: Terms, name: str) -> HttpResponse:
    written = markdown(text_of(terms), _shown(request, terms.edition))
    return HttpResponse(
        written,
        content_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.md"'},
    )
