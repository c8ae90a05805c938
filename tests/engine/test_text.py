"""An edition as a document, and the document as Markdown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore import editions
from encore.engine import Edition, Terms, load_edition
from encore.engine.names import STANDARD
from encore.engine.patterns import ANNOUNCEMENTS
from encore.engine.text import languages, markdown, text_of
from encore.engine.words import EVENTS
from tests.engine.generate import case_of

BROUGHT = [load_edition(content, name) for name, content in editions.brought()]

HOUSE = """\
[edition]
id = "small"
title = { zh-Hans = "小合同", en = "small contract" }
version = "2"

[[party]]
key = "house"
label = { zh-Hans = "店家", en = "the house" }
role = "venue"

[[severity]]
key = "grave"
clause = "1.1"
label = { zh-Hans = "严重", en = "grave" }

[[severity]]
key = "light"
clause = "1.1"
label = { zh-Hans = "轻微", en = "light" }

[[clause]]
number = "1.1"
heading = { zh-Hans = "答复", en = "reply" }
text = { zh-Hans = "投诉应在 $reply_time 内答复，每晚一次付 US$100 *不含税*。", en = "A complaint is replied to in $reply_time, or US$100 a time." }

[[clause]]
number = "1.2"
text = { zh-Hans = "每季度 | 培训。", en = "Training, <b>every</b> quarter." }

[[clause]]
number = "annex.1"
text = { zh-Hans = "附件一。" }

[[parameter]]
key = "reply_time"
clause = "1.1"
kind = "duration"
default = "24h"
label = { zh-Hans = "答复时限", en = "time to reply" }

[[parameter]]
key = "debtor"
clause = "1.2"
kind = "choice"
choices = ["house"]
default = "house"

[[duty]]
id = "reply"
clause = "1.1"
owed_by = "house"
when = { event = "complaint.assessed", severity = "grave" }
from = "complaint.received"
done = ["complaint.replied", "complaint.result_sent"]
within = "$reply_time"

[[duty]]
id = "train"
clause = "1.2"
owed_by = "$debtor"
done = "training.held"
every = "1q"
align = "calendar"
grace = "5wd"
count = 2

[[duty]]
id = "hush"
clause = "1.2"
forbid = "secret.disclosed"
within = "3y"
"""


@pytest.fixture
def small() -> Edition:
    return load_edition(HOUSE.encode(), "small.toml")


def test_clauses_stand_in_articles_in_the_order_of_the_edition(small: Edition) -> None:
    text = text_of(small.terms())
    assert [(article.number, [entry.number for entry in article.entries]) for article in text.articles] == [
        ("1", ["1.1", "1.2"]),
        ("annex", ["annex.1"]),
    ]
    assert text.articles[1].title == {"zh-Hans": "附件", "en": "Annexes"}


def test_a_reference_in_the_text_is_replaced_and_what_only_looks_like_one_is_not(small: Edition) -> None:
    entry = text_of(small.terms({"reply_time": "2wd"})).entries[0]
    parts = entry.parts(entry.clause.text["zh-Hans"])
    assert [(written, value and value.text["zh-Hans"]) for written, value in parts] == [
        ("投诉应在 ", None),
        ("$reply_time", "2 个工作日"),
        (" 内答复，每晚一次付 US$100 *不含税*。", None),
    ]


def test_a_value_says_whether_the_contract_filled_it_in(small: Edition) -> None:
    def filled(terms: Terms) -> list[tuple[str, str, bool]]:
        return [(one.label["en"], one.text["en"], one.given) for one in text_of(terms).entries[0].values]

    assert filled(small.terms()) == [("time to reply", "24 hours", False)]
    assert filled(small.terms({"reply_time": "24h"})) == [("time to reply", "24 hours", True)]


def test_a_duty_says_how_long_from_when_by_what_and_who(small: Edition) -> None:
    reply, train, hush = text_of(small.terms({"reply_time": "0h"})).duties
    assert (reply.kind, reply.time, reply.left_open) == ("deadline", {"zh-Hans": "立即", "en": "at once"}, True)
    assert reply.start == {"zh-Hans": "投诉受理", "en": "complaint received"}
    assert reply.trigger["zh-Hans"] == "投诉初步判断（投诉等级为严重）"
    assert reply.done["en"] == "complaint replied or complaint result sent"
    assert reply.owed_by == train.owed_by == {"zh-Hans": "店家", "en": "the house"}
    assert (train.kind, train.trigger, train.left_open) == ("recurring", {}, False)
    assert train.time["zh-Hans"] == "每个季度至少 2 次，按日历计，期满后宽限 5 个工作日"
    assert train.time["en"] == "at least twice every quarter, by the calendar, with 5 working days of grace after it"
    assert (hush.kind, hush.time["en"]) == ("prohibition", "must not happen within 3 years")


def test_a_condition_that_every_row_of_a_list_meets_is_told_as_one(small: Edition) -> None:
    every = HOUSE.replace('severity = "grave" }', 'severity = ["grave", "light"] }')
    reply = text_of(load_edition(every.encode(), "every.toml").terms()).duties[0]
    assert reply.trigger == {"zh-Hans": "投诉初步判断（已定投诉等级）", "en": "complaint assessed (with its severity)"}


def test_nothing_in_a_text_can_be_taken_for_markdown(small: Edition) -> None:
    both = markdown(text_of(small.terms()), ["zh-Hans", "en"])
    [row] = [line for line in both.splitlines() if 'id="1.2"' in line]
    assert row.count(" | ") == 2
    assert r"每季度 \| 培训" in row
    assert r"\<b\>every\</b\>" in row
    assert r"\*不含税\*" in both


def test_what_is_filled_in_stands_in_its_place_in_the_markdown(small: Edition) -> None:
    text = text_of(small.terms({"reply_time": "12h"}))
    assert "投诉应在 **12 小时** 内答复" in markdown(text, ["zh-Hans"])
    assert "答复时限：**12 小时**（本合同填入）" in markdown(text, ["zh-Hans"])
    assert "time to reply: **12 hours** (filled in by this contract)" in markdown(text, ["en"])


def test_where_a_translation_is_missing_the_binding_text_stands(small: Edition) -> None:
    assert "附件一。" in markdown(text_of(small.terms()), ["en"])


def test_the_binding_language_comes_first() -> None:
    english = HOUSE.replace('version = "2"', 'version = "2"\nlanguage = "en"')
    edition = load_edition(english.encode(), "english.toml")
    assert languages(edition) == ["en", "zh-Hans"]
    assert "English (the text that binds)" in markdown(text_of(edition.terms()), languages(edition))


def test_a_time_is_told_in_words_though_its_parameter_has_no_kind() -> None:
    loose = load_edition(HOUSE.replace('kind = "duration"\n', "").encode(), "loose.toml")
    assert text_of(loose.terms()).entries[0].values[0].text == {"zh-Hans": "24 小时", "en": "24 hours"}


def test_a_clause_can_be_linked_whatever_its_number_is() -> None:
    odd = HOUSE.replace('"annex.1"', "'第 一条\"><b>'")
    text = text_of(load_edition(odd.encode(), "odd.toml").terms())
    assert text.entries[-1].anchor == "第-一条-b-"
    assert '<a id="第-一条-b-"></a>第 一条"\\>\\<b\\>' in markdown(text, ["zh-Hans", "en"])


@pytest.mark.parametrize(("written", "shown"), [("1. 道歉", r"1\. 道歉"), ("- 赔偿", r"\- 赔偿"), ("1.2 条", "1.2 条")])
def test_a_clause_that_begins_like_a_list_stays_a_sentence(written: str, shown: str) -> None:
    edition = load_edition(HOUSE.replace("附件一。", written).encode(), "list.toml")
    assert f"\n{shown}\n" in markdown(text_of(edition.terms()), ["zh-Hans"])


def test_every_standard_event_has_a_chinese_name() -> None:
    assert set(EVENTS) == STANDARD - ANNOUNCEMENTS


@given(st.integers(0, 5_000))
def test_whatever_an_edition_says_can_be_told(seed: int) -> None:
    case = case_of(seed)
    terms = load_edition(case.edition_bytes(), "case.toml").terms(case.parameters)
    text = text_of(terms)
    written = markdown(text, languages(text.edition))
    assert len(re.findall(r"<a id=", written)) == len(text.edition.clauses)
    assert {one.id for one in text.duties} == set(terms.rules)
    assert all(one.time["zh-Hans"] and one.start["en"] and one.done["en"] for one in text.duties)


@pytest.mark.parametrize("edition", BROUGHT, ids=lambda edition: edition.id)
def test_every_clause_value_and_duty_of_an_edition_stands_once_in_its_document(edition: Edition) -> None:
    text = text_of(edition.terms())
    assert [entry.number for entry in text.entries] == list(edition.clauses)
    assert sorted(one.id for one in text.duties) == sorted(edition.duties)
    assert sorted(value.key for entry in text.entries for value in entry.values) == sorted(edition.parameters)
    for shown in (["zh-Hans"], ["en"], ["zh-Hans", "en"]):
        written = markdown(text, shown)
        assert re.findall(r'<a id="([^"]+)">', written) == [entry.anchor for entry in text.entries]


@pytest.mark.parametrize("edition", BROUGHT, ids=lambda edition: edition.id)
def test_what_is_said_of_an_edition_in_chinese_has_no_bare_code_in_it(edition: Edition) -> None:
    text = text_of(edition.terms())
    said = [one for duty in text.duties for one in (duty.time, duty.start, duty.done, duty.owed_by)]
    said += [value.text for entry in text.entries for value in entry.values]
    assert [one for one in said if re.search(r"[a-z]", one.get("zh-Hans", ""))] == []
