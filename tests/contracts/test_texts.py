"""The texts of contracts, for those who signed them; the editions, for people of the house."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from encore import editions
from encore.accounts.models import Organisation, Role, User
from encore.contracts import queries
from encore.contracts.drafts import draw_up
from encore.contracts.models import Contract
from encore.contracts.operations import make_effective, sign
from encore.engine import load_edition
from encore.ledger.models import TermsInForce
from encore.ledger.terms import keep_edition
from tests.cast import DAY, EDITION, EFFECTIVE, agreed, recording_at, signed_in

TEXT = """\
[edition]
id = "open"
title = { zh-Hans = "待填合同", en = "contract with gaps" }
version = "1"

[[clause]]
number = "1.1"
heading = { zh-Hans = "核实", en = "verification" }
text = { zh-Hans = "投诉应在 $verify_time 内核实。", en = "A complaint is verified within $verify_time." }

[[clause]]
number = "annex.1"
text = { zh-Hans = "软件的附件。", en = "An annex." }

[[parameter]]
key = "verify_time"
clause = "1.1"
kind = "duration"
default = "48h"
label = { zh-Hans = "核实时限", en = "time to verify" }

[[duty]]
id = "verify"
clause = "1.1"
when = "complaint.received"
done = "complaint.verified"
within = "$verify_time"
""".encode()


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


@pytest.fixture
def filled(zhou: User, agency: Organisation) -> Contract:
    contract = draw_up(
        TEXT, "open.toml", {"verify_time": "24h"}, venue=zhou.organisation, agency=agency, at=EFFECTIVE - DAY
    )
    with recording_at(EFFECTIVE):
        sign(contract, by=zhou, at=EFFECTIVE - DAY)
        return make_effective(contract, by=zhou, at=EFFECTIVE)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def read(client: Client, address: str) -> str:
    found = client.get(address)
    assert found.status_code == 200
    return found.content.decode()


def test_the_text_shows_every_clause_in_both_languages_under_its_number(desk: Client, contract: Contract) -> None:
    page = read(desk, f"/contracts/{contract}/text/")
    for clause in load_edition(EDITION, "house.toml").file.clause:
        assert f'id="{clause.number}"' in page
        assert clause.text["zh-Hans"] in page
        assert clause.text["en"] in page


def test_what_the_contract_filled_in_stands_in_its_place_and_is_marked(desk: Client, filled: Contract) -> None:
    page = read(desk, f"/contracts/{filled}/text/")
    assert "投诉应在 24 小时 内核实。" in words(page)
    assert "A complaint is verified within 24 hours." in words(page)
    assert '<mark class="filled" title="核实时限">24 小时</mark>' in page
    assert "核实时限 24 小时 本合同填入" in words(page)
    assert "24h" not in page
    assert "$verify_time" not in page


def test_the_clock_that_hangs_on_a_clause_stands_beside_it(desk: Client, filled: Contract) -> None:
    page = words(read(desk, f"/contracts/{filled}/text/"))
    assert "期限 核实 24 小时内 自投诉受理起；以投诉核实为完成" in page


def test_a_value_that_the_contract_left_alone_is_told_from_one_that_it_gave(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    contract = agreed(TEXT, zhou, agency)
    page = read(desk, f"/contracts/{contract}/text/")
    assert '<mark class="filled filled-default" title="核实时限">48 小时</mark>' in page


def test_a_contract_that_is_not_in_force_is_read_as_it_was_drawn_up(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    at = now() - DAY
    draft = draw_up(TEXT, "open.toml", {"verify_time": "12h"}, venue=zhou.organisation, agency=agency, at=at)
    page = words(read(desk, f"/contracts/{draft}/text/"))
    assert "尚未生效" in page
    assert "投诉应在 12 小时 内核实。" in page


def test_after_an_amendment_the_text_is_the_amended_one(desk: Client, filled: Contract) -> None:
    digest = keep_edition(TEXT.replace(b'version = "1"', b'version = "2"'), "amended.toml")
    since = EFFECTIVE + timedelta(days=30)
    TermsInForce.objects.filter(contract=filled.pk).update(until=since)
    TermsInForce.objects.create(contract=filled.pk, edition_id=digest, parameters={"verify_time": "6h"}, since=since)
    page = words(read(desk, f"/contracts/{filled}/text/"))
    assert "投诉应在 6 小时 内核实。" in page
    assert "第 2 版" in page
    assert "变更生效" in page


def test_one_language_can_be_read_alone(desk: Client, filled: Contract) -> None:
    page = read(desk, f"/contracts/{filled}/text/?lang=en")
    assert "A complaint is verified" in page
    assert "投诉应在" not in page
    assert "投诉应在" in read(desk, f"/contracts/{filled}/text/?lang=nothing")


def test_traditional_characters_are_made_and_said_to_be_made(filled: Contract, zhou: User) -> None:
    page = read(signed_in(zhou, "zh-TW"), f"/contracts/{filled}/text/")
    assert "投訴應在" in page
    assert 'class="entry-text" lang="zh-Hant"' in page
    assert "由簡體自動轉換" in page


def test_the_text_goes_out_as_markdown(desk: Client, filled: Contract) -> None:
    answer = desk.get(f"/contracts/{filled}/text.md?lang=zh-Hans")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{filled}.md"'
    assert "投诉应在 **24 小时** 内核实。" in answer.content.decode()


def test_the_contract_of_others_has_no_text(desk: Client, zhou: User, agency: Organisation) -> None:
    third = Organisation.objects.create(name="别家", role=Role.VENUE)
    stranger = User.objects.create(username="other", name="他", organisation=third, post="manager")
    other = agreed(EDITION, stranger, agency)
    for address in (f"/contracts/{other}/text/", f"/contracts/{other}/text.md", "/contracts/K-26-999999/text/"):
        assert desk.get(address).status_code == 404


def test_both_parties_may_read_it_and_nobody_else(filled: Contract, zhou: User, he: User) -> None:
    third = Organisation.objects.create(name="别家", role=Role.AGENCY)
    stranger = User.objects.create(username="other", name="他", organisation=third, post="manager")
    assert [filled in queries.visible_to(person) for person in (zhou, he, stranger)] == [True, True, False]


@pytest.mark.parametrize("address", ["/editions/", "/contracts/{}/text/", "/contracts/{}/text.md"])
def test_a_stranger_reads_nothing_and_does_not_learn_what_there_is(filled: Contract, address: str) -> None:
    stranger = Client(REMOTE_ADDR="203.0.113.7")
    for reference in (filled.reference, "K-26-999999"):
        asked = address.format(reference)
        answer = stranger.get(asked)
        assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={asked}")
        assert answer.content == b""


def brought() -> list[str]:
    return [load_edition(content, name).id for name, content in editions.brought()]


def test_every_edition_of_the_product_can_be_read_taken_away_and_compared(desk: Client) -> None:
    listed = read(desk, "/editions/")
    for name in brought():
        assert f'href="/editions/{name}/"' in listed
        assert 'class="filled filled-default"' in read(desk, f"/editions/{name}/")
        assert read(desk, f"/editions/{name}/text.md").startswith("# ")
        for other in brought():
            expected = 404 if other == name else 200
            assert desk.get(f"/editions/{name}/compare/{other}/").status_code == expected


@pytest.mark.parametrize(
    "address",
    [
        "/editions/nothing/",
        "/editions/nothing/text.md",
        "/editions/nothing/compare/{}/",
        "/editions/{}/compare/nothing/",
    ],
)
def test_an_edition_that_does_not_come_with_the_product_is_not_there(desk: Client, address: str) -> None:
    assert desk.get(address.format(brought()[0])).status_code == 404


def test_a_difference_is_said_in_words_and_by_a_sign(desk: Client) -> None:
    first, second = brought()[:2]
    page = read(desk, f"/editions/{first}/compare/{second}/")
    assert '<span aria-hidden="true">≠</span> 不同' in page
    assert '<span aria-hidden="true">＝</span> 相同' in page
    assert "并列的依据：" in page


def test_every_link_of_a_comparison_leads_to_a_clause(desk: Client) -> None:
    first, second = brought()[:2]
    page = read(desk, f"/editions/{first}/compare/{second}/")
    links = set(re.findall(r'href="(/editions/[^"/]+/)#([^"]+)"', page))
    assert len(links) > 200
    anchors = {name: set(re.findall(r'id="([^"]+)"', read(desk, f"/editions/{name}/"))) for name in (first, second)}
    assert [link for address, link in links if link not in anchors[address.split("/")[2]]] == []


@pytest.mark.parametrize("contracts", [1, 4])
def test_the_texts_ask_the_same_number_of_questions_however_much_is_in_them(
    desk: Client, zhou: User, agency: Organisation, django_assert_num_queries: object, contracts: int
) -> None:
    contract, *_ = [agreed(TEXT, zhou, agency) for _ in range(contracts)]
    address = f"/contracts/{contract}/text/"
    desk.get(address)  # reads the edition, which stays in memory
    for page, questions in ((address, 5), ("/editions/", 2), (f"/editions/{brought()[0]}/", 2)):
        with django_assert_num_queries(questions):  # type: ignore[operator]
            desk.get(page)


def test_the_board_leads_to_the_text(desk: Client, contract: Contract) -> None:
    assert f'href="/contracts/{contract}/text/"' in read(desk, f"/board/{contract}/")
