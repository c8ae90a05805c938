"""Every page of a thing, by the register of nouns: others are not even told that it is there."""

# ruff: noqa: F811 - the fixtures of tests/things.py
import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from encore.accounts.models import Organisation, Post, Role, User
from encore.complaints import operations as complaints
from encore.contracts.models import Contract
from encore.ledger.nouns import NOUNS, Key, by_reference, contract_of, nobody, pages
from tests.cast import DAY, HOUR, complain, person, signed_in
from tests.things import agency, contract, he, once, rows, undone, venue, zhou  # noqa: F401 - fixtures

NAMES = sorted(NOUNS)
SEEN_TO = [name for name in NAMES if NOUNS[name].responsible is not nobody]


@pytest.fixture
def stranger(rows: dict[str, str]) -> User:
    return person("吴昊", Organisation.objects.create(name="另一家", role=Role.VENUE), Post.MANAGER)


def row_of(noun: str, rows: dict[str, str], owner: User) -> Model:
    row: Model | None = by_reference(NOUNS[noun].visible_to(owner), rows[noun])
    assert row is not None, f"{owner.name} does not see {rows[noun]}"
    return row


@pytest.mark.parametrize("noun", NAMES)
def test_people_of_a_party_reach_the_page_by_its_reference(noun: str, rows: dict[str, str], zhou: User) -> None:
    row = row_of(noun, rows, zhou)
    [page] = pages([Key(noun, row.pk)], zhou).values()
    assert page.reference == str(row) == rows[noun]
    assert signed_in(zhou).get(page.url).status_code == 200


@pytest.mark.parametrize("noun", NAMES)
def test_to_people_of_another_house_it_is_not_there(
    noun: str, rows: dict[str, str], zhou: User, stranger: User
) -> None:
    row = row_of(noun, rows, zhou)
    desk = signed_in(stranger)
    assert desk.get(reverse(NOUNS[noun].url_name, args=[str(row)])).status_code == 404
    assert desk.get(reverse(NOUNS[noun].url_name, args=["X-26-000001"])).status_code == 404
    assert pages([Key(noun, row.pk)], stranger) == {}


@pytest.mark.parametrize("noun", NAMES)
def test_a_guest_is_asked_to_sign_in(noun: str, rows: dict[str, str]) -> None:
    address = reverse(NOUNS[noun].url_name, args=[rows[noun]])
    answer = Client(REMOTE_ADDR="203.0.113.7").get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={address}")


def test_what_clocks_run_for_is_seen_to_by_somebody() -> None:
    assert {"contract", "matter", "complaint"} <= set(SEEN_TO)


@pytest.mark.parametrize("noun", SEEN_TO)
def test_those_responsible_are_of_a_party_and_may_see_it(
    noun: str, rows: dict[str, str], zhou: User, stranger: User
) -> None:
    row = row_of(noun, rows, zhou)
    people = NOUNS[noun].responsible([row.pk])[row.pk]
    assert people
    assert stranger not in people
    for one in people:
        assert NOUNS[noun].visible_to(one).filter(pk=row.pk).exists()


def test_a_complaint_is_with_whoever_answers_for_it(contract: Contract, zhou: User, he: User) -> None:
    received = now() - DAY
    complaint = complain(contract, at=received)
    tang = person("唐悦", he.organisation, Post.MARKETING)
    responsible = NOUNS["complaint"].responsible
    assert responsible([complaint.pk])[complaint.pk] == [zhou], "nobody takes complaints in: the manager"
    complaints.take_up(complaint, by=tang, at=received + HOUR)
    assert responsible([complaint.pk])[complaint.pk] == [tang]
    complaints.assign(complaint, person=he, by=tang, at=received + 2 * HOUR)
    assert responsible([complaint.pk])[complaint.pk] == [he]


def test_what_happens_to_a_thing_is_done_for_its_contract(contract: Contract) -> None:
    assert contract_of(complain(contract, at=now() - DAY)) == contract_of(contract) == contract.pk
