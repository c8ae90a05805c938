"""A contract from an edition, through the pages: chosen, filled in, signed, in force."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate, localtime, now

from encore.accounts.models import Organisation, Post, Role, User
from encore.contracts.models import Contract, Draft
from encore.editions import brought
from encore.engine import load_edition
from encore.ledger.models import Clock, Event
from encore.web.language import clause_label
from tests.cast import DAY, EDITION, agreed, person, signed_in

ALL = [(name, load_edition(content, name)) for name, content in brought()]


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou)


def begun(desk: Client, chosen: str) -> Draft:
    answer = desk.post("/contracts/new/", {"chosen": chosen})
    assert answer.status_code == 302
    draft = Draft.objects.latest("pk")
    assert answer["Location"] == f"/contracts/drafts/{draft}/"
    return draft


def shown(page: str) -> dict[str, list[str]]:
    """What a browser would send back of a form as it stands."""
    found: dict[str, list[str]] = {}
    form = page.partition('<form method="post" novalidate hx-post')[2].partition("</form>")[0]
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = (re.search(rf' {key}="([^"]*)"', tag) for key in ("name", "value"))
        kind = re.search(r' type="([^"]*)"', tag)
        if name and (kind is None or kind[1] not in ("radio", "checkbox") or " checked" in tag):
            found.setdefault(name[1], []).append(value[1] if value else "")
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found[name] = re.findall(r'<option value="([^"]*)" selected', options)
    return found


def filled(desk: Client, draft: Draft, **more: str) -> dict[str, list[str]]:
    posted = shown(desk.get(f"/contracts/drafts/{draft}/").content.decode())
    return {**posted, "party_name": ["澄酿推广"], **{name: [value] for name, value in more.items()}}


@pytest.mark.parametrize("language", ["en", "zh-CN", "zh-TW"])
@pytest.mark.parametrize("edition", [edition for _name, edition in ALL], ids=lambda edition: edition.id)
def test_what_an_edition_leaves_open_is_a_form_that_says_the_edition_again_in_every_language(
    edition: object, language: str, zhou: User
) -> None:
    desk = signed_in(zhou, language)
    draft = begun(desk, edition.id)  # type: ignore[attr-defined]
    answer = desk.post(f"/contracts/drafts/{draft}/", {**filled(desk, draft), "go-on": "1"})
    assert answer.status_code == 302, re.findall(r'class="error"[^>]*>(.*?)</p>', answer.content.decode())
    page = desk.get(answer["Location"])
    assert page.status_code == 200
    signed = f"{localtime(now()):%Y-%m-%d %H:%M}"
    desk.post(f"/contracts/drafts/{draft}/sign/", {"signed_at": signed, "begins": "later", "sign": "1"})
    assert Contract.objects.get().parameters == {}, "nothing was changed, so that nothing is filled in"


def test_each_open_value_stands_with_its_clause_its_meaning_and_what_the_edition_says(
    desk: Client, english: None
) -> None:
    _name, edition = ALL[1]
    draft = begun(desk, edition.id)
    page = desk.get(f"/contracts/drafts/{draft}/").content.decode()
    for key, parameter in edition.parameters.items():
        assert f'name="p.{key}"' in page
        assert parameter.label is not None
        assert parameter.label["en"].replace("&", "&amp;").replace("'", "&#39;") in page
        assert clause_label(parameter.clause) in page
    assert "As the edition has it: 24 hours" in page


def test_what_was_typed_is_kept_right_or_wrong(desk: Client) -> None:
    draft = begun(desk, ALL[1][1].id)
    key = next(key for key, one in ALL[1][1].parameters.items() if one.kind == "duration")
    posted = filled(desk, draft, amount="viel", **{f"p.{key}": "halb so lang"})
    answer = desk.post(f"/contracts/drafts/{draft}/", {**posted, "go-on": "1"})
    assert answer.status_code == 422
    for page in (answer.content.decode(), desk.get(f"/contracts/drafts/{draft}/").content.decode()):
        assert 'value="viel"' in page
        assert 'value="halb so lang"' in page
        assert "This is no amount of money." in page
        assert "Write a number and a unit" in page


def test_a_change_is_kept_at_once_without_leaving_the_page(desk: Client) -> None:
    draft = begun(desk, ALL[1][1].id)
    answer = desk.post(f"/contracts/drafts/{draft}/", {**filled(desk, draft, party_name="好歌酒水"), "quietly": "1"})
    assert answer.status_code == 204
    assert "好歌酒水" in desk.get(f"/contracts/drafts/{draft}/").content.decode()


def test_a_value_beyond_what_the_edition_allows_is_refused_beside_its_field(desk: Client) -> None:
    _name, edition = next((name, one) for name, one in ALL if any(row.kind == "share" for row in one.file.parameter))
    key = next(row.key for row in edition.file.parameter if row.kind == "share")
    draft = begun(desk, edition.id)
    answer = desk.post(f"/contracts/drafts/{draft}/", {**filled(desk, draft, **{f"p.{key}": "120"}), "go-on": "1"})
    assert answer.status_code == 422
    assert f'id="id_p.{key}-error"' in answer.content.decode()


def test_signing_makes_the_other_party_and_puts_the_contract_in_force(desk: Client, zhou: User) -> None:
    _name, edition = ALL[1]
    draft = begun(desk, edition.id)
    key = next(row.key for row in edition.file.parameter if row.kind == "duration" and row.default == "24h")
    posted = filled(desk, draft, amount="¥120,000", term_from="2026-1-1", term_to="2036-12-31", **{f"p.{key}": "2 天"})
    desk.post(f"/contracts/drafts/{draft}/", {**posted, "go-on": "1"})
    page = desk.get(f"/contracts/drafts/{draft}/sign/")
    assert "¥120,000.00" in page.content.decode()

    signed = f"{localtime(now()):%Y-%m-%d %H:%M}"
    answer = desk.post(f"/contracts/drafts/{draft}/sign/", {"signed_at": signed, "begins": "signed", "sign": "1"})
    contract = Contract.objects.get()
    assert answer["Location"] == f"/contracts/{contract}/"
    assert contract.agency.name == "澄酿推广"
    assert contract.agency.role == Role.AGENCY
    assert contract.parameters == {key: "2d"}
    assert contract.effective_at is not None
    assert list(Event.objects.filter(noun="contract").order_by("pk").values_list("type", flat=True)[:2]) == [
        "contract.signed",
        "contract.effective",
    ]
    again = desk.post(f"/contracts/drafts/{draft}/sign/", {"signed_at": signed, "begins": "signed", "sign": "1"})
    assert again["Location"] == f"/contracts/{contract}/"
    assert Contract.objects.count() == 1, "a form that comes twice makes one contract"


def test_the_first_deadlines_that_are_told_are_those_that_run_once_it_is_in_force(desk: Client) -> None:
    draft = begun(desk, ALL[2][1].id)
    desk.post(f"/contracts/drafts/{draft}/", {**filled(desk, draft), "go-on": "1"})
    at = localtime(now()).replace(second=0, microsecond=0) - timedelta(hours=3)
    form = {"signed_at": f"{at:%Y-%m-%d %H:%M}", "begins": "signed"}
    look = desk.post(f"/contracts/drafts/{draft}/sign/", {**form, "look": "1"})
    table = look.content.decode().partition("table-start")[2].partition("</table>")[0]
    told = re.findall(r'<time datetime="([^"]+)"', table)
    desk.post(f"/contracts/drafts/{draft}/sign/", {**form, "sign": "1"})
    assert told
    assert told == [due.isoformat() for due in Clock.objects.order_by("due_at").values_list("due_at", flat=True)]


def test_a_contract_may_be_signed_now_and_put_in_force_later(desk: Client) -> None:
    draft = begun(desk, ALL[0][1].id)
    desk.post(f"/contracts/drafts/{draft}/", {**filled(desk, draft), "go-on": "1"})
    signed = f"{localtime(now()):%Y-%m-%d %H:%M}"
    desk.post(f"/contracts/drafts/{draft}/sign/", {"signed_at": signed, "begins": "later", "sign": "1"})
    contract = Contract.objects.get()
    assert contract.awaits_effect
    assert "table-start" in desk.get(f"/contracts/{contract}/").content.decode()
    assert desk.post(f"/contracts/{contract}/", {"act": "begin", "begins": "signed"}).status_code == 302
    contract.refresh_from_db()
    assert contract.effective_at == contract.signed_at
    assert desk.post(f"/contracts/{contract}/", {"act": "begin", "begins": "signed"}).status_code == 409


def test_a_contract_that_runs_already_is_taken_over_within_its_term_only(desk: Client) -> None:
    today = localdate()
    for first, last, status in ((today + DAY, today + 90 * DAY, 422), (today - 200 * DAY, today + 90 * DAY, 302)):
        draft = begun(desk, ALL[1][1].id)
        desk.post(
            f"/contracts/drafts/{draft}/",
            {**filled(desk, draft, term_from=f"{first}", term_to=f"{last}"), "go-on": "1"},
        )
        form = {"signed_at": f"{first - 2 * DAY} 10:00", "begins": "taken_over", "late_reason": "on_paper", "sign": "1"}
        if status == 422:
            form["signed_at"] = f"{localtime(now()):%Y-%m-%d %H:%M}"
        assert desk.post(f"/contracts/drafts/{draft}/sign/", form).status_code == status
    contract = Contract.objects.get()
    assert contract.effective_at is not None
    assert now() - contract.effective_at < timedelta(minutes=1)
    assert not Clock.objects.filter(state="breached").exists(), "nothing is missed from before it was taken over"


def test_the_other_partys_first_manager_gets_a_link_until_somebody_has_come(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    contract = agreed(EDITION, zhou, agency, since=now() - DAY)
    page = desk.post(f"/contracts/{contract}/", {"act": "invite", "manager": "何伟"})
    assert page["Cache-Control"] == "no-store"
    he = User.objects.get(organisation=agency)
    assert (he.name, he.post) == ("何伟", Post.MANAGER)
    [token] = re.findall(r"/join/([^/\"]+)/", page.content.decode())
    again = desk.post(f"/contracts/{contract}/", {"act": "invite", "manager": "何伟伟"})
    assert User.objects.filter(organisation=agency).count() == 1
    assert Client().get(f"/join/{token}/").status_code == 404, "the first link has lost its force"
    [token] = re.findall(r"/join/([^/\"]+)/", again.content.decode())
    chosen = {"username": "he.wei", "password": "白日依山尽黄河入海流", "again": "白日依山尽黄河入海流"}
    assert Client().post(f"/join/{token}/", chosen).status_code == 302
    assert desk.post(f"/contracts/{contract}/", {"act": "invite", "manager": "某人"}).status_code == 409
    assert "act" not in desk.get(f"/contracts/{contract}/").content.decode().partition("invite")[2][:200]
    assert signed_in(User.objects.get(username="he.wei")).get(f"/board/{contract}/").status_code == 200


def test_nobody_comes_into_a_party_that_has_contracts_with_others(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    other = person("钱经理", Organisation.objects.create(name="别家KTV", role=Role.VENUE), Post.MANAGER)
    agreed(EDITION, other, agency, since=now() - DAY)
    contract = agreed(EDITION, zhou, agency, since=now() - DAY)
    assert desk.post(f"/contracts/{contract}/", {"act": "invite", "manager": "某人"}).status_code == 409


def test_a_draft_is_its_partys_own(desk: Client, zhou: User, he: User, contract: Contract) -> None:
    draft = begun(desk, ALL[0][1].id)
    assert signed_in(he).get(f"/contracts/drafts/{draft}/").status_code == 404
    assert draft.reference not in signed_in(he).get("/contracts/").content.decode()
    assert draft.reference in desk.get("/contracts/").content.decode()


def test_only_managers_draw_up_contracts(lin: User) -> None:
    assert signed_in(lin).get("/contracts/new/").status_code == 403
    assert signed_in(lin).get("/contracts/").status_code == 200


def test_a_draft_is_thrown_away(desk: Client) -> None:
    draft = begun(desk, ALL[0][1].id)
    assert desk.post(f"/contracts/drafts/{draft}/", {"drop": "1"}).status_code == 302
    assert not Draft.objects.exists()


def test_a_file_with_faults_is_refused_with_line_clause_and_cure(desk: Client, zhou: User) -> None:
    content = EDITION.replace(b'within = "24h"', b'within = "one day"', 1)
    line = content[: content.index(b"one day")].count(b"\n") + 1
    page = desk.post("/contracts/new/", {"edition": SimpleUploadedFile("eigen.toml", content)})
    assert page.status_code == 422
    [told] = re.findall(r"<tbody>(.*?)</tbody>", page.content.decode(), re.DOTALL)
    cells = [cell.strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", told)]
    assert cells[0] == str(line)
    assert cells[1] in load_edition(EDITION, "edition").clauses
    assert "such as 24h" in cells[2]
    assert not Draft.objects.exists()
    chinese = signed_in(zhou, "zh-CN")
    page = chinese.post("/contracts/new/", {"edition": SimpleUploadedFile("eigen.toml", content)})
    assert "不是时长" in page.content.decode()


def test_an_edition_of_ones_own_is_offered_again_to_oneself_alone(desk: Client, he: User) -> None:
    page = desk.post("/contracts/new/", {"edition": SimpleUploadedFile("eigen.toml", EDITION)})
    assert page.status_code == 302
    draft = Draft.objects.get()
    assert draft.edition_id in desk.get("/contracts/new/").content.decode()
    assert draft.edition_id not in signed_in(he).get("/contracts/new/").content.decode()
    assert signed_in(he).post("/contracts/new/", {"chosen": draft.edition_id}).status_code == 404


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x" * 1_000_001, b"[edition]\nid = 5", b"\x00" * 100])
def test_whatever_is_chosen_as_an_edition_is_answered_with_what_is_wrong(content: bytes, desk: Client) -> None:
    answer = desk.post("/contracts/new/", {"edition": SimpleUploadedFile("a.toml", content)})
    assert answer.status_code == 422
    assert not Draft.objects.exists()


def test_the_list_costs_the_same_however_many_contracts_there_are(
    desk: Client, zhou: User, agency: Organisation
) -> None:
    numbers = []
    for _ in range(2):
        agreed(EDITION, zhou, agency, since=now() - DAY)
        desk.get("/contracts/")
        with CaptureQueriesContext(connection) as found:
            desk.get("/contracts/")
        numbers.append(len(found))
    assert numbers[0] == numbers[1]
