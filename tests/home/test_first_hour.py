"""The first steps of a house, and how the demonstration is thrown away."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils.timezone import now

from encore.accounts import houses
from encore.accounts.models import AccessLog, Organisation, Post, Role, User
from encore.cli.main import main
from encore.contracts.models import Contract
from encore.home.emptying import KEPT
from encore.ledger import checkpoints
from encore.ledger.models import Checkpoint, Clock, Event
from tests.cast import DAY, EDITION, agreed, complain, person, signed_in

POEM = "白日依山尽黄河入海流"
OWN = {
    "organisation": "望海楼KTV", "role": "venue", "manager": "赵敏", "username": "zhao.min",
    "password": POEM, "again": POEM, "sure": "on",
}  # fmt: skip


@pytest.fixture
def newcomer(db: None) -> User:
    """Whom `encore begin` made, once they have come in."""
    houses.begin("望海楼KTV", Role.VENUE, "赵敏", now())
    manager = User.objects.get()
    User.objects.filter(pk=manager.pk).update(joined_at=now())
    return manager


def test_a_new_house_begins_with_the_first_step_that_is_not_done(newcomer: User) -> None:
    desk = signed_in(newcomer, "zh-CN")
    assert desk.get("/")["Location"] == "/start/"
    page = desk.get("/start/").content.decode()
    done, following = page.partition("first-steps")[2].split("</li>")[:2]
    assert "✓" in done
    assert "button-primary" in following
    assert page.partition("<main")[2].count("button-primary") == 1, "one act is next"


def test_each_step_is_done_when_its_rows_are_there(newcomer: User) -> None:
    desk = signed_in(newcomer)

    def passed() -> str:
        found = re.search(r'<progress[^>]*value="(\d+)"', desk.get("/start/").content.decode())
        assert found
        return found[1]

    assert passed() == "1"
    person("林静", newcomer.organisation, Post.CUSTOMER_SERVICE)
    assert passed() == "2"
    agreed(EDITION, newcomer, Organisation.objects.create(name="澄酿推广", role=Role.AGENCY), since=now() - DAY)
    assert passed() == "3"


def test_steps_can_be_left_out_and_the_way_there_goes_when_all_are_passed(newcomer: User) -> None:
    desk = signed_in(newcomer)
    assert 'href="/start/"' in desk.get("/start/").content.decode()
    for step in ("rooms", "people", "contract", "cards"):
        assert desk.post("/start/", {"step": step, "pass": "1"}).status_code == 302
    desk.get("/start/")
    assert 'href="/start/"' not in desk.get("/people/").content.decode()
    assert desk.get("/").status_code == 200, "the board no longer leads there"
    desk.post("/start/", {"step": "people", "again": "1"})
    desk.get("/start/")
    assert 'href="/start/"' in desk.get("/people/").content.decode()
    assert desk.post("/start/", {"step": "nothing", "pass": "1"}).status_code == 404


def test_the_steps_are_the_managers(newcomer: User) -> None:
    lin = person("林静", newcomer.organisation, Post.CUSTOMER_SERVICE)
    assert signed_in(lin).get("/start/").status_code == 403
    assert signed_in(lin).get("/").status_code == 200


def test_an_agency_has_no_rooms_to_enter(db: None) -> None:
    he = person("何伟", Organisation.objects.create(name="澄酿推广", role=Role.AGENCY), Post.MANAGER)
    page = signed_in(he).get("/start/").content.decode()
    assert "The venue and its rooms" not in page
    assert "The contract" in page


def test_a_third_party_has_no_contract_to_begin_with(db: None) -> None:
    mediators = Organisation.objects.create(name="调解中心", role=Role.THIRD_PARTY)
    assert signed_in(person("吴调", mediators, Post.MANAGER)).get("/").status_code == 200


# --- throwing the demonstration away ----------------------------------------------------------------------------------


@pytest.fixture
def made_up(transactional_db: None) -> User:
    """The manager of a made-up venue with a contract, something in its ledger, and a checkpoint over it."""
    venue = Organisation.objects.create(name="星河里", role=Role.VENUE, is_made_up=True)
    agency = Organisation.objects.create(name="澄酿推广", role=Role.AGENCY, is_made_up=True)
    zhou = person("周敏", venue, Post.MANAGER)
    complain(agreed(EDITION, zhou, agency, since=now() - 10 * DAY), at=now() - DAY)
    checkpoints.seal(now())
    return zhou


def filled_tables() -> set[str]:
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # without those in which a virtual table keeps what it is made of
            cursor.execute("SELECT name FROM pragma_table_list WHERE type = 'shadow'")
            tables -= {name for (name,) in cursor.fetchall()}
        found = set()
        for table in tables:
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")
            if cursor.fetchone():
                found.add(table)
    return found


def backups() -> set[Path]:
    return set((Path(settings.ENCORE_HOME) / "backups").glob("before-own-house*"))


def test_the_demonstration_goes_as_a_whole_and_ones_own_house_begins(made_up: User) -> None:
    desk, before, origin = signed_in(made_up), backups(), checkpoints.latest()
    answer = desk.post("/start/own-house/", OWN)
    assert (answer.status_code, answer["Location"]) == (302, "/start/")
    page = desk.get("/start/").content.decode()
    assert "望海楼KTV" in page, "whoever did it stays signed in, as the manager of their own house"
    assert "赵敏" in page

    assert [(one.name, one.is_made_up) for one in Organisation.objects.all()] == [("望海楼KTV", False)]
    assert [(one.username, one.post) for one in User.objects.all()] == [("zhao.min", Post.MANAGER)]
    for model in (Event, Clock, Contract, Checkpoint):
        assert not model.objects.exists()
    assert len(backups() - before) == 1, "what was there lies in a backup"
    assert AccessLog.objects.filter(act="demonstration_thrown_away", user=User.objects.get()).count() == 1

    fresh = User.objects.get()
    contract = agreed(EDITION, fresh, Organisation.objects.create(name="好酒", role=Role.AGENCY), since=now() - DAY)
    assert contract.pk == 1, "numbers begin again"
    checkpoints.seal(now())
    latest = checkpoints.latest()
    assert origin
    assert latest
    assert latest.origin != origin.origin, "another history is signed by another key"
    assert Client().login(username="zhao.min", password=POEM)


def test_nothing_but_the_new_house_remains(made_up: User) -> None:
    desk = signed_in(made_up)
    desk.post("/start/own-house/", OWN)
    own = {"accounts_organisation", "accounts_user", "accounts_accesslog", "django_session", "usersessions_usersession"}
    assert filled_tables() - KEPT <= own | {"cache", "account_emailaddress"}


def test_the_ledger_is_guarded_again_afterwards(made_up: User) -> None:
    signed_in(made_up).post("/start/own-house/", OWN)
    fresh = User.objects.get()
    agreed(EDITION, fresh, Organisation.objects.create(name="好酒", role=Role.AGENCY), since=now() - DAY)
    AccessLog.objects.create(at=now(), user=fresh, act="signed_in")
    for table in ("ledger_event", "ledger_concern", "ledger_head", "accounts_accesslog"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize("name", ["别家", "又一家"])
def test_nothing_is_thrown_away_where_anything_real_is(made_up: User, name: str) -> None:
    Organisation.objects.create(name=name, role=Role.AGENCY)
    before, kept = Event.objects.count(), backups()
    answer = signed_in(made_up).post("/start/own-house/", OWN)
    assert answer.status_code == 409
    assert "not made up" in answer.content.decode()
    assert Event.objects.count() == before
    assert backups() == kept


def test_an_own_house_is_never_thrown_away(newcomer: User) -> None:
    desk = signed_in(newcomer)
    assert desk.post("/start/own-house/", OWN).status_code == 409
    assert "own-house" not in desk.get("/start/").content.decode()


def test_it_is_for_the_venues_manager(made_up: User) -> None:
    lin = person("林静", made_up.organisation, Post.CUSTOMER_SERVICE)
    he = person("何伟", Organisation.objects.get(role=Role.AGENCY), Post.MANAGER)
    for somebody in (lin, he):
        assert signed_in(somebody).post("/start/own-house/", OWN).status_code == 403
    assert Event.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"sure": ""}, {"again": "anders"}, {"password": "kurz", "again": "kurz"}, {"organisation": " "}]
)
def test_it_is_asked_for_in_full(made_up: User, wrong: dict[str, str]) -> None:
    answer = signed_in(made_up).post("/start/own-house/", {**OWN, **wrong})
    assert answer.status_code == 422
    assert Event.objects.exists()


def test_where_no_backup_can_be_made_nothing_is_thrown_away(made_up: User, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(settings.ENCORE_HOME) / "backups"
    aside = folder.with_name("backups-aside")
    if folder.exists():
        folder.rename(aside)
    folder.write_text("a file stands where the folder should be")
    try:
        assert signed_in(made_up).post("/start/own-house/", OWN).status_code == 409
    finally:
        folder.unlink()
        if aside.exists():
            aside.rename(folder)
    assert Event.objects.exists()


def test_the_command_does_the_same_and_prints_a_link(made_up: User) -> None:
    done = CliRunner().invoke(main, ["demo", "--throw-away", "望海楼KTV", "--manager", "赵敏"])
    assert done.exit_code == 0, done.output
    [token] = re.findall(r"/join/([^/\s]+)/", done.output)
    assert Organisation.objects.get().name == "望海楼KTV"
    assert Client().get(f"/join/{token}/").status_code == 200
    again = CliRunner().invoke(main, ["demo", "--throw-away", "又一家", "--manager", "某人"])
    assert again.exit_code == 1
    assert Organisation.objects.count() == 1


def test_migrations_lay_down_nothing_that_would_be_missed(db: None) -> None:
    """Where a migration writes rows that the product needs, they belong among what is kept."""
    assert filled_tables() - KEPT - {"cache"} == set()


def test_what_was_verified_is_verified_again_in_the_new_house(made_up: User) -> None:
    signed_in(made_up).post("/start/own-house/", OWN)
    fresh = User.objects.get()
    agreed(EDITION, fresh, Organisation.objects.create(name="好酒", role=Role.AGENCY), since=now() - DAY)
    checkpoints.seal(now())
    done = CliRunner().invoke(main, ["verify"])
    assert done.exit_code == 0, done.output
