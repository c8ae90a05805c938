"""What events may carry: only what is declared for their type, and no text but what an edition asks for."""

import re
import unicodedata
from importlib.resources import files
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from encore.accounts.models import Organisation, User
from encore.contracts.drafts import draw_up
from encore.contracts.models import Contract
from encore.contracts.operations import make_effective, sign
from encore.engine import Edition, ParameterError, load_edition
from encore.engine.patterns import Pattern
from encore.ledger.canonical import canonical
from encore.ledger.kinds import KINDS, PARAMETERS, NotDeclared
from encore.ledger.models import TermsInForce
from encore.ledger.terms import keep_edition
from encore.ledger.verification import Tally, clocks, entries, streams
from tests.cast import EDITION, EFFECTIVE, recording_at

LANGUAGE = Path(__file__).parents[3] / "shared/design/contract-language.md"
ASKING = EDITION.replace(
    b"[[severity]]",
    b"""[[parameter]]
key = "keeper"
clause = "1"
kind = "text"
default = "manager"

[[parameter]]
key = "place"
clause = "1"
kind = "choice"
choices = ["\xe4\xb8\x8a\xe6\xb5\xb7", "hall"]
default = "hall"

[[parameter]]
key = "pause"
clause = "1"
kind = "duration"
default = "24h"

[[severity]]""",
    1,
)


def shipped() -> list[Edition]:
    folder = files("encore.editions")
    found = [one for one in folder.iterdir() if re.fullmatch(r"ktv_[a-z]\.toml", one.name)]
    assert found
    return [load_edition(one.read_bytes(), one.name) for one in found]


def patterns(edition: Edition) -> list[Pattern]:
    found: list[Pattern] = []
    for duty in edition.file.duty:
        for listed in (duty.when, duty.done, duty.from_, duty.forbid, duty.cancel, duty.until):
            found.extend(listed or ())
    for stage in edition.file.stage:
        found.extend(stage.enters or ())
    return found


def test_every_standard_event_is_declared() -> None:
    if not LANGUAGE.exists():
        pytest.skip("the description of the contract language lies in ../shared, which is not here")
    named: set[str] = set()
    for line in LANGUAGE.read_text().partition("## 5.")[2].splitlines():
        if not (row := re.fullmatch(r"\| ([a-z_]+) \| (.*) \|", line)) or row[1] == "subject":
            continue
        noun = row[1]
        for part in row[2].split(";"):
            before, colon, after = part.partition(":")
            noun, words = (before.strip(), after) if colon else (noun, part)
            named |= {f"{noun}.{word.strip()}" for word in words.split(",")}
    assert len(named) > 120
    assert named - KINDS.keys() == set()


def test_every_event_that_the_editions_speak_of_is_declared() -> None:
    spoken = {pattern.event for edition in shipped() for pattern in patterns(edition)}
    assert spoken - KINDS.keys() == set()


def test_whatever_the_editions_ask_of_an_event_it_can_carry() -> None:
    asked = 0
    for edition in shipped():
        for pattern in patterns(edition):
            kind = KINDS[pattern.event]
            declared = {**kind.fields, **kind.may}
            for name, values in pattern.where:
                for value in values:
                    if not str(value).startswith("$"):
                        declared[name].write(value)
                        asked += 1
    assert asked > 50


def test_every_type_has_a_chinese_name() -> None:
    with translation.override("zh-hans"):
        for type, kind in KINDS.items():
            assert re.search(r"[\u4e00-\u9fff]", str(kind.label)), type


def test_no_two_types_of_one_noun_have_the_same_name() -> None:
    with translation.override("zh-hans"):
        named = [(type.partition(".")[0], str(kind.label)) for type, kind in KINDS.items()]
    assert len(named) == len(set(named))


def test_what_is_missing_or_not_declared_is_named() -> None:
    with pytest.raises(NotDeclared, match=r"missing \['reason'\]"):
        KINDS["event.annulled"].write({"id": 1})
    with pytest.raises(NotDeclared, match=r"not declared \['name'\]"):
        KINDS["complaint.verified"].write({"name": "李"})
    with pytest.raises(NotDeclared, match="into takes a key"):
        KINDS["complaint.merged"].write({"into": "seventeen"})
    assert KINDS["complaint.merged"].write({"into": "complaint:17"}) == {"into": "complaint:17"}
    assert KINDS["complaint.assigned"].write({"stage": "plan", "department": "marketing"}) == {
        "stage": "plan",
        "department": "marketing",
    }


@pytest.mark.parametrize("field", ["severity", "category", "cause"])
def test_a_code_is_no_text(field: str) -> None:
    for text in ("客人说不清楚", "two words", "", "a" * 3 + "\n", True):
        with pytest.raises(NotDeclared):
            KINDS["complaint.classified"].write({field: text})


@pytest.mark.django_db
def test_a_parameter_holds_words_where_its_edition_asks_for_text() -> None:
    digest = keep_edition(ASKING, "asking.toml")
    written = KINDS["contract.effective"].write(
        {"edition": digest, "parameters": {"keeper": "客服主管", "place": "上海"}}
    )
    assert written["parameters"] == {"keeper": "客服主管", "place": "上海"}


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["pause", "nothing"])
def test_a_parameter_of_another_kind_holds_no_words(key: str) -> None:
    digest = keep_edition(ASKING, "asking.toml")
    with pytest.raises(NotDeclared, match=key):
        KINDS["contract.effective"].write({"edition": digest, "parameters": {key: "两天"}})


@pytest.mark.django_db
def test_words_in_an_amendment_name_the_edition_that_asks_for_them() -> None:
    digest = keep_edition(ASKING, "asking.toml")
    with pytest.raises(NotDeclared):
        KINDS["contract.amended"].write({"parameters": {"keeper": "客服主管"}})
    with pytest.raises(NotDeclared):
        KINDS["contract.amended"].write({"edition": "0" * 64, "parameters": {"keeper": "客服主管"}})
    KINDS["contract.amended"].write({"edition": digest, "parameters": {"keeper": "客服主管"}})
    KINDS["contract.amended"].write({"parameters": {"pause": "48h"}})


@given(st.text(max_size=100))
def test_whatever_words_are_taken_are_one_short_line_that_is_written_in_one_way(text: str) -> None:
    try:
        PARAMETERS.write({"keeper": text})
    except ValueError:
        return
    canonical({"keeper": text})
    assert 0 < len(text) <= 80
    assert unicodedata.is_normalized("NFC", text)
    assert not any(unicodedata.category(character)[0] in "CZ" and character != " " for character in text)


@pytest.mark.parametrize("text", ["a\u202eb", "客\n服", " 客服", "e\u0301", "客" * 81, "\u200b客", "客\u0000服"])
def test_words_that_could_deceive_are_refused(text: str) -> None:
    with pytest.raises(NotDeclared, match="parameters takes"):
        KINDS["contract.amended"].write({"parameters": {"keeper": text}})


def test_a_contract_with_words_in_its_terms_can_be_verified(zhou: User, agency: Organisation) -> None:
    contract = draw_up(
        ASKING, "asking.toml", {"keeper": "客服主管"}, venue=zhou.organisation, agency=agency, at=EFFECTIVE
    )
    with recording_at(EFFECTIVE):
        sign(contract, by=zhou, at=EFFECTIVE)
        make_effective(contract, by=zhou, at=EFFECTIVE)
    assert TermsInForce.objects.get(contract=contract.pk).parameters == {"keeper": "客服主管"}
    tally = Tally()
    assert [*streams(tally), *entries(tally), *clocks(tally, EFFECTIVE)] == []


def test_words_for_a_time_are_refused_before_anybody_signs(zhou: User, agency: Organisation) -> None:
    with pytest.raises(ParameterError):
        draw_up(ASKING, "asking.toml", {"pause": "两天"}, venue=zhou.organisation, agency=agency, at=EFFECTIVE)
    assert not Contract.objects.exists()
