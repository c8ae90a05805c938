"""The index finds what a look through all rows would find, and nothing that the reader may not see."""

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries

from encore.accounts.models import Organisation, Post, Role, User
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.search import register
from encore.search.index import index, remove
from encore.search.queries import find, having
from encore.search.rebuilding import rebuild
from encore.search.register import Searched, readings
from encore.search.words import asked, folded
from tests.cast import complain, person


@pytest.fixture(autouse=True)
def searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Complaints by their words, and for the venue alone by what stands in the room."""
    model: type[Model] = Complaint
    kind = register.Kind(
        "complaint",
        lambda row: Searched(
            [row.reference, row.text],
            (row.contract.venue_id, row.contract.agency_id),
            own={row.contract.venue_id: [row.room]},
        ),
        lambda: Complaint.objects.select_related("contract"),
    )
    monkeypatch.setitem(register.KINDS, "complaint", kind)
    monkeypatch.setitem(register._BY_MODEL, model, kind)


def found(words: str, user: User, limit: int = 50, before: int | None = None) -> list[int]:
    return find(words, user, limit=limit, before=before).get("complaint", [])


def test_both_parties_find_a_complaint_and_nobody_else(contract: Contract, zhou: User, he: User) -> None:
    complaint = complain(contract, "北岸拉格没气")
    index(complaint)
    stranger = person("外人", Organisation.objects.create(name="别家", role=Role.VENUE), Post.MANAGER)
    assert found("没气", zhou) == found("没气", he) == [complaint.pk]
    assert found("没气", stranger) == []
    assert found(complaint.reference, he) == [complaint.pk]


def test_what_is_the_venues_own_is_found_by_the_venue_alone(contract: Contract, zhou: User, he: User) -> None:
    complaint = complain(contract, "北岸拉格没气")
    complaint.room = "手机尾号8861"
    index(complaint)
    assert found("8861", zhou) == [complaint.pk]
    assert found("8861 没气", zhou) == [complaint.pk]
    assert found("手", zhou) == [complaint.pk]
    assert found("8861", he) == found("手", he) == []
    assert found(f"\ue000{zhou.organisation_id}x", he) == [], "nor by the mark of the owner"


def test_a_changed_row_is_found_by_its_new_words_only(contract: Contract, zhou: User) -> None:
    complaint = complain(contract, "第一句话")
    index(complaint)
    complaint.text = "换了说法"
    index(complaint)
    assert found("第一", zhou) == []
    assert found("说法", zhou) == [complaint.pk]
    remove(complaint)
    assert found("说法", zhou) == []


def test_writing_is_one_statement_for_any_number_of_rows(
    contract: Contract, zhou: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [complain(contract, f"第{number}条意见") for number in range(5)]
    with django_assert_num_queries(1):
        index(*rows)
    with django_assert_num_queries(1):
        assert found("意见", zhou) == sorted((row.pk for row in rows), reverse=True)


def test_newest_come_first_and_pages_go_on_where_the_last_ended(contract: Contract, zhou: User) -> None:
    rows = [complain(contract, "一样的话") for _number in range(7)]
    index(*rows)
    newest = [row.pk for row in reversed(rows)]
    assert found("一样", zhou, limit=3) == newest[:3]
    assert found("一样", zhou, limit=3, before=newest[2]) == newest[3:6]
    assert found("一样", zhou, limit=3, before=newest[5]) == newest[6:]


def test_what_an_operation_takes_back_is_not_found(contract: Contract, zhou: User) -> None:
    from django.db import transaction

    complaint = complain(contract, "好的")
    complaint.text = "作数吗"
    with transaction.atomic():
        index(complaint)
        transaction.set_rollback(True)
    assert found("作数", zhou) == []


def test_the_index_is_written_anew_from_the_rows(contract: Contract, zhou: User) -> None:
    rows = [complain(contract, f"旧的第{number}条") for number in range(3)]
    index(*rows)
    Complaint.objects.filter(pk=rows[0].pk).update(text="新的")
    with connection.cursor() as cursor:
        strange = max(kind.end for kind in register.KINDS.values()) + 5
        text = "'旧的':1" if connection.vendor == "postgresql" else "旧的"
        cursor.execute("INSERT INTO search_entry (rowid, words) VALUES (%s, %s)", [strange, text])
    assert dict(rebuild())["complaint"] == 3
    assert found("新的", zhou) == [rows[0].pk]
    assert found("旧的", zhou) == [rows[2].pk, rows[1].pk]
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM search_entry WHERE rowid = %s", [strange])
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    "question",
    [
        '"',
        "' OR 1=1 --",
        "酒 OR 水",
        "NEAR(酒 水)",
        "words:酒",
        "酒*",
        "-酒",
        "'酒':*",
        "\x00酒\x00",
        "\ud83d",
        "\ue000酒",
        "\ue000",
    ],
)
def test_what_is_typed_is_looked_for_and_never_obeyed(question: str, contract: Contract, zhou: User) -> None:
    index(complain(contract, "酒是温的"))
    has_all = all(word in folded("酒是温的") for word in asked(question)) and asked(question)
    assert bool(found(question, zhou)) == bool(has_all)


def test_text_in_bad_characters_is_taken_in(contract: Contract, zhou: User) -> None:
    complaint = complain(contract, "好的")
    complaint.text = "坏\ud800字\x00节\ufffe👍啤酒" + "长" * 20_000
    index(complaint)
    assert found("啤酒", zhou) == [complaint.pk]


def test_a_list_is_narrowed_within_its_own_query(contract: Contract, zhou: User) -> None:
    row, _other = complain(contract, "北岸拉格没气"), complain(contract, "太吵")
    index(row, _other)
    with CaptureQueriesContext(connection) as captured:
        assert list(Complaint.objects.filter(having("拉格", zhou, "complaint"))) == [row]
    assert len(captured) == 1
    assert list(Complaint.objects.filter(having("!", zhou, "complaint"))) == []


@pytest.mark.parametrize(
    ("name", "typed"), [("周敏", "zm"), ("周敏", "zhoumin"), ("小红帽厅", "xhmt"), ("重庆包厢", "cqbx")]
)
def test_names_are_found_by_how_they_are_pronounced(name: str, typed: str) -> None:
    assert typed in readings([name])


WORDS = st.text("报销单酒水ab1２ ，-.", max_size=12)


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(WORDS, WORDS), max_size=4), st.lists(WORDS.filter(asked), min_size=1, max_size=4))
def test_what_is_found_is_what_a_look_at_every_row_finds(
    contract: Contract, zhou: User, he: User, texts: list[tuple[str, str]], questions: list[str]
) -> None:
    Complaint.objects.all().update(text="", room="")
    rows = list(Complaint.objects.select_related("contract").order_by("pk"))
    rows += [complain(contract) for _missing in texts[len(rows) :]]
    for row, (text, own) in zip(rows, texts, strict=False):
        row.text, row.room = text, own
    for row in rows[len(texts) :]:
        row.text = row.room = ""
    if rows:
        index(*rows)
    for question in questions:
        for user, sees_rooms in ((zhou, True), (he, False)):
            by_hand = []
            for row in reversed(rows):
                texts_seen = [row.reference, row.text, *([row.room] if sees_rooms else [])]
                if all(any(word in folded(text) for text in texts_seen) for word in asked(question)):
                    by_hand.append(row.pk)
            assert found(question, user) == by_hand, (question, user)
