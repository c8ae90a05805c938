from pathlib import Path

import pytest
from babel.messages.mofile import read_mo

from tools import messages

PAGE = '<p>{{ _("Hello {name}") }}</p>{% trans n=3 %}{{ n }} day{% pluralize %}{{ n }} days{% endtrans %}'


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of one page, with an empty catalogue."""
    templates, catalogue = tmp_path / "web/templates/web", tmp_path / "locale/zh_Hans/LC_MESSAGES"
    templates.mkdir(parents=True)
    catalogue.mkdir(parents=True)
    (templates / "page.html").write_text(PAGE)
    (tmp_path / "locale/zh_Hant.toml").write_text("[messages]\n")
    monkeypatch.setattr(messages, "SOURCE", tmp_path)
    monkeypatch.setattr(messages, "LOCALE", tmp_path / "locale")
    monkeypatch.setattr(messages, "OVERRIDES", tmp_path / "locale/zh_Hant.toml")
    messages.extract()
    return tmp_path


def translate(source: Path, english: str, chinese: str) -> None:
    catalogue = source / "locale/zh_Hans/LC_MESSAGES/django.po"
    before, found, after = catalogue.read_text().partition(f'"{english}"')
    assert found
    catalogue.write_text(before + found + after.replace('""', f'"{chinese}"', 1))


def test_a_text_without_translation_is_a_fault(source: Path) -> None:
    assert list(messages.faults()) == ["not translated: 'Hello {name}'", "not translated: '%(n)s day'"]


def test_a_translation_has_the_fields_of_its_english(source: Path) -> None:
    translate(source, "Hello {name}", "你好，{who}")
    translate(source, "%(n)s days", "%(m)s 天")
    assert list(messages.faults()) == [
        "other fields in braces than the English: 'Hello {name}'",
        "unknown named placeholder 'm': '%(n)s day'",
    ]


def test_a_complete_catalogue_has_no_fault_and_keeps_its_translations(source: Path) -> None:
    translate(source, "Hello {name}", "你好，{name}")
    translate(source, "%(n)s days", "%(n)s 天")
    messages.extract()
    assert list(messages.faults()) == []


def test_an_override_stands_in_the_traditional_catalogue(source: Path) -> None:
    translate(source, "Hello {name}", "你好，{name}")
    translate(source, "%(n)s days", "%(n)s 天")
    (source / "locale/zh_Hant.toml").write_text('[messages]\n"Hello {name}" = "{name}，您好"\n"Gone" = "沒有了"\n')
    messages.compile_()
    with messages.path("zh_Hant", "mo").open("rb") as file:
        message = read_mo(file).get("Hello {name}")
    assert message is not None
    assert message.string == "{name}，您好"
    assert list(messages.faults()) == ["overridden in zh_Hant.toml, but not in the catalogue: 'Gone'"]
