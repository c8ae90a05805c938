"""The desk: what burns next, many at once, the board by stages, the shift, the people, the phrases."""

import re
from datetime import UTC, datetime, time, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.utils.timezone import now
from openpyxl import load_workbook

from encore.accounts.models import Organisation, Post, Role, User
from encore.accounts.rights import NotYours
from encore.approvals.drafts import set_absence
from encore.channels.models import Inbox
from encore.complaints import drafts, operations, workload
from encore.complaints.models import Complaint, Handover, HandoverNote, Phrase, SavedList, Supervision
from encore.contracts.models import Contract
from encore.contracts.queries import edition_of
from encore.home.drafts import MOST_AT_ONCE
from encore.jobs.worker import run_due
from encore.ledger.models import Clock, Event
from encore.ledger.tick import tick
from encore.venues.models import Shift, Venue
from encore.venues.operations import House, open_venue, set_shift
from tests.cast import CHINA, DAY, EDITION, HOUR, RECEIVED, agreed, complain, person, signed_in


@pytest.fixture
def desk(lin: User) -> Client:
    return signed_in(lin)


@pytest.fixture
def boss(zhou: User) -> Client:
    return signed_in(zhou)


@pytest.fixture
def house(zhou: User) -> Venue:
    return open_venue(House("星河里"), by=zhou, at=RECEIVED - 8 * DAY)


def listed(client: Client, address: str) -> list[str]:
    """The numbers of the complaints in a list, in its order."""
    answer = client.get(address)
    assert answer.status_code == 200
    body = answer.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    return list(dict.fromkeys(re.findall(r"C-\d\d-\d{6,}", body)))


def shifts(house: Venue, *spans: tuple[int, int]) -> list[Shift]:
    return [Shift(venue=house, name=f"{starts}-{ends}", starts=time(starts), ends=time(ends)) for starts, ends in spans]


# --- the queue --------------------------------------------------------------------------------------------------------


def test_a_complaint_stands_in_the_queue_once_by_the_clock_that_runs_out_first(
    desk: Client, contract: Contract, tang: User
) -> None:
    first, second = (complain(contract, at=now() - hours * HOUR) for hours in (20, 30))
    operations.verify(second, by=tang, at=now() - HOUR)
    clock = Clock.objects.get(noun="complaint", noun_id=first.pk)
    twin = Clock.objects.get(pk=clock.pk)
    twin.pk, twin.duty, twin.due_at = None, "assess", clock.due_at + 5 * DAY  # a second one runs on it
    twin.save(force_insert=True)
    assert listed(desk, "/complaints/") == [first.reference, second.reference]
    assert desk.get("/complaints/?as=json&cols=others&cols=number").json()["rows"][0]["others"] == 1


def test_every_deadline_of_the_queue_names_its_clause(desk: Client, complaint: Complaint) -> None:
    page = desk.get("/complaints/").content.decode()
    clause = Clock.objects.get(noun="complaint").clause
    assert f"clause {clause}" in page.lower() or f"第{clause}条" in page or f">{clause}<" in page


def test_mine_my_departments_and_nobodys(contract: Contract, lin: User, zhou: User, tang: User) -> None:
    own, other, free = (complain(contract, at=now() - hours * HOUR) for hours in (1, 2, 3))
    for complaint, who in ((own, lin), (other, tang)):
        operations.assign(complaint, person=who, by=zhou, at=now())
    Complaint.objects.filter(pk=free.pk).update(responsible=None)
    desk = signed_in(lin)
    assert listed(desk, "/complaints/?f.whose=mine") == [own.reference]
    assert listed(desk, "/complaints/?f.whose=department") == [own.reference]
    assert listed(desk, "/complaints/?f.whose=nobody") == [free.reference]
    assert listed(desk, f"/complaints/?f.responsible={tang.pk}") == [other.reference]
    assert listed(signed_in(tang), "/complaints/?f.whose=department") == [other.reference]


def test_overdue_and_due_today_are_numbers_that_lead_to_their_lists(desk: Client, contract: Contract) -> None:
    late, soon = (
        complain(contract, at=now() - 25 * HOUR),
        complain(contract, at=now() - 23 * HOUR - timedelta(minutes=59)),
    )
    far = complain(contract, at=now() - timedelta(minutes=1))
    page = desk.get("/complaints/").content.decode()
    assert re.search(r'href="\?f\.when=overdue">overdue <strong>1<', page)
    assert listed(desk, "/complaints/?f.when=overdue") == [late.reference]
    today = listed(desk, "/complaints/?f.when=today")
    assert late.reference not in today
    assert set(today) <= {soon.reference, far.reference}


def test_a_complaint_on_which_no_clock_runs_is_not_forgotten(desk: Client, contract: Contract) -> None:
    still = complain(contract, at=now() - HOUR)
    Clock.objects.filter(noun="complaint", noun_id=still.pk).update(is_ended=True, state="excused")
    complain(contract, at=now() - HOUR)
    assert listed(desk, "/complaints/all/?f.is=free") == [still.reference]


def test_two_characters_find_a_complaint_and_only_ones_own(desk: Client, contract: Contract, zhou: User) -> None:
    found = complain(contract, "果盘里的西瓜是酸的", at=now() - HOUR)
    complain(contract, "酒是温的", at=now() - HOUR)
    for address in ("/complaints/?q=西瓜", "/complaints/all/?q=西瓜", f"/complaints/?q={found.reference}"):
        assert listed(desk, address) == [found.reference]
    others = Organisation.objects.create(name="别家", role=Role.VENUE)
    assert listed(signed_in(person("外人", others, Post.MANAGER)), "/complaints/all/?q=西瓜") == []


def test_a6_counters_and_lists_tell_nothing_of_complaints_of_others(contract: Contract, he: User) -> None:
    complain(contract, at=now() - 30 * HOUR)
    others = Organisation.objects.create(name="别家", role=Role.VENUE)
    stranger = signed_in(person("外人", others, Post.MANAGER))
    page = stranger.get("/complaints/").content.decode()
    assert re.findall(r"<strong>(\d+)</strong>", page.partition('class="numbers"')[2].partition("</p>")[0]) == ["0"] * 4
    for address in ("/complaints/board/", "/complaints/handover/", "/complaints/people/", "/complaints/absence/"):
        assert not re.search(r"C-\d\d-\d{6}", stranger.get(address).content.decode())
    assert stranger.get(f"/complaints/board/?contract={contract}").status_code == 404


def test_a6_whom_a_complaint_is_about_has_it_in_no_list_and_no_number(
    contract: Contract, lin: User, zhou: User, house: Venue
) -> None:
    complaint = complain(contract, at=now() - 30 * HOUR)
    operations.assign(complaint, person=zhou, by=zhou, at=now())
    operations.name_concerned(complaint, person=lin, by=zhou, at=now())
    about, other = signed_in(lin), signed_in(zhou)
    for address in ("/complaints/", "/complaints/all/", "/complaints/all/?q=温的", "/complaints/?f.when=overdue"):
        assert (listed(about, address), listed(other, address)) == ([], [complaint.reference])
    for address in ("/complaints/board/", "/complaints/handover/"):
        assert complaint.reference not in about.get(address).content.decode()
        assert complaint.reference in other.get(address).content.decode()
    assert workload.work(lin, [contract.pk], now(), now()) == {}


@pytest.mark.parametrize(
    "query",
    [
        "sort=responsible__password",
        "f.responsible__password=a",
        "f.whose=theirs",
        "f.is=secret",
        "f.when=x",
        "cols=token",
    ],
)
def test_a7_lists_are_sorted_and_filtered_by_declared_names_only(
    desk: Client, complaint: Complaint, query: str
) -> None:
    assert desk.get(f"/complaints/?{query}").status_code == 404
    assert desk.get(f"/complaints/all/?{query}").status_code == 404


@pytest.mark.parametrize("said", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")'])
def test_a10_a_formula_that_a_guest_wrote_is_text_in_the_sheet(desk: Client, contract: Contract, said: str) -> None:
    complain(contract, said, at=now() - HOUR)
    for address in ("/complaints/", "/complaints/all/"):
        content = desk.get(f"{address}?as=xlsx&cols=text&cols=number").content
        [row] = list(load_workbook(BytesIO(content)).active.iter_rows(min_row=2))
        text = next(cell for cell in row if cell.value and str(cell.value).strip() == said.strip())
        assert text.data_type == "s"


def test_the_queue_asks_the_same_number_of_questions_however_long_it_is(
    desk: Client, contract: Contract, zhou: User, django_assert_num_queries: object
) -> None:
    told = [operations.Told(f"第{number}条", f"row:{number}") for number in range(60)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=now() - HOUR)
    desk.get("/")  # reads the edition, which stays in memory
    for address, number in (("/complaints/", 16), ("/complaints/all/", 11), ("/complaints/board/", 7)):
        with django_assert_num_queries(number):  # type: ignore[operator]
            desk.get(address)


def test_f12_a_page_far_down_the_queue_is_found_by_its_place(desk: Client, contract: Contract, zhou: User) -> None:
    told = [operations.Told(f"第{number}条", f"row:{number}") for number in range(130)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=now() - HOUR)
    seen: list[str] = []
    address = "/complaints/?f.stage=receipt"
    while address:
        page = desk.get(address).content.decode()
        seen += listed(desk, address)
        link = re.search(r'href="(\?[^"]*after=[^"]+)"', page)
        address = "/complaints/" + link[1].replace("&amp;", "&") if link else ""
    assert len(seen) == len(set(seen)) == 130


def test_f12_the_next_clock_of_each_complaint_is_looked_up_by_an_index(contract: Contract, zhou: User) -> None:
    rows = workload.waiting(zhou, [contract.pk]).order_by("due_at", "pk")[:51]
    if connection.vendor == "postgresql":  # which would read so small a table from end to end
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = rows.explain()
    assert "Seq Scan" not in plan
    assert "SCAN" not in re.sub(r"SCAN \S+ USING (COVERING )?INDEX", "", plan)


@pytest.mark.usefixtures("english")
def test_f14_lists_stand_and_say_nothing_false_while_the_index_of_words_is_empty(
    desk: Client, contract: Contract
) -> None:
    complaint = complain(contract, "果盘里的西瓜\ud83c".encode("utf-8", "replace").decode(), at=now() - HOUR)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_entry")
    assert listed(desk, "/complaints/") == [complaint.reference]
    page = desk.get("/complaints/?q=西瓜").content.decode()
    assert "Nothing answers to that." in page
    assert desk.get("/complaints/?q=%ff%fe%00%ed%a0%80").status_code == 200


# --- many at once -----------------------------------------------------------------------------------------------------


def test_many_are_given_to_somebody_and_each_says_what_became_of_it(
    boss: Client, contract: Contract, tang: User, zhou: User
) -> None:
    free, about, closed = (complain(contract, at=now() - hours * HOUR) for hours in (1, 2, 3))
    operations.name_concerned(about, person=tang, by=zhou, at=now())
    operations.withdraw(closed, words="", by=zhou, at=now())
    marked = [one.reference for one in (free, about, closed)]
    answer = boss.post(
        "/complaints/marked/", {"mark": marked, "act": "assign", "person": tang.pk, "back": "f.when=overdue"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/complaints/marked/")
    page = boss.get("/complaints/marked/").content.decode()
    assert [one.reference in page for one in (free, about, closed)] == [True] * 3
    assert page.count("left as it is:") == 2
    assert "about you" in page or "somebody else handles it" in page
    free.refresh_from_db()
    assert free.responsible == tang
    assert 'href="/complaints/?f.when=overdue"' in page


def test_many_are_taken_up_at_once_and_only_once(desk: Client, contract: Contract, lin: User) -> None:
    both = [complain(contract, at=now() - hours * HOUR) for hours in (1, 2)]
    posted = {"mark": [one.reference for one in both], "act": "take-up"}
    desk.post("/complaints/marked/", posted)
    assert {one.responsible for one in Complaint.objects.all()} == {lin}
    desk.post("/complaints/marked/", posted)
    assert desk.get("/complaints/marked/").content.decode().count("left as it is:") == 2
    assert Event.objects.filter(type="complaint.taken_up").count() == 2


def test_what_is_marked_without_saying_to_whom_comes_back_with_its_marks(boss: Client, complaint: Complaint) -> None:
    answer = boss.post("/complaints/marked/", {"mark": [complaint.reference], "act": "assign", "person": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'name="mark" value="{complaint.reference}"' in page
    assert boss.post("/complaints/marked/", {"act": "take-up"}).status_code == 422


def test_a_complaint_of_others_cannot_be_marked(complaint: Complaint) -> None:
    others = Organisation.objects.create(name="别家", role=Role.VENUE)
    stranger = signed_in(person("外人", others, Post.MANAGER))
    assert stranger.post("/complaints/marked/", {"mark": [complaint.reference], "act": "take-up"}).status_code == 404


def test_a16_the_way_back_leads_nowhere_else(boss: Client, complaint: Complaint) -> None:
    for back in ("//evil.example", "https://evil.example/", "javascript:alert(1)"):
        boss.post("/complaints/marked/", {"mark": [complaint.reference], "act": "take-up", "back": back})
        page = boss.get("/complaints/marked/").content.decode()
        assert not re.search(r'href="(https?:)?//evil|href="javascript', page)


# --- at hand ----------------------------------------------------------------------------------------------------------


def test_a_search_is_kept_at_hand_for_oneself_alone(
    desk: Client, boss: Client, complaint: Complaint, lin: User
) -> None:
    desk.post("/complaints/lists/", {"name": "急的", "address": "f.when=overdue&after=x~1&as=json"})
    kept = SavedList.objects.get()
    assert (kept.person, kept.address) == (lin, "f.when=overdue")
    assert 'href="?f.when=overdue">急的' in desk.get("/complaints/").content.decode().replace(
        ' aria-current="true"', ""
    )
    assert "急的" not in boss.get("/complaints/").content.decode()
    boss.post("/complaints/lists/", {"drop": kept.pk})
    assert SavedList.objects.exists()
    desk.post("/complaints/lists/", {"drop": kept.pk})
    assert not SavedList.objects.exists()


def test_phrases_are_the_houses_own(desk: Client, lin: User, tang: User) -> None:
    fields = {"use": "reply", "title": "账单有误", "words": "非常抱歉，账单已经更正。"}
    assert desk.post("/complaints/phrases/", fields).status_code == 302
    phrase = Phrase.objects.get()
    assert "账单有误" in desk.get("/complaints/phrases/").content.decode()
    other = signed_in(tang)
    assert "账单有误" not in other.get("/complaints/phrases/").content.decode()
    assert other.get(f"/complaints/phrases/?change={phrase.pk}").status_code == 404
    assert other.post("/complaints/phrases/", {"change": phrase.pk, "drop": "1"}).status_code == 404
    again = desk.post("/complaints/phrases/", {**fields, "words": "别的话"})
    assert (again.status_code, "别的话" in again.content.decode()) == (422, True)
    desk.post("/complaints/phrases/", {**fields, "change": phrase.pk, "words": "对不起。"})
    assert Phrase.objects.get().words == "对不起。"
    desk.post("/complaints/phrases/", {"change": phrase.pk, "drop": "1"})
    assert not Phrase.objects.exists()


def test_a_phrase_is_offered_where_it_is_used_and_fills_the_form_in(
    boss: Client, contract: Contract, zhou: User, tang: User
) -> None:
    complaint = complain(contract, at=now() - HOUR)
    for use, title in (("reply", "先回话"), ("plan", "退款")):
        drafts.keep_phrase(None, use=use, title=title, words=f"{title}的话", by=zhou, at=now())
    theirs = drafts.keep_phrase(None, use="reply", title="别家的", words="别家的话", by=tang, at=now())
    address = f"/complaints/{complaint.reference}/?act=reply"
    page = boss.get(address).content.decode()
    assert ("先回话" in page, "退款" in page, "别家的" in page) == (True, False, False)
    own = Phrase.objects.get(title="先回话")
    assert "\n先回话的话</textarea>" in boss.get(f"{address}&phrase={own.pk}").content.decode()
    for number in (theirs.pk, Phrase.objects.get(title="退款").pk, "x", "9" * 30):
        assert "的话</textarea>" not in boss.get(f"{address}&phrase={number}").content.decode()


# --- the board --------------------------------------------------------------------------------------------------------


def test_the_board_has_the_stages_of_the_edition_in_its_order_with_what_runs_out_first(
    desk: Client, contract: Contract, lin: User, tang: User
) -> None:
    new, old = complain(contract, at=now() - HOUR), complain(contract, at=now() - 20 * HOUR)
    verified = complain(contract, at=now() - 5 * HOUR)
    operations.verify(verified, by=tang, at=now() - HOUR)
    found = workload.lanes(lin, contract, edition_of(contract))
    assert [lane.key for lane in found] == ["receipt", "verification", "classification", "plan", "tracking"]
    assert [[card.complaint for card in lane.cards] for lane in found] == [[old, new], [], [verified], [], []]
    assert found[0].next == found[0].cards[0].clock
    page = desk.get("/complaints/board/").content.decode()
    assert page.index("receipt") < page.index("verification") < page.index("classification")


def test_a_full_column_shows_twenty_and_how_many_more(desk: Client, contract: Contract, zhou: User) -> None:
    told = [operations.Told(f"第{number}条", f"row:{number}") for number in range(25)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=now() - HOUR)
    page = desk.get("/complaints/board/").content.decode()
    assert page.count('class="card') == 20 + page.count('class="card-words"')
    assert "5 more" in page
    assert len(listed(desk, "/complaints/all/?f.is=open&f.stage=receipt")) == 25


def test_what_is_closed_stands_in_no_column(contract: Contract, zhou: User) -> None:
    complaint = complain(contract, at=now() - HOUR)
    operations.withdraw(complaint, words="", by=zhou, at=now())
    found = workload.lanes(zhou, contract, edition_of(contract))
    assert sum(lane.number for lane in found) == 0


# --- the shift --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "name", "since", "until"),
    [
        ("2026-03-10 20:00", "18-23", "2026-03-10 18:00", "2026-03-11 02:00"),
        ("2026-03-10 23:59", "23-2", "2026-03-10 23:00", "2026-03-11 18:00"),
        ("2026-03-11 00:00", "23-2", "2026-03-10 23:00", "2026-03-11 18:00"),
        ("2026-03-11 01:59", "23-2", "2026-03-10 23:00", "2026-03-11 18:00"),
        (
            "2026-03-11 05:30",
            "23-2",
            "2026-03-10 23:00",
            "2026-03-11 18:00",
        ),  # the house is shut: the last shift hands over
        ("2026-03-11 12:00", "12-18", "2026-03-11 12:00", "2026-03-11 23:00"),
        ("2028-02-29 23:30", "23-2", "2028-02-29 23:00", "2028-03-01 18:00"),
    ],
)
def test_f9_a_shift_over_midnight_is_one_and_belongs_to_the_night_it_began(
    house: Venue, at: str, name: str, since: str, until: str
) -> None:
    spans = shifts(house, (12, 18), (18, 23), (23, 2))
    moment, began, ends = (datetime.fromisoformat(text).replace(tzinfo=CHINA) for text in (at, since, until))
    found = workload.watch(moment, house, spans)
    assert (found.name, found.since, found.until) == (name, began, ends)


def test_f9_without_shifts_a_business_day_is_handed_over_at_six(house: Venue) -> None:
    at = datetime(2026, 3, 11, 5, 59, 59, tzinfo=CHINA)
    found = workload.watch(at, house, [])
    assert found.since == datetime(2026, 3, 10, 6, tzinfo=CHINA)
    assert workload.watch(at + timedelta(seconds=1), house, []).since == datetime(2026, 3, 11, 6, tzinfo=CHINA)
    all_given_up = [Shift(venue=house, name="早", starts=time(9), ends=time(12), is_active=False)]
    assert workload.watch(at, house, all_given_up) == found


def test_f8_shifts_and_days_are_the_venues_wherever_the_machine_stands(house: Venue) -> None:
    spans = shifts(house, (18, 23), (23, 2))
    local = datetime(2026, 3, 11, 0, 30, tzinfo=CHINA)
    assert workload.watch(local.astimezone(UTC), house, spans) == workload.watch(local, house, spans)
    assert workload.day_ends(local.astimezone(UTC), house) == datetime(2026, 3, 11, 6, tzinfo=CHINA)
    house.zone = "Europe/Berlin"  # on the night when the clock is put back an hour passes twice
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert workload.watch(first, house, spans).since == datetime(2026, 10, 24, 21, tzinfo=UTC)
    assert workload.watch(first + HOUR, house, spans).since == datetime(2026, 10, 24, 21, tzinfo=UTC)


def test_f8_a_clock_that_steps_back_leaves_the_queue_in_its_order(contract: Contract, lin: User) -> None:
    first, second = complain(contract, at=RECEIVED), complain(contract, at=RECEIVED - timedelta(seconds=2))
    clocks = workload.waiting(lin, [contract.pk]).order_by("due_at", "pk")
    assert [clock.noun_id for clock in clocks] == [second.pk, first.pk]


@pytest.fixture
def night(house: Venue, zhou: User) -> datetime:
    """In the evening shift."""
    for name, starts, ends in (("晚班", 18, 23), ("夜班", 23, 2)):
        set_shift(house, name, time(starts), time(ends), by=zhou, at=RECEIVED - 7 * DAY)
    return RECEIVED  # 22:40


def test_a_shift_leaves_what_came_what_is_due_in_the_next_and_what_is_late(
    contract: Contract, house: Venue, lin: User, night: datetime
) -> None:
    before = complain(contract, "昨晚", at=night - 22 * HOUR)
    late = complain(contract, "前天", at=night - 30 * HOUR)
    fresh = complain(contract, "刚才", at=night - timedelta(minutes=30))
    now_on = workload.watch(night, house, house.shifts.all())
    found = workload.leaving(lin, now_on, house, [contract.pk], night)
    assert [card.complaint for card in found.came.rows] == [fresh]
    assert [card.complaint for card in found.due.rows] == [before]
    assert [card.complaint for card in found.late.rows] == [late]
    assert (found.came.number, found.due.number, found.late.number, found.left) == (1, 1, 1, 3)


def test_whoever_takes_a_shift_over_is_recorded_with_what_lay_there_and_takes_it_over_once(
    contract: Contract, house: Venue, lin: User, zhou: User, night: datetime
) -> None:
    complaint = complain(contract, at=night - HOUR)
    operations.assign(complaint, person=zhou, by=zhou, at=night)
    taken = operations.hand_over(house, giver=zhou, with_work=True, by=lin, at=night)
    assert (taken.shift, taken.by, taken.giver, taken.came, taken.left) == ("晚班", lin, zhou, 1, 1)
    complaint.refresh_from_db()
    assert complaint.responsible == lin
    [event] = Event.objects.filter(type="shift.handed_over")
    assert (event.noun, event.noun_id, event.actor) == ("venue", house.pk, f"user:{lin.pk}")
    with pytest.raises(operations.CannotHandOver):
        operations.hand_over(house, giver=None, with_work=False, by=zhou, at=night + timedelta(minutes=5))
    assert Handover.objects.count() == 1


def test_each_party_hands_its_own_shifts_over(
    contract: Contract, house: Venue, lin: User, he: User, night: datetime
) -> None:
    operations.hand_over(house, giver=None, with_work=False, by=lin, at=night)
    operations.hand_over(house, giver=None, with_work=False, by=he, at=night)
    assert [one.owner for one in workload.handovers(he, house)] == [he.organisation]


def test_a_word_for_the_next_shift_stays_in_the_house(
    contract: Contract, house: Venue, lin: User, he: User, desk: Client
) -> None:
    complaint = complain(contract, at=now() - 30 * HOUR)
    desk.post(
        "/complaints/handover/note/", {"complaint": complaint.reference, "words": "客人明晚再来", "house": str(house)}
    )
    assert "客人明晚再来" in desk.get("/complaints/handover/").content.decode()
    other = signed_in(he).get("/complaints/handover/").content.decode()
    assert complaint.reference in other
    assert "客人明晚再来" not in other
    desk.post("/complaints/handover/note/", {"complaint": complaint.reference, "words": "  "})
    assert HandoverNote.objects.count() == 1


def test_the_page_of_the_shift_takes_it_over(desk: Client, contract: Contract, house: Venue, zhou: User) -> None:
    complain(contract, at=now() - HOUR)
    assert desk.post("/complaints/handover/", {"with_work": "on"}).status_code == 422
    assert desk.post("/complaints/handover/", {"giver": zhou.pk}).status_code == 302
    page = desk.get("/complaints/handover/").content.decode()
    assert "This shift has been taken over." in page
    assert "林静" in page
    assert desk.post("/complaints/handover/", {"giver": zhou.pk}).status_code == 409
    assert desk.get("/complaints/handover/?house=V-26-999999").status_code == 404


def test_without_a_house_there_is_nothing_to_hand_over(desk: Client, contract: Contract) -> None:
    assert "There is no house yet." in desk.get("/complaints/handover/").content.decode()


# --- the people -------------------------------------------------------------------------------------------------------


def test_all_work_of_somebody_absent_goes_to_others_in_turn_in_one_act(
    contract: Contract, lin: User, zhou: User, venue: Organisation
) -> None:
    qin, ma = person("秦岚", venue, Post.PROMOTION), person("马超群", venue, Post.MARKETING)
    held = [complain(contract, at=RECEIVED + number * HOUR) for number in range(5)]
    done = held[4]
    for complaint in held:
        operations.assign(complaint, person=lin, by=zhou, at=RECEIVED + 6 * HOUR)
    operations.withdraw(done, words="", by=zhou, at=RECEIVED + 6 * HOUR)
    operations.name_concerned(held[0], person=qin, by=zhou, at=RECEIVED + 6 * HOUR)
    due = list(Clock.objects.filter(is_ended=False).order_by("pk").values_list("pk", "due_at"))
    given = operations.hand_on(lin, to=[qin, ma], by=zhou, at=RECEIVED + 7 * HOUR)
    assert given == held[:4]
    holders = {one.pk: one.responsible for one in Complaint.objects.filter(pk__in=[one.pk for one in held])}
    assert holders[held[0].pk] == ma  # it is about the other
    assert {holders[one.pk] for one in held[1:4]} == {qin, ma}
    assert holders[done.pk] == lin
    assert list(Clock.objects.filter(is_ended=False).order_by("pk").values_list("pk", "due_at")) == due
    moments = set(
        Event.objects.filter(type="complaint.assigned").order_by("-pk").values_list("recorded_at", flat=True)[:4]
    )
    assert len(moments) == 1


def test_one_gives_on_ones_own_work_and_only_a_manager_that_of_others(
    contract: Contract, lin: User, zhou: User, venue: Organisation, tang: User
) -> None:
    qin = person("秦岚", venue, Post.PROMOTION)
    complaint = complain(contract)
    operations.assign(complaint, person=lin, by=zhou, at=RECEIVED)
    with pytest.raises(operations.CannotHandOn):
        operations.hand_on(lin, to=[qin], by=qin, at=RECEIVED)
    with pytest.raises(operations.CannotHandOn):
        operations.hand_on(lin, to=[tang], by=zhou, at=RECEIVED)
    with pytest.raises(operations.CannotHandOn):
        operations.hand_on(lin, to=[lin], by=lin, at=RECEIVED)
    operations.hand_on(lin, to=[qin], by=lin, at=RECEIVED)
    with pytest.raises(operations.CannotHandOn):
        operations.hand_on(lin, to=[qin], by=lin, at=RECEIVED)  # nothing is left
    complaint.refresh_from_db()
    assert complaint.responsible == qin


def test_the_page_of_absence_gives_all_of_it_on(
    boss: Client, desk: Client, contract: Contract, lin: User, zhou: User
) -> None:
    complaint = complain(contract, at=now() - HOUR)
    operations.assign(complaint, person=lin, by=zhou, at=now())
    assert boss.post("/complaints/absence/", {"person": lin.pk}).status_code == 422
    assert boss.post("/complaints/absence/", {"person": lin.pk, "to": [lin.pk]}).status_code == 422
    assert desk.post("/complaints/absence/", {"person": zhou.pk, "to": [lin.pk]}).status_code == 422
    assert boss.post("/complaints/absence/", {"person": lin.pk, "to": [zhou.pk]}).status_code == 302
    assert boss.post("/complaints/absence/", {"person": lin.pk, "to": [zhou.pk]}).status_code == 409
    complaint.refresh_from_db()
    assert complaint.responsible == zhou


def test_whoever_is_away_is_given_new_complaints_only_where_nobody_else_is_there(
    contract: Contract, lin: User, zhou: User, venue: Organisation
) -> None:
    other = person("秦岚", venue, Post.CUSTOMER_SERVICE)
    day = RECEIVED.date()
    set_absence(other, day, day, by=lin)
    assert [complain(contract, at=RECEIVED + number * HOUR / 4).responsible for number in range(2)] == [other, other]
    User.objects.filter(pk__in=[other.pk, zhou.pk]).update(is_active=False)
    assert complain(contract, at=RECEIVED + HOUR).responsible == lin
    assert complain(contract, at=RECEIVED + DAY).responsible == lin


def test_work_of_somebody_who_has_left_can_still_be_given_on(
    boss: Client, contract: Contract, lin: User, zhou: User
) -> None:
    complaint = complain(contract, at=now() - HOUR)
    operations.assign(complaint, person=lin, by=zhou, at=now())
    User.objects.filter(pk=lin.pk).update(is_active=False)
    assert "has left" in boss.get("/complaints/people/").content.decode()
    assert boss.post("/complaints/absence/", {"person": lin.pk, "to": [zhou.pk]}).status_code == 302
    complaint.refresh_from_db()
    assert complaint.responsible == zhou


def test_a_supervisor_sees_what_each_person_has_and_each_number_leads_to_its_list(
    boss: Client, contract: Contract, lin: User, zhou: User
) -> None:
    late, fresh = complain(contract, at=now() - 30 * HOUR), complain(contract, at=now() - HOUR)
    for one in (late, fresh):
        operations.assign(one, person=lin, by=zhou, at=now())
    found = workload.work(zhou, [contract.pk], now(), workload.day_ends(now(), None))[lin.pk]
    assert (found.left, found.late, found.reopened) == (2, 1, 0)
    page = boss.get("/complaints/people/").content.decode().replace("&amp;", "&")
    for query, rows in (("all/?f.is=open", [fresh, late]), ("?f.when=overdue", [late])):
        address = f"/complaints/{query}&f.responsible={lin.pk}"
        assert f'href="{address}"' in page
        assert listed(boss, address) == [one.reference for one in rows]


def test_going_through_somebodys_work_is_recorded_with_its_numbers_and_they_are_told(
    contract: Contract, lin: User, zhou: User
) -> None:
    complaint = complain(contract, at=now() - 30 * HOUR)
    operations.assign(complaint, person=lin, by=zhou, at=now())
    made = operations.supervise(lin, by=zhou, at=now())
    assert (made.left, made.late) == (1, 1)
    [event] = Event.objects.filter(type="handler.followed_up")
    assert (event.noun, event.noun_id) == ("person", lin.pk)
    assert [item.kind for item in Inbox.objects.filter(person=lin, noun="person")] == ["handler.followed_up"]
    with pytest.raises(operations.CannotSupervise):
        operations.supervise(zhou, by=zhou, at=now())
    with pytest.raises(NotYours):
        operations.supervise(zhou, by=lin, at=now())
    assert workload.supervisions([lin, zhou]) == {lin.pk: Supervision.objects.get()}


def test_a_supervisor_goes_through_the_work_of_their_own_people_only(
    boss: Client, desk: Client, contract: Contract, lin: User, tang: User
) -> None:
    assert boss.post("/complaints/people/", {"person": tang.pk}).status_code == 404
    assert boss.post("/complaints/people/", {"person": "x"}).status_code == 404
    assert desk.get("/complaints/people/").status_code == 403
    assert boss.post("/complaints/people/", {"person": lin.pk}).status_code == 302
    assert "Noted" in boss.get("/complaints/people/").content.decode()


# --- after hours of standing still ------------------------------------------------------------------------------------


def test_f5_after_hours_without_a_tick_people_are_told_a_number_and_not_of_each(
    contract: Contract, lin: User, zhou: User
) -> None:
    start = now() - 40 * HOUR
    told = [operations.Told(f"第{number}条", f"row:{number}") for number in range(3 * MOST_AT_ONCE)]
    operations.bring_in(told, contract=contract, channel="other", by=zhou, at=start)
    run_due()
    Inbox.objects.all().delete()
    tick()
    run_due()
    breaches = Event.objects.filter(type="duty.breached", noun="complaint")
    assert {event.occurred_at for event in breaches} == {start + DAY}  # as if the tick had come in time
    items = list(Inbox.objects.filter(kind="duty.breached").exclude(duty="train"))
    assert items
    assert {(item.noun, item.noun_id) for item in items} == {("contract", contract.pk)}
    assert all(Inbox.objects.filter(person=item.person, kind=item.kind, duty="").count() == 1 for item in items)
    page = signed_in(items[0].person).get("/inbox/").content.decode()
    assert f"{items[0].detail} at once" in page


def test_f5_further_ones_are_added_to_what_nobody_has_read(contract: Contract, zhou: User) -> None:
    for wave in range(2):
        told = [operations.Told(f"第{wave}-{number}条", f"row:{wave}:{number}") for number in range(2 * MOST_AT_ONCE)]
        operations.bring_in(told, contract=contract, channel="other", by=zhou, at=now() - (40 - wave) * HOUR)
        tick()
        run_due()
    rows = Inbox.objects.filter(kind="duty.breached", noun="contract", duty="")
    assert sum(int(row.detail) for row in rows) >= 4 * MOST_AT_ONCE
    assert len({row.person_id for row in rows}) == rows.count()


def test_the_desk_works_under_another_edition_as_well(zhou: User, agency: Organisation, lin: User) -> None:
    second = agreed(EDITION.replace(b'id = "house"', b'id = "second"'), zhou, agency)
    first = agreed(EDITION, zhou, agency)
    rows = [complain(contract, at=now() - HOUR) for contract in (first, second)]
    desk = signed_in(lin)
    assert len(listed(desk, "/complaints/")) == 2
    assert listed(desk, f"/complaints/?f.contract={second.pk}") == [rows[1].reference]
    assert rows[1].reference in desk.get(f"/complaints/board/?contract={second}").content.decode()
    drafts.leave_note(rows[0], "记一笔", lin, now())
