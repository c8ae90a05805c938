"""Nobody sees a row, a page or a number of a contract to which their organisation is no party.

The pages are found in the URL configuration: a new one takes a `reference` or the number of an entry, or it is named below.
"""

# ruff: noqa: F811 - the fixtures of tests/things.py
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.timezone import now

from encore.accounts import links
from encore.accounts.models import Organisation, Post, Role, User
from encore.complaints.models import Complaint
from encore.contracts.models import Contract, Matter
from encore.files.models import File
from encore.ledger.models import Event
from encore.ledger.nouns import NOUNS
from tests.cast import HOUR, complain, person, signed_in
from tests.things import agency, contract, he, once, rows, undone, venue, zhou  # noqa: F401 - fixtures

pytestmark = pytest.mark.once

# Pages that ask nobody to sign in; what opens them is a token, or they show nothing of anybody.
OPEN = {
    "account_login",
    "account_inactive",
    "account_logout",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "enter",
    "people:join",
    "complaints:intake",
    "complaints:tracking",
    "complaints:tracking-picture",
    "complaints:unlock",
    "complaints:answer",
    "files:guest",
    "files:begin",
    "files:upload",
    "customers:privacy",  # what is kept of guests, and why
    "customers:own",
    "venues:enter",  # a code that is typed, or nothing
    "channels:callback",  # what providers send, signed
    "running:monitor",  # states, moments and numbers, for a monitor
    "web:set-theme",
    "web:set-language",
}
# Pages about the reader alone.
OWN = {
    "own_account",
    "account_change_password",
    "account_reauthenticate",
    "usersessions_list",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
}
# Pages for people with a post whose rows are made up for show.
MADE_UP = {"web:kit"}
# Texts that come with the product, for everybody with a post, and two editions that it comes with.
BROUGHT = {"contracts:edition", "contracts:edition-markdown", "contracts:compared"}
EDITIONS = {"id": "ktv-a", "left": "ktv-a", "right": "ktv-b"}
# Pages about the installation, for the managers of venues.
INSTALLATION = {"running:overview", "jobs:waiting", "jobs:let-out", "jobs:decide"}
# What else stands in an address beside the reference.
SAMPLES = {
    "document": ("complaint-record", "reimbursement-form"),
    "form": ("pdf",),
    "kind": ("json",),
    "number": (1,),
    "noun": ("cost", "contract", "complaint", "person", "file"),
    "name": (
        "verify",
        "assess",
        "archive",
        "appoint",
        "invite-again",
        "end-post",
        "describe",
        "merge",
        "columns",
        "approve",
        "try-again",
    ),
}


@dataclass(frozen=True)
class Page:
    name: str
    parameters: tuple[str, ...]

    def addresses(self, references: Collection[str]) -> Iterator[str]:
        """The addresses of this page for these rows, and for each of their entries."""
        if "entry" in self.parameters:
            entries = Event.objects.filter(noun__in=NOUNS).order_by("pk").values_list("pk", flat=True)
            yield from (reverse(self.name, kwargs={"entry": entry}) for entry in entries)
            return
        others = [name for name in self.parameters if name != "reference"]
        samples = [SAMPLES[name] for name in others]
        for reference, *values in product(references, *samples):
            yield reverse(self.name, kwargs={"reference": reference, **dict(zip(others, values, strict=True))})


def pages(resolver: URLResolver | None = None, space: str = "") -> Iterator[Page]:
    for entry in (resolver or get_resolver("encore.config.urls")).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from pages(entry, inner)
        elif isinstance(entry, URLPattern):
            assert entry.name, f"{entry.pattern} has no name"
            yield Page(space + entry.name, tuple(entry.pattern.converters))


ALL = list(pages())
OF_A_ROW = [page for page in ALL if {"reference", "entry"} & set(page.parameters)]
LISTS = [page for page in ALL if not page.parameters and page.name not in OPEN | OWN | MADE_UP]
NAMED = OPEN | OWN | MADE_UP | BROUGHT | INSTALLATION


def test_every_page_is_of_a_row_or_a_list_or_known_to_be_open() -> None:
    known = {page.name for page in OF_A_ROW + LISTS} | NAMED
    assert {page.name for page in ALL} - known == set(), "say above what opens these pages"
    assert {page.name for page in ALL} >= NAMED, "these pages are no more"


@pytest.fixture(scope="module")
def references(rows: dict[str, str]) -> list[str]:
    """Of a row of each noun, and of every sort of file."""
    return sorted({*rows.values(), *map(str, File.objects.all())})


Answers = dict[str, set[int]]


def status(answer: Any) -> int:
    """Of an answer that is read to its end, so that no file stays open."""
    list(answer)
    return int(answer.status_code)


@pytest.fixture(scope="module")
def answers(references: list[str], zhou: User, he: User) -> Callable[[Page], Answers]:
    """What the managers of both parties are answered at each address of a page; where it is but sent to, to an empty form."""

    def answered(client: Client, address: str) -> int:
        if (seen := status(client.get(address))) != 405:
            return seen
        with transaction.atomic():
            sent = status(client.post(address))
            transaction.set_rollback(True)
            return sent

    @cache
    def asked(one: Page) -> Answers:
        query = {"home:clocks": "?f.state=running"}.get(one.name, "")
        clients = [signed_in(zhou), signed_in(he)]
        return {
            address: {answered(client, address + query) for client in clients} for address in one.addresses(references)
        }

    return asked


@pytest.fixture(scope="module", params=Role)
def stranger(request: pytest.FixtureRequest, contract: Contract) -> User:
    """A manager of an organisation that is no party, whatever its role."""
    organisation = Organisation.objects.create(name="别家", role=request.param)
    return person("外人", organisation, Post.MANAGER)


def test_every_noun_has_a_row_here(rows: dict[str, str]) -> None:
    assert rows.keys() == NOUNS.keys(), "put a row of the new noun among `rows`"


def test_a_stranger_has_no_row_of_any_noun(rows: dict[str, str], stranger: User) -> None:
    for noun in NOUNS.values():
        assert set(map(str, noun.visible_to(stranger))).isdisjoint(rows.values())


def test_the_parties_have_the_rows_that_are_theirs(rows: dict[str, str], zhou: User, he: User) -> None:
    for name, noun in NOUNS.items():
        assert rows[name] in set(map(str, noun.visible_to(zhou)))
    for name in ("contract", "matter", "complaint"):
        assert rows[name] in set(map(str, NOUNS[name].visible_to(he)))
    assert rows["person"] not in set(map(str, NOUNS["person"].visible_to(he)))


@pytest.mark.parametrize("one", OF_A_ROW, ids=lambda one: one.name)
def test_a_page_of_a_row_is_there_for_a_party(one: Page, answers: Callable[[Page], Answers]) -> None:
    found = set[int]().union(*answers(one).values())
    assert found & {200, 302, 409, 422}, "nobody sees this page: the test below proves nothing"


@pytest.mark.parametrize("one", OF_A_ROW, ids=lambda one: one.name)
def test_the_same_page_is_not_there_for_a_stranger(
    one: Page, answers: Callable[[Page], Answers], stranger: User
) -> None:
    client = signed_in(stranger)
    for address in (address for address, found in answers(one).items() if found != {404}):
        assert {status(client.get(address)), status(client.post(address))} <= {404, 405}, address


@pytest.mark.parametrize("one", LISTS, ids=lambda one: one.name)
def test_a_list_holds_nothing_of_others(one: Page, rows: dict[str, str], stranger: User, zhou: User) -> None:
    body = signed_in(stranger).get(reverse(one.name)).content.decode()
    told = [
        *rows.values(),
        zhou.name,
        zhou.organisation.name,
        Complaint.objects.earliest("pk").text,
        Matter.objects.get().title,
    ]
    assert [text for text in told if text in body] == []


@pytest.mark.parametrize("one", [page for page in ALL if page.name not in OPEN], ids=lambda one: one.name)
def test_a_guest_is_asked_to_sign_in(one: Page, references: list[str]) -> None:
    guest = Client(REMOTE_ADDR="203.0.113.7")
    if one in OF_A_ROW:
        addresses = list(one.addresses(references))
    else:
        addresses = [reverse(one.name, kwargs=dict.fromkeys(one.parameters, 1))]
    for address in addresses:
        answer = guest.get(address)
        assert answer.status_code == 302, address
        assert re.match(r"/sign-in/", answer["Location"]), address


@pytest.mark.parametrize("name", sorted(INSTALLATION))
def test_the_installation_is_shown_to_managers_of_venues_only(
    name: str, zhou: User, lin: User, he: User, db: None
) -> None:
    third = person("吴调", Organisation.objects.create(name="调解中心", role=Role.THIRD_PARTY), Post.MANAGER)
    (page,) = (page for page in ALL if page.name == name)
    address = reverse(name, kwargs=dict.fromkeys(page.parameters, 1))

    def answers(somebody: User) -> set[int]:
        client = signed_in(somebody)
        return {client.get(address).status_code, client.post(address, {"decision": "settle"}).status_code}

    for stranger in (lin, he, third):
        assert answers(stranger) <= {403, 405}, address
        assert 403 in answers(stranger), address
    assert answers(zhou).isdisjoint({403}), address


@pytest.mark.parametrize("name", sorted(BROUGHT))
def test_texts_that_come_with_the_product_say_nothing_of_a_contract(
    name: str, rows: dict[str, str], stranger: User, zhou: User
) -> None:
    (page,) = (page for page in ALL if page.name == name)
    answer = signed_in(stranger).get(reverse(name, kwargs={key: EDITIONS[key] for key in page.parameters}))
    assert answer.status_code == 200
    told = [*rows.values(), zhou.organisation.name]
    assert [text for text in told if text in answer.content.decode()] == []


def test_no_page_keeps_from_its_own_forms_where_they_come_from(contract: Contract, zhou: User) -> None:
    """Under `no-referrer` browsers say `Origin: null` with a form, and whoever sends it is turned away as a forger."""
    opened_by = {
        "people:join": links.make(zhou, links.Purpose.JOIN, now()),
        "complaints:intake": contract.code,
        **dict.fromkeys(
            ("complaints:tracking", "complaints:tracking-picture", "complaints:unlock", "complaints:answer"),
            complain(contract, at=now() - HOUR).token,
        ),
    }
    for page in ALL:
        if page.name in OPEN:
            values = {
                name: opened_by.get(page.name, "0" * 22) if name != "name" else "rate" for name in page.parameters
            }
            answer = Client().get(reverse(page.name, kwargs=values))
            assert answer["Referrer-Policy"] == "same-origin", page.name


def test_an_act_on_a_row_of_others_is_refused_below_the_pages_too(contract: Contract, stranger: User) -> None:
    from django.core.exceptions import PermissionDenied

    from encore.complaints.operations import verify

    complaint = complain(contract, at=now() - HOUR)
    with pytest.raises(PermissionDenied):
        verify(complaint, by=stranger, at=now())
    complaint.refresh_from_db()
    assert complaint.verified_at is None


def test_the_other_partys_people_are_not_there(zhou: User, he: User) -> None:
    assert signed_in(he).get(f"/people/{zhou.reference}/").status_code == 404
    assert zhou.name not in signed_in(he).get("/people/").content.decode()
