import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse

import encore
from encore.accounts import rights
from encore.accounts.models import DEPARTMENTS, Organisation, Post, Role, User
from encore.ledger.nouns import NOUNS
from tests.cast import person, signed_in
from tests.test_house import trees

SOURCE = Path(encore.__file__).parent


def operations() -> Iterator[str]:
    """Every function under `@operation`, by package and name, as the source has it."""
    for path in [*SOURCE.glob("*/operations.py"), *SOURCE.glob("*/operations/*.py"), *SOURCE.glob("workflows/*.py")]:
        package = path.relative_to(SOURCE).parts[0]
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                decorators = {getattr(one, "id", getattr(one, "attr", "")) for one in node.decorator_list}
                if "operation" in decorators:
                    yield f"{package}.{node.name}"


def required() -> Iterator[str]:
    """Every act that code asks leave for by its name, outside operations: pages, and what concerns no contract."""
    for tree in trees().values():
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Name(id="require") | ast.Attribute(attr="require"), args=[ast.Constant(value=str(act)), *_]
                ):
                    yield act


def test_every_operation_stands_in_the_table_and_nothing_that_nobody_asks_leave_for() -> None:
    assert set(operations()) | set(required()) == set(rights.RIGHTS)


def test_how_the_house_runs_is_the_venues_to_look_after(zhou: User, he: User) -> None:
    for act in ("running.look_after", "jobs.try_again", "jobs.settle"):
        assert (rights.may(act, zhou), rights.may(act, he)) == (True, False)


def test_every_act_and_every_thing_has_a_name_that_people_read() -> None:
    assert set(rights.ACTS) == set(rights.RIGHTS)
    assert set(rights.THINGS) == set(rights.SIGHT)


def test_every_noun_stands_in_the_table_of_sight() -> None:
    assert set(NOUNS) <= set(rights.SIGHT)


def test_every_post_has_a_department() -> None:
    assert set(DEPARTMENTS) == set(Post) - {Post.GUEST}


def test_the_agency_never_sees_a_guests_contact_and_the_venue_no_personal_papers() -> None:
    assert rights.SIGHT["complaint.contact"][Role.AGENCY] == rights.Sight.WITHHELD
    assert rights.SIGHT["person.papers"][Role.VENUE] == rights.Sight.OWN
    assert rights.SIGHT["customer"][Role.AGENCY] == rights.Sight.COUNTS


@pytest.fixture
def third(db: None) -> Organisation:
    return Organisation.objects.create(name="第三方鉴定所", role=Role.THIRD_PARTY)


def test_a_third_party_has_no_act_on_complaints_and_contracts(third: Organisation) -> None:
    for post in set(Post) - {Post.GUEST}:
        somebody = person("路人", third, post)
        acts = {operation for operation in rights.RIGHTS if rights.may(operation, somebody)}
        assert {act.partition(".")[0] for act in acts} <= {"people"}


# What comes from providers, signed, and from the worker that sends: nobody has signed in there, either.
BY_MACHINES = {"repeat", "confirm", "refuse", "fail", "deliver", "read", "receive"}


def test_a_guest_may_complain_and_say_what_becomes_of_their_data_and_nothing_else() -> None:
    acts = {operation for operation in rights.RIGHTS if rights.may(operation, None)}
    assert acts - {f"channels.{name}" for name in BY_MACHINES} == {
        *(
            f"complaints.{one}"
            for one in ("receive", "add", "add_evidence", "confirm", "reject", "rate", "withdraw", "reopen")
        ),
        "customers.withdraw",
        "customers.receive_request",
    }


def test_a_refused_act_names_the_posts_that_have_it(lin: User, english: None) -> None:
    with pytest.raises(
        rights.NotYours,
        match=r"^This act belongs to: manager, customer service, marketing, promotion, human resources\.$",
    ):
        rights.require("complaints.tell_concerned", person("马", lin.organisation, Post.FINANCE))


def test_an_act_of_one_organisation_only_names_it(english: None, monkeypatch: pytest.MonkeyPatch, lin: User) -> None:
    only = {"complaints.verify": {post: frozenset({Role.AGENCY} if post == Post.FINANCE else ()) for post in Post}}
    monkeypatch.setattr(rights, "RIGHTS", only)
    with pytest.raises(rights.NotYours, match=r"finance \(promoter agency\)"):
        rights.require("complaints.verify", lin)


def test_the_annex_says_what_the_tables_say(lin: User, english: None) -> None:
    page = signed_in(lin).get(reverse("people:sight")).content.decode()
    for thing in rights.THINGS.values():
        assert str(thing) in page
    for act in rights.ACTS.values():
        assert str(act).replace("'", "&#39;") in page
    row = page[page.index(str(rights.THINGS["complaint.contact"])) :].partition("</tr>")[0]
    assert row.count("nothing") == 2
    assert row.index("all of the contract&#39;s") < row.index("nothing")
