"""Every page of a thing, by the register of nouns: others are not even told that it is there."""

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from encore.accounts.models import Organisation, Post, Role, User
from encore.complaints import operations as complaints
from encore.complaints.models import Complaint
from encore.contracts import operations as contracts
from encore.contracts.models import Contract
from encore.files.demo import hang_on
from encore.ledger.nouns import NOUNS, Key, contract_of, pages
from tests.cast import HOUR, RECEIVED, person, signed_in

NAMES = sorted(NOUNS)
OF_CONTRACTS = [name for name in NAMES if name == "contract" or hasattr(NOUNS[name].model, "contract")]


@pytest.fixture
def stranger(db: None) -> User:
    return person("吴昊", Organisation.objects.create(name="另一家", role=Role.VENUE), Post.MANAGER)


@pytest.fixture
def things(complaint: Complaint, contract: Contract, zhou: User) -> None:
    """One of each."""
    told = contracts.Told("training.held", {}, form_key="0" * 32, said="", title="三月的培训")
    contracts.note(told, contract=contract, subject=None, by=zhou, at=RECEIVED)
    hang_on(complaint, number=1, by=zhou, at=RECEIVED + HOUR)


def row_of(noun: str) -> Model:
    row = NOUNS[noun].model._default_manager.first()
    assert row is not None, f"the cast of the tests has no {noun}: give it one"
    return row


@pytest.mark.parametrize("noun", NAMES)
@pytest.mark.usefixtures("things")
def test_people_of_a_party_reach_the_page_by_its_reference(noun: str, zhou: User) -> None:
    row = row_of(noun)
    [page] = pages([Key(noun, row.pk)], zhou).values()
    assert page.reference == str(row)
    assert signed_in(zhou).get(page.url).status_code == 200


@pytest.mark.parametrize("noun", NAMES)
@pytest.mark.usefixtures("things")
def test_to_people_of_another_house_it_is_not_there(noun: str, stranger: User) -> None:
    row = row_of(noun)
    desk = signed_in(stranger)
    assert desk.get(reverse(NOUNS[noun].url_name, args=[str(row)])).status_code == 404
    assert desk.get(reverse(NOUNS[noun].url_name, args=["X-26-000001"])).status_code == 404
    assert pages([Key(noun, row.pk)], stranger) == {}


@pytest.mark.parametrize("noun", NAMES)
@pytest.mark.usefixtures("things")
def test_a_guest_is_asked_to_sign_in(noun: str) -> None:
    address = reverse(NOUNS[noun].url_name, args=[str(row_of(noun))])
    answer = Client(REMOTE_ADDR="203.0.113.7").get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={address}")


@pytest.mark.usefixtures("things", "zhou", "tang", "he")
@pytest.mark.parametrize("noun", OF_CONTRACTS)
def test_those_responsible_are_of_a_party_and_may_see_it(noun: str, stranger: User) -> None:
    row = row_of(noun)
    people = NOUNS[noun].responsible([row.pk])[row.pk]
    assert people
    assert stranger not in people
    for one in people:
        assert NOUNS[noun].visible_to(one).filter(pk=row.pk).exists()


def test_a_complaint_is_with_whoever_answers_for_it(complaint: Complaint, zhou: User, tang: User, he: User) -> None:
    responsible = NOUNS["complaint"].responsible
    assert responsible([complaint.pk])[complaint.pk] == [zhou], "nobody takes complaints in: the manager"
    complaints.take_up(complaint, by=tang, at=RECEIVED + HOUR)
    assert responsible([complaint.pk])[complaint.pk] == [tang]
    complaints.assign(complaint, person=he, by=tang, at=RECEIVED + 2 * HOUR)
    assert responsible([complaint.pk])[complaint.pk] == [he]


def test_what_happens_to_a_thing_is_done_for_its_contract(complaint: Complaint, contract: Contract) -> None:
    assert contract_of(complaint) == contract_of(contract) == contract.pk
