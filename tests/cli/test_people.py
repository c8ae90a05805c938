import re

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner, Result
from django.test import Client

from encore.accounts.models import Organisation, User
from encore.cli.main import main

PASSWORD = "把酒问青天不知天上宫阙"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def address(result: Result) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/join/[A-Za-z0-9_-]{22}/)", result.output)
    assert found, result.output
    return found[1]


def joined(link: str, username: str) -> Client:
    client = Client()
    client.post(link, {"username": username, "password": PASSWORD, "again": PASSWORD})
    client.post("/sign-in/", {"login": username, "password": PASSWORD})
    return client


@pytest.mark.django_db(transaction=True)
def test_a_house_begins_with_its_manager_who_comes_by_the_link() -> None:
    link = address(run("begin", "星河里", "--manager", "周敏"))
    assert joined(link, "zhou.min").get("/people/").status_code == 200
    assert run("begin", "星河里", "--manager", "别人").exit_code == 1
    assert Organisation.objects.get().role == "venue"


@pytest.mark.django_db(transaction=True)
def test_who_has_lost_everything_comes_back_by_a_link() -> None:
    joined(address(run("begin", "星河里", "--manager", "周敏")), "zhou.min")
    Authenticator.objects.create(user=User.objects.get(), type="totp", data={"secret": "x"})
    link = address(run("link", "zhou.min"))
    assert joined(link, "zhou.min").get("/people/").status_code == 302, "the second step is asked for"
    link = address(run("link", "Zhou.Min", "--without-second-step"))
    assert joined(link, "zhou.min").get("/people/").status_code == 200


def test_nobody_has_no_link(db: None) -> None:
    assert "Nobody signs in as" in run("link", "nobody").output


def test_a_link_names_the_address_that_people_reach(db: None) -> None:
    said = run("begin", "澄酿", "--role", "agency", "--manager", "何伟", "--address", "https://encore.example/").output
    assert "https://encore.example/join/" in said
