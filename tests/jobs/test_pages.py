import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from encore.accounts.models import Organisation, User
from encore.accounts.rights import NotYours
from encore.jobs import parked
from encore.jobs.models import Job, State
from encore.jobs.worker import run_due
from tests.cast import DAY, EDITION, agreed, signed_in
from tests.jobs import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


def park(state: State, **changes: object) -> Job:
    task = work.send if state == State.UNCLEAR else work.found_house
    number = task.enqueue("complaint:17").id
    Job.objects.filter(pk=number).update(
        **{"state": state, "attempts": 8, "ended_at": now(), "error": "TimeoutError (smtp.py:3 send)", **changes}
    )
    return Job.objects.get(pk=number)


def shown(desk: Client) -> str:
    answer = desk.get("/jobs/")
    assert answer.status_code == 200
    return answer.content.decode()


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r"#(\d+)</span>", page)]


def test_a_job_that_was_given_up_is_shown_with_what_it_was_told_and_what_happened(desk: Client) -> None:
    job = park(State.DEAD)
    page = shown(desk)
    assert numbers(page) == [job.pk]
    assert "complaint:17" in page
    assert "试了 8 次都没有成功" in page
    assert "TimeoutError (smtp.py:3 send)" in page
    assert "再试一次" in page
    assert "tests.jobs.work.found_house" in page, "work without a name in words is shown by its place"


def test_an_unclear_job_is_shown_as_such_by_the_name_that_people_use(desk: Client) -> None:
    park(State.UNCLEAR)
    page = shown(desk)
    assert "<strong>履约看板</strong>" in page
    assert "结果不明" in page
    assert "已经发出" in page
    assert "重新发送" in page


def test_what_is_well_is_not_shown(desk: Client) -> None:
    work.found_house.enqueue("a")
    run_due()
    work.found_house.enqueue("b")
    assert numbers(shown(desk)) == []
    assert "没有需要决定的任务" in shown(desk)


def test_tried_again_the_job_runs_as_if_it_were_new(desk: Client) -> None:
    job = park(State.DEAD)
    answer = desk.post(f"/jobs/{job.pk}/", {"decision": "again"})
    assert (answer.status_code, answer["Location"]) == (302, "/jobs/")
    job.refresh_from_db()
    assert (job.state, job.attempts) == (State.READY, 0)
    assert numbers(shown(desk)) == []
    run_due()
    assert Organisation.objects.filter(name="complaint:17").exists()


def test_an_unclear_job_goes_out_again_only_when_somebody_says_so(desk: Client) -> None:
    job = park(State.UNCLEAR)
    with work.interrupted():
        run_due()
        assert work.sent == []
        desk.post(f"/jobs/{job.pk}/", {"decision": "again"})
        run_due()
        assert work.sent == ["complaint:17"]


@pytest.mark.parametrize("state", [State.DEAD, State.UNCLEAR])
def test_what_is_let_be_is_off_the_list_and_says_by_whom(desk: Client, zhou: User, state: State) -> None:
    job = park(state)
    desk.post(f"/jobs/{job.pk}/", {"decision": "settle"})
    job.refresh_from_db()
    assert (job.state, job.settled_by) == (state, zhou)
    assert numbers(shown(desk)) == []
    with work.interrupted():
        assert run_due() == 0


def test_what_somebody_has_decided_already_is_refused(desk: Client) -> None:
    job = park(State.DEAD)
    desk.post(f"/jobs/{job.pk}/", {"decision": "settle"})
    answer = desk.post(f"/jobs/{job.pk}/", {"decision": "again"})
    assert answer.status_code == 409
    assert "已不需要决定" in answer.content.decode()
    job.refresh_from_db()
    assert job.state == State.DEAD
    assert desk.post("/jobs/999999/", {"decision": "again"}).status_code == 409


def test_a_job_that_ended_well_after_all_is_not_sent_again(desk: Client) -> None:
    job = park(State.UNCLEAR)
    Job.objects.update(state=State.DONE)
    assert desk.post(f"/jobs/{job.pk}/", {"decision": "again"}).status_code == 409


def test_only_the_manager_of_the_venue_looks_after_jobs(zhou: User, lin: User, he: User) -> None:
    job, at = park(State.DEAD), now()
    for stranger in (lin, he):
        assert not parked.may_decide(stranger)
        for decide in (parked.try_again, parked.settle):
            with pytest.raises(NotYours):
                decide(job.pk, by=stranger, at=at)
    assert parked.number(10) == 1
    assert parked.may_decide(zhou)


def test_what_is_no_decision_decides_nothing(desk: Client) -> None:
    job = park(State.UNCLEAR)
    assert desk.post(f"/jobs/{job.pk}/", {"decision": "perhaps"}).status_code == 400
    assert parked.number(10) == 1


def test_guests_do_not_see_the_page(desk: Client) -> None:
    job = park(State.DEAD)
    guest = Client(REMOTE_ADDR="203.0.113.9")
    assert guest.get("/jobs/")["Location"] == "/sign-in/?next=/jobs/"
    assert guest.post(f"/jobs/{job.pk}/", {"decision": "again"}).status_code == 403
    assert parked.number(10) == 1


def test_nobody_decides_by_opening_an_address(desk: Client) -> None:
    job = park(State.DEAD)
    assert desk.get(f"/jobs/{job.pk}/?decision=again").status_code == 405
    job.refresh_from_db()
    assert job.state == State.DEAD


def test_many_parked_jobs_have_pages(desk: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    at = now()
    rows = [park(State.DEAD, ended_at=at - timedelta(minutes=number // 3)) for number in range(70)]
    with django_assert_max_num_queries(7):
        first = shown(desk)
    link = re.search(r'href="(\?after=[^"]+)"', first)
    assert link
    second = desk.get(f"/jobs/{link[1].replace('&amp;', '&')}").content.decode()
    assert (len(numbers(first)), len(numbers(second))) == (50, 20)
    assert sorted(numbers(first) + numbers(second)) == [job.pk for job in rows]


def test_the_page_says_how_much_there_is_to_do(desk: Client) -> None:
    later = now() + timedelta(days=1)
    work.found_house.using(run_after=later).enqueue("a")
    assert "没有到期的" in shown(desk)
    for name in "bc":
        work.found_house.enqueue(name)
    page = shown(desk)
    assert "2 个到期待办" in page
    assert "1 个尚未到时间" in page


def test_the_board_says_when_jobs_wait_for_a_decision(desk: Client, agency: Organisation, zhou: User) -> None:
    agreed(EDITION, zhou, agency, since=now() - 10 * DAY)
    assert "/jobs/" not in desk.get("/").content.decode()
    park(State.UNCLEAR)
    assert "/jobs/" in desk.get("/").content.decode()
