from datetime import date, timedelta

import pytest

from encore.accounts.models import Organisation, Post, Role, User
from encore.accounts.rights import NotYours
from encore.contracts.models import Contract
from encore.ledger.models import Event
from encore.people import operations, queries
from encore.people.models import Assignment, Promoter, Qualification
from tests.cast import RECEIVED, person, signed_in

DAY = date(2026, 3, 10)
BORN = date(2000, 1, 1)
LATER = timedelta(days=1)


@pytest.fixture
def su(agency: Organisation) -> User:
    return person("苏晴", agency, Post.PROMOTER)


@pytest.fixture
def admitted(su: User, he: User, contract: Contract) -> User:
    operations.admit(su, born=BORN, from_date=DAY, by=he, at=RECEIVED)
    operations.qualify(su, kind="health_certificate", from_date=DAY, to_date=DAY + 300 * LATER, by=he, at=RECEIVED)
    return su


def assign(su: User, he: User, venue: Organisation, first: date = DAY, last: date | None = None) -> Assignment:
    return operations.assign(su, venue=venue, from_date=first, to_date=last, brand="澜溪", by=he, at=RECEIVED)


@pytest.mark.parametrize(
    ("born", "may"),
    [
        (date(2008, 3, 10), True),
        (date(2008, 3, 11), False),
        (date(2008, 2, 29), True),
        (date(1990, 1, 1), True),
        (date(2010, 1, 1), False),
    ],
)
def test_nobody_under_eighteen_is_admitted(su: User, he: User, born: date, may: bool) -> None:
    if may:
        operations.admit(su, born=born, from_date=DAY, by=he, at=RECEIVED)
    else:
        with pytest.raises(operations.CannotAdmit):
            operations.admit(su, born=born, from_date=DAY, by=he, at=RECEIVED)
    assert Promoter.objects.filter(person=su).exists() is may


def test_whoever_is_born_on_29_february_is_of_age_on_1_march(su: User, he: User) -> None:
    born = date(2008, 2, 29)
    with pytest.raises(operations.CannotAdmit):
        operations.admit(su, born=born, from_date=date(2026, 2, 28), by=he, at=RECEIVED)
    operations.admit(su, born=born, from_date=date(2026, 3, 1), by=he, at=RECEIVED)


def test_the_day_of_birth_is_not_kept(admitted: User) -> None:
    kept = [
        str(value) for model in (Promoter, Qualification, Event) for row in model.objects.values_list() for value in row
    ]
    assert not any("2000-01-01" in value for value in kept)
    assert queries.qualified(admitted, "of_age", RECEIVED)


def test_only_who_has_the_post_is_admitted_and_once(admitted: User, tang: User, he: User) -> None:
    for somebody in (admitted, tang):
        with pytest.raises(operations.CannotAdmit):
            operations.admit(somebody, born=BORN, from_date=DAY, by=he, at=RECEIVED)


def test_a_promoter_is_assigned_by_days_and_seen_by_both_parties(
    admitted: User, he: User, zhou: User, venue: Organisation
) -> None:
    assignment = assign(admitted, he, venue, DAY, DAY + 9 * LATER)
    for reader in (he, zhou):
        assert list(queries.assignments_visible_to(reader)) == [assignment]
    assert list(queries.promoters_at(venue, RECEIVED)) == [admitted]
    assert not queries.promoters_at(venue, RECEIVED + 10 * LATER).exists()


@pytest.mark.parametrize(
    ("first", "last", "free"),
    [
        (0, 3, False),
        (9, 12, False),
        (10, 12, True),
        (-5, -1, True),
        (-5, 0, False),
        (-5, None, False),
        (10, None, True),
        (2, 3, False),
    ],
)
def test_nobody_is_at_two_venues_at_once(
    admitted: User, he: User, venue: Organisation, first: int, last: int | None, free: bool
) -> None:
    operations.qualify(admitted, kind="health_certificate", from_date=DAY - 30 * LATER, to_date=DAY, by=he, at=RECEIVED)
    assign(admitted, he, venue, DAY, DAY + 9 * LATER)
    until = DAY + last * LATER if last is not None else None
    if free:
        assign(admitted, he, venue, DAY + first * LATER, until)
    else:
        with pytest.raises(operations.CannotAssign):
            assign(admitted, he, venue, DAY + first * LATER, until)


def test_nobody_is_assigned_without_a_health_certificate_that_is_good(
    su: User, he: User, venue: Organisation, contract: Contract
) -> None:
    operations.admit(su, born=BORN, from_date=DAY, by=he, at=RECEIVED)
    with pytest.raises(operations.CannotAssign):
        assign(su, he, venue)
    operations.qualify(
        su, kind="health_certificate", from_date=DAY - 200 * LATER, to_date=DAY - LATER, by=he, at=RECEIVED
    )
    with pytest.raises(operations.CannotAssign):
        assign(su, he, venue)
    operations.qualify(su, kind="health_certificate", from_date=DAY, to_date=DAY, by=he, at=RECEIVED)
    assign(su, he, venue)


@pytest.mark.parametrize("last", [None, DAY + 400 * LATER])
def test_a_health_certificate_is_good_for_a_year_at_most(su: User, he: User, last: date | None) -> None:
    with pytest.raises(operations.CannotQualify):
        operations.qualify(su, kind="health_certificate", from_date=DAY, to_date=last, by=he, at=RECEIVED)


def test_a_promoter_goes_only_where_there_is_a_contract(admitted: User, he: User, agency: Organisation) -> None:
    elsewhere = Organisation.objects.create(name="月光城", role=Role.VENUE)
    for place in (elsewhere, agency):
        with pytest.raises(operations.CannotAssign):
            assign(admitted, he, place)


def test_an_assignment_is_ended_by_its_last_day(admitted: User, he: User, venue: Organisation) -> None:
    assignment = assign(admitted, he, venue)
    with pytest.raises(operations.CannotEndAssignment):
        operations.end_assignment(assignment, to_date=DAY - LATER, by=he, at=RECEIVED)
    operations.end_assignment(assignment, to_date=DAY, by=he, at=RECEIVED)
    with pytest.raises(operations.CannotEndAssignment):
        operations.end_assignment(assignment, to_date=DAY + LATER, by=he, at=RECEIVED)
    assign(admitted, he, venue, DAY + LATER)


def test_a_venue_assigns_nobody(admitted: User, zhou: User, venue: Organisation) -> None:
    with pytest.raises(NotYours):
        assign(admitted, zhou, venue)


def test_complaints_are_given_to_handlers_from_their_first_day_to_their_last(
    lin: User, zhou: User, venue: Organisation
) -> None:
    operations.make_handler(lin, from_date=DAY, by=zhou, at=RECEIVED)
    assert list(queries.handlers(venue, RECEIVED)) == [lin]
    assert not queries.handlers(venue, RECEIVED - LATER).exists()
    with pytest.raises(operations.CannotMakeHandler):
        operations.make_handler(lin, from_date=DAY, by=zhou, at=RECEIVED)
    operations.end_handler(lin, to_date=DAY, by=zhou, at=RECEIVED)
    assert not queries.handlers(venue, RECEIVED + LATER).exists()
    with pytest.raises(operations.CannotEndHandler):
        operations.end_handler(lin, to_date=DAY, by=zhou, at=RECEIVED)


def test_a_promoter_is_admitted_and_assigned_on_their_page(
    su: User, he: User, venue: Organisation, contract: Contract
) -> None:
    desk, address = signed_in(he), f"/people/{su.reference}/"
    too_young = desk.post(f"{address}admit/", {"admit-born": "2010-1-1", "admit-from_date": "2026-3-10"})
    assert (too_young.status_code, "under eighteen" in too_young.content.decode()) == (409, True)
    assert (
        desk.post(f"{address}admit/", {"admit-born": "2000年1月1日", "admit-from_date": "2026-3-10"}).status_code == 302
    )
    paper = {"qualify-kind": "health_certificate", "qualify-from_date": "2026-3-1", "qualify-to_date": "2027-2-28"}
    assert desk.post(f"{address}qualify/", paper).status_code == 302
    where = {"assign-venue": venue.pk, "assign-from_date": "2026-3-10", "assign-to_date": "", "assign-brand": "澜溪"}
    assert desk.post(f"{address}assign/", where).status_code == 302
    page = desk.get(address).content.decode()
    for said in ("星河里", "澜溪", "health certificate"):
        assert said in page


def test_the_venue_sees_who_is_assigned_and_none_of_their_papers(
    admitted: User, he: User, zhou: User, venue: Organisation
) -> None:
    assignment = assign(admitted, he, venue)
    desk = signed_in(zhou)
    for address in ("/promoters/", f"/assignments/{assignment.reference}/"):
        page = desk.get(address).content.decode()
        assert "苏晴" in page
        assert "2027-01" not in page, "until when the certificate is good"
        assert admitted.reference not in page
    assert desk.post(f"/assignments/{assignment.reference}/", {"to_date": "2026-3-11"}).status_code == 403
    assert desk.get(f"/people/{admitted.reference}/").status_code == 404


def test_the_agencys_list_shows_where_promoters_are_and_asks_the_same_however_many(
    admitted: User, he: User, venue: Organisation, django_assert_max_num_queries: object
) -> None:
    assign(admitted, he, venue)
    desk = signed_in(he)
    desk.get("/promoters/")
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        page = desk.get("/promoters/").content.decode()
    assert "苏晴" in page
    for number in range(3):
        Promoter.objects.create(
            person=person(f"甲{number}", he.organisation, Post.PROMOTER), owner=he.organisation, from_date=DAY
        )
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        desk.get("/promoters/")
