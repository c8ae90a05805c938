import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from encore.accounts.models import Organisation, User
from encore.complaints import operations
from encore.contracts.models import Contract
from encore.engine import load_edition
from encore.home import queries
from encore.ledger.models import Clock
from encore.ledger.queries import tallies
from encore.ledger.tick import tick
from tests.cast import DAY, EDITION, HOUR, agreed, complain, signed_in


@pytest.fixture
def contract(zhou: User, agency: Organisation) -> Contract:
    """Pages are read now: a contract that has been in force for ten days."""
    return agreed(EDITION, zhou, agency, since=now() - 10 * DAY)


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


def test_the_board_shows_every_duty_with_its_clause(desk: Client, contract: Contract) -> None:
    edition = load_edition(EDITION, "edition")
    page = desk.get("/").content.decode()
    for duty in edition.duties.values():
        assert edition.label(duty, "zh-Hans") in page
        assert f"第{duty.clause}条" in page
        assert edition.clauses[duty.clause].text["zh-Hans"] in page


def test_the_board_shows_running_clocks_with_clause_time_left_and_the_way_to_the_complaint(
    desk: Client, contract: Contract
) -> None:
    complaint = complain(contract, at=now() - 20 * HOUR - timedelta(minutes=30))
    page = desk.get("/").content.decode()
    assert "还剩 3 小时 29 分" in page
    assert f'href="/complaints/{complaint.reference}/"' in page


def test_what_is_overdue_says_so_in_words_before_and_after_the_tick(desk: Client, contract: Contract) -> None:
    complain(contract, at=now() - 26 * HOUR)
    before = desk.get("/").content.decode()
    tick()
    after = desk.get("/").content.decode()
    for page in (before, after):
        assert "已逾期 2 小时" in page
        assert "1 项" in page


def row_count(page: str) -> int:
    return page.partition("<tbody>")[2].count("<tr>")


def test_every_number_opens_as_many_rows(desk: Client, contract: Contract, tang: User) -> None:
    for hours in (2, 3, 30, 40):
        complain(contract, at=now() - hours * HOUR)
    for hours in (5, 6, 50):
        verified = complain(contract, at=now() - hours * HOUR)
        operations.verify(verified, by=tang, at=now() - HOUR)
    tick()
    page = desk.get("/").content.decode()
    links = re.findall(r'href="(/board/[^"]+/clocks/\?f\.[^"]+)">\s*(?:<span[^>]*>▲</span> )?(\d+)</a>', page)
    assert sum("f.duty" in address for address, _number in links) >= 4
    assert sum("f.duty" not in address for address, _number in links) >= 2
    for address, number in links:
        rows = desk.get(address.replace("&amp;", "&")).content.decode()
        assert row_count(rows) == int(number), address


def test_long_lists_of_clocks_have_pages(desk: Client, contract: Contract, zhou: User) -> None:
    told = [operations.Told(f"第{number}条", f"row:{number}") for number in range(70)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=now() - HOUR)
    first = desk.get(f"/board/{contract}/clocks/?f.duty=verify&f.state=running").content.decode()
    assert row_count(first) == 50
    assert "70 行" in first
    link = re.search(r'href="(\?f\.duty=verify&amp;f\.state=running&amp;after=[^"]+)"', first)
    assert link
    second = desk.get(f"/board/{contract}/clocks/{link[1].replace('&amp;', '&')}").content.decode()
    assert row_count(second) == 20


@pytest.mark.parametrize("asked", ["f.duty=nothing", "f.state=nothing", "f.duty=verify&f.state=%27"])
def test_filters_take_declared_names_only(desk: Client, contract: Contract, asked: str) -> None:
    assert desk.get(f"/board/{contract}/clocks/?{asked}").status_code == 404


def test_the_moving_part_comes_alone_for_htmx(desk: Client, contract: Contract) -> None:
    part = desk.get(f"/board/{contract}/running/").content.decode()
    assert part.startswith('<div id="running"')
    assert "<html" not in part


@pytest.mark.parametrize("complaints", [6, 40])
def test_the_board_asks_the_same_number_of_questions_however_much_runs(
    desk: Client, contract: Contract, zhou: User, django_assert_num_queries: object, complaints: int
) -> None:
    told = [operations.Told(f"第{number}条", f"row:{number}") for number in range(complaints)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=now() - HOUR)
    desk.get("/")  # reads the edition, which stays in memory
    with django_assert_num_queries(10):  # type: ignore[operator]
        desk.get("/")


@pytest.mark.parametrize("complaints", [40, 80])
def test_a_list_of_clocks_asks_the_same_number_of_questions_however_long_it_is(
    desk: Client, contract: Contract, zhou: User, django_assert_num_queries: object, complaints: int
) -> None:
    """On the short one one more for the contract that a clock runs on, on the long one to count what is on no page yet."""
    told = [operations.Told(f"第{number}条", f"row:{number}") for number in range(complaints)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=now() - HOUR)
    desk.get("/")  # reads the edition, which stays in memory
    with django_assert_num_queries(7):  # type: ignore[operator]
        desk.get(f"/board/{contract}/clocks/?f.state=running")


def test_a_contract_of_others_is_not_there(desk: Client, contract: Contract, agency: Organisation, he: User) -> None:
    third = Organisation.objects.create(name="别家", role="venue")
    other = agreed(EDITION, _manager(third), agency)
    assert desk.get(f"/board/{other}/").status_code == 404
    assert desk.get(f"/board/{contract}/").status_code == 200


def test_several_contracts_are_chosen_from(desk: Client, contract: Contract, zhou: User, he: User) -> None:
    assert "chooser" not in desk.get("/").content.decode()
    other = Organisation.objects.create(name="别的推广", role="agency")
    second = agreed(EDITION, zhou, other, since=now() - DAY)
    page = desk.get(f"/board/{second}/").content.decode()
    assert re.findall(
        r'href="/board/([^/"]+)/"( aria-current="page")?', page.partition("chooser")[2].partition("</nav>")[0]
    ) == [
        (str(contract), ""),
        (str(second), ' aria-current="page"'),
    ]
    assert "chooser" not in signed_in(he).get("/").content.decode(), "nothing of a contract of others"


def test_a_part_says_what_share_was_kept_and_of_how_many(desk: Client, contract: Contract, tang: User) -> None:
    for hours in (30, 40, 50):
        operations.verify(complain(contract, at=now() - hours * HOUR), by=tang, at=now() - (hours - 3) * HOUR)
    operations.verify(complain(contract, at=now() - 60 * HOUR), by=tang, at=now() - HOUR)
    complain(contract, at=now() - 90 * HOUR)
    complain(contract, at=now() - HOUR)
    edition = load_edition(EDITION, "edition")
    first = queries.parts(contract, edition, now())[0]
    assert (first.number, first.kept, first.decided) == ("1", 3, 5)
    assert first.columns == {"running": 1, "suspended": 0, "kept": 3, "late": 1, "missed": 1, "dropped": 0}
    page = desk.get("/").content.decode()
    assert "第1部分" in page
    assert re.search(r"60%</span>\s*<span class=\"muted\">n = 5<", page)


def test_a_clock_stands_in_exactly_one_column(contract: Contract, tang: User) -> None:
    complain(contract, at=now() - 90 * HOUR)
    operations.verify(complain(contract, at=now() - 60 * HOUR), by=tang, at=now() - HOUR)
    complain(contract, at=now() - HOUR)
    at = now()
    for clock in Clock.objects.all():
        found = [
            column
            for column in queries.COLUMNS
            if Clock.objects.filter(queries.standing(column, at), pk=clock.pk).exists()
        ]
        assert found == [queries.column_of(clock, at)]


def _manager(organisation: Organisation) -> User:
    return User.objects.create(username="other", name="他", organisation=organisation, post="manager")


def test_an_empty_house_says_how_to_begin(db: None) -> None:
    page = Client(headers={"accept-language": "en"}).get("/").content.decode()
    assert "encore demo" in page
    assert "No contract is in force yet." in page


def test_a_stranger_is_shown_nothing_of_the_board(contract: Contract) -> None:
    stranger = Client(REMOTE_ADDR="203.0.113.7")
    assert stranger.get("/")["Location"] == "/sign-in/"
    assert stranger.get(f"/board/{contract}/")["Location"] == f"/sign-in/?next=/board/{contract}/"


def test_what_is_past_its_due_counts_as_missed_before_anybody_looked(contract: Contract) -> None:
    received = complain(contract, at=now() - HOUR).received_at
    assert tallies(contract.pk, received + HOUR)["verify"].states == {"open": 1}
    late = tallies(contract.pk, received + 25 * HOUR)["verify"]
    assert (late.states, late.next_due) == ({"breached": 1}, None)
    parts = queries.parts(contract, load_edition(EDITION, "edition"), received + 25 * HOUR)
    assert [line.columns["missed"] for part in parts for line in part.lines if line.duty == "verify"] == [1]
    assert [(part.number, part.kept, part.decided) for part in parts if part.decided] == [("1", 0, 1)]
