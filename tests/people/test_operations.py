import orjson
import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from encore.accounts.models import Organisation, Post, User
from encore.accounts.rights import NotYours
from encore.ledger.models import Event
from encore.people import operations
from encore.people.operations import CannotAppoint, CannotEndPost, CannotInvite, CannotJoin, Newcomer
from tests.cast import DAY, RECEIVED, person, signed_in

AT = RECEIVED
PASSWORD = "把酒问青天不知天上宫阙"


@pytest.fixture
def manager(zhou: User) -> User:
    User.objects.filter(pk=zhou.pk).update(joined_at=AT)
    zhou.refresh_from_db()
    return zhou


def events() -> list[tuple[str, dict[str, object]]]:
    rows = Event.objects.filter(noun="person").order_by("id")
    return [(event.type, orjson.loads(bytes(event.body))["data"]) for event in rows]


def joined(invited: operations.Invited, username: str = "qian.duo") -> User:
    return operations.join(invited.token, username=username, password=PASSWORD, by=invited.person, at=AT)


def test_an_invited_person_joins_by_the_link_and_nobody_else_knows_the_password(manager: User) -> None:
    invited = operations.invite(Newcomer("钱多多", "finance", "Qian@house.example"), by=manager, at=AT)
    assert (invited.person.organisation, invited.person.has_joined) == (manager.organisation, False)
    assert not invited.person.has_usable_password()
    came = joined(invited, "Qian.Duo")
    assert (came.username, came.email, came.has_joined) == ("qian.duo", "qian@house.example", True)
    assert came.check_password(PASSWORD)
    assert events() == [("person.invited", {"post": "finance"}), ("person.joined", {})]


def test_nothing_personal_stands_in_the_ledger(manager: User) -> None:
    joined(operations.invite(Newcomer("钱多多", "finance", "qian@house.example", "13800138000"), by=manager, at=AT))
    bodies = b"".join(bytes(event.body) for event in Event.objects.all()).decode()
    for secret in ("钱多多", "qian", "13800138000", PASSWORD):
        assert secret not in bodies


def test_a_link_is_used_once(manager: User) -> None:
    invited = operations.invite(Newcomer("钱多多", "finance"), by=manager, at=AT)
    joined(invited)
    with pytest.raises(CannotJoin):
        joined(invited, "again")


def test_a_link_is_good_for_seven_days(manager: User) -> None:
    invited = operations.invite(Newcomer("钱多多", "finance"), by=manager, at=AT)
    with pytest.raises(CannotJoin):
        operations.join(invited.token, username="late", password=PASSWORD, by=invited.person, at=AT + 7 * DAY)


def test_a_new_link_takes_the_force_from_the_old_one(manager: User) -> None:
    first = operations.invite(Newcomer("钱多多", "finance"), by=manager, at=AT)
    second = operations.invite_again(first.person, by=manager, at=AT)
    with pytest.raises(CannotJoin):
        joined(first)
    assert joined(second).has_joined


def test_a_name_that_another_signs_in_by_is_refused_and_the_link_stays_good(manager: User) -> None:
    invited = operations.invite(Newcomer("钱多多", "finance"), by=manager, at=AT)
    with pytest.raises(CannotJoin):
        joined(invited, manager.username.upper())
    assert joined(invited).has_joined


def test_an_address_belongs_to_one_person(manager: User) -> None:
    operations.invite(Newcomer("钱多多", "finance", "qian@house.example"), by=manager, at=AT)
    with pytest.raises(CannotInvite):
        operations.invite(Newcomer("别人", "finance", "QIAN@house.example"), by=manager, at=AT)


def test_a_list_is_invited_as_a_whole_or_not_at_all(manager: User) -> None:
    people = [Newcomer("甲", "finance", "a@house.example"), Newcomer("乙", "finance", "a@house.example")]
    with pytest.raises(CannotInvite):
        operations.bring_in(people, by=manager, at=AT)
    assert not User.objects.filter(name="甲").exists()
    assert len(operations.bring_in(people[:1], by=manager, at=AT)) == 1


def test_another_post_brings_its_rights(manager: User, lin: User) -> None:
    operations.appoint(lin, post="finance", by=manager, at=AT)
    lin.refresh_from_db()
    assert lin.post == Post.FINANCE
    assert events() == [("person.appointed", {"post": "finance"})]
    with pytest.raises(CannotAppoint):
        operations.appoint(lin, post="finance", by=manager, at=AT)


def test_the_end_of_a_post_ends_every_session_and_link(manager: User, lin: User) -> None:
    lin.set_password(PASSWORD)
    lin.save()
    invited = operations.invite_again(lin, by=manager, at=AT)
    client = signed_in(lin)
    UserSession.objects.create(user=lin, session_key=client.session.session_key, ip="203.0.113.7")
    assert client.get("/account/").status_code == 200
    operations.end_post(lin, by=manager, at=AT)
    assert client.get("/account/").status_code == 302
    assert not Session.objects.exists()
    with pytest.raises(CannotJoin):
        joined(invited)
    with pytest.raises(CannotEndPost):
        operations.end_post(lin, by=manager, at=AT)
    assert events()[-1] == ("post.ended", {"post": "customer_service"})


def test_a_house_is_never_left_without_a_manager(manager: User) -> None:
    with pytest.raises(CannotEndPost):
        operations.end_post(manager, by=manager, at=AT)
    with pytest.raises(CannotAppoint):
        operations.appoint(manager, post="finance", by=manager, at=AT)
    invited = operations.invite(Newcomer("钱多多", "manager"), by=manager, at=AT)
    with pytest.raises(CannotEndPost):
        operations.end_post(manager, by=manager, at=AT)
    second = joined(invited)
    operations.end_post(manager, by=second, at=AT)
    with pytest.raises(CannotEndPost):
        operations.end_post(second, by=second, at=AT)


def test_only_managers_invite_and_only_their_own_people(
    manager: User, lin: User, he: User, agency: Organisation
) -> None:
    with pytest.raises(NotYours):
        operations.invite(Newcomer("钱多多", "finance"), by=lin, at=AT)
    theirs = person("徐磊", agency, Post.PROMOTION)
    for act in (operations.end_post, operations.invite_again):
        with pytest.raises(NotYours):
            act(theirs, by=manager, at=AT)
    theirs.refresh_from_db()
    assert theirs.is_active


def test_a_third_party_runs_its_own_people(db: None) -> None:
    third = Organisation.objects.create(name="第三方", role="third_party")
    head = person("方主任", third, Post.MANAGER)
    assert operations.invite(Newcomer("小方", "finance"), by=head, at=AT).person.organisation == third
