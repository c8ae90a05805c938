"""Entries that were a mistake: they stay, struck out, and count no longer."""

from datetime import timedelta

import orjson
import pytest
from django.test import Client
from django.utils.timezone import now

from encore.accounts.models import Organisation, Post, User
from encore.accounts.rights import NotYours
from encore.complaints import operations as complaints
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.jobs.worker import run_due
from encore.ledger.annulment import changes
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import key_of
from encore.ledger.operations import (
    AlreadyAnnulled,
    AlreadyAsked,
    CannotAnnul,
    NeedsAnother,
    NeedsNobody,
    annul,
    ask_annulment,
)
from encore.ledger.queries import Entry, history, timeline
from encore.ledger.tick import tick
from tests.cast import DAY, EDITION, HOUR, RECEIVED, agreed, complain, person, recording_at, signed_in
from tests.ledger.events import drafted, happen, rebuilt, stored

NOW = RECEIVED + 10 * DAY
# The agency verifies and assesses; the venue tells the guest.
OWED = EDITION.replace(b'id = "verify"\n', b'id = "verify"\nowed_by = "agency"\n')
OWED = OWED.replace(b'id = "assess"\n', b'id = "assess"\nowed_by = "agency"\n')
OWED = OWED.replace(b'id = "plan"\n', b'id = "plan"\nowed_by = "venue"\n')
OWED = OWED.replace(b"[[party]]\n", b'[[party]]\nkey = "agency"\nrole = "agency"\n\n[[party]]\n', 1)


@pytest.fixture
def contract(zhou: User, agency: Organisation) -> Contract:
    return agreed(OWED, zhou, agency)


def entry(type: str) -> Event:
    return Event.objects.get(type=type)


def clock(duty: str) -> Clock:
    return Clock.objects.get(duty=duty, noun="complaint")


def told(complaint: Complaint, type: str) -> Entry:
    return next(one for one in timeline(key_of(complaint)) if one.type == type)


def test_an_annulled_entry_stays_struck_with_who_and_why_and_counts_no_longer(
    complaint: Complaint, contract: Contract, zhou: User
) -> None:
    with recording_at(RECEIVED + 2 * HOUR):
        complaints.verify(complaint, by=zhou, at=RECEIVED + HOUR)
        before = bytes(entry("complaint.verified").body)
        annul(entry("complaint.verified"), reason="mistyped", by=zhou, at=RECEIVED + 2 * HOUR)
    assert bytes(entry("complaint.verified").body) == before
    struck = told(complaint, "complaint.verified").annulled
    assert struck is not None
    assert (struck.actor, struck.at) == ("周敏", RECEIVED + 2 * HOUR)
    assert "complaint.verified" not in [one.type for one in history(key_of(complaint))]
    assert clock("verify").state == "open"
    assert not Clock.objects.filter(duty="assess").exists()
    assert stored(contract) == rebuilt(contract, RECEIVED + 2 * HOUR)


def test_taking_a_step_again_later_would_move_the_next_deadline(complaint: Complaint, tang: User) -> None:
    """So that annulling one's own step helps oneself, where the next one is owed by one's own party too."""
    with recording_at(RECEIVED + 2 * HOUR):
        complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
        with pytest.raises(NeedsAnother):
            annul(entry("complaint.verified"), reason="mistyped", by=tang, at=RECEIVED + 2 * HOUR)


def test_the_complaint_goes_back_to_where_its_entries_say(complaint: Complaint, tang: User) -> None:
    with recording_at(RECEIVED + 3 * HOUR):
        complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
        complaints.assess(complaint, severity="one", category="product", by=tang, at=RECEIVED + 2 * HOUR)
        annul(entry("complaint.assessed"), reason="mistyped", by=tang, at=RECEIVED + 3 * HOUR)
    run_due()
    complaint.refresh_from_db()
    assert complaint.awaits_assessment
    assert (complaint.verified_at, complaint.severity, complaint.category) == (RECEIVED + HOUR, "", "")
    back = entry("complaint.put_back")
    assert back.actor == f"user:{tang.pk}"
    assert orjson.loads(bytes(back.body))["data"] == {"entry": entry("event.annulled").pk}
    with recording_at(now()):
        complaints.assess(complaint, severity="two", category="service", by=tang, at=now())
    assert Complaint.objects.get().severity == "two"


def test_an_annulment_that_moves_no_row_puts_nothing_back(complaint: Complaint, zhou: User) -> None:
    with recording_at(RECEIVED + HOUR):
        annul(entry("complaint.received"), reason="twice", by=zhou, at=RECEIVED + HOUR)
    run_due()
    assert not Event.objects.filter(type="complaint.put_back").exists()
    assert not Clock.objects.filter(noun="complaint").exists()


def test_who_owes_what_would_fall_away_needs_the_other_party(complaint: Complaint, he: User) -> None:
    with recording_at(RECEIVED + HOUR), pytest.raises(NeedsAnother):
        annul(entry("complaint.received"), reason="twice", by=he, at=RECEIVED + HOUR)
    assert clock("verify").state == "open"
    assert not Event.objects.filter(type="event.annulled").exists()


def test_whom_it_does_not_help_annuls_alone(complaint: Complaint, zhou: User) -> None:
    with recording_at(RECEIVED + HOUR):
        annul(entry("complaint.received"), reason="twice", by=zhou, at=RECEIVED + HOUR)
    assert "asked" not in orjson.loads(bytes(entry("event.annulled").body))["data"]


def test_the_other_party_annuls_what_it_was_asked_to(complaint: Complaint, he: User, tang: User, lin: User) -> None:
    at = RECEIVED + HOUR
    with recording_at(at):
        ask_annulment(entry("complaint.received"), reason="twice", by=he, at=at)
        with pytest.raises(NeedsAnother):  # a colleague is no second person
            annul(entry("complaint.received"), reason="twice", by=tang, at=at)
        with pytest.raises(AlreadyAsked):
            ask_annulment(entry("complaint.received"), reason="twice", by=tang, at=at)
        asked = told(complaint, "complaint.received").asked
        assert asked is not None
        assert asked.actor == "何伟"
        annul(entry("complaint.received"), reason="twice", by=lin, at=at)
    data = orjson.loads(bytes(entry("event.annulled").body))["data"]
    assert data["asked"] == entry("event.annulment_asked").pk
    assert told(complaint, "complaint.received").asked is None


def test_what_it_takes_the_other_party_for_can_be_done_by_it_though_it_helps_it(
    complaint: Complaint, zhou: User, he: User
) -> None:
    at = RECEIVED + HOUR
    with recording_at(at):
        complaints.verify(complaint, by=zhou, at=at)
        ask_annulment(entry("complaint.verified"), reason="untrue", by=he, at=at)
        annul(entry("complaint.verified"), reason="untrue", by=zhou, at=at)
    assert clock("verify").state == "open"


def test_nobody_annuls_what_the_other_party_recorded(complaint: Complaint, tang: User, zhou: User) -> None:
    """Or one could take away what the other has done in time."""
    with recording_at(RECEIVED + 2 * HOUR):
        complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
        with pytest.raises(NeedsAnother):
            annul(entry("complaint.verified"), reason="untrue", by=zhou, at=RECEIVED + 2 * HOUR)
    assert clock("verify").state == "fulfilled"


def test_who_needs_nobody_asks_nobody(complaint: Complaint, tang: User) -> None:
    with recording_at(RECEIVED + 2 * HOUR):
        complaints.verify(complaint, by=zhou_of(complaint), at=RECEIVED + HOUR)
        with pytest.raises(NeedsNobody):
            ask_annulment(entry("complaint.verified"), reason="untrue", by=zhou_of(complaint), at=RECEIVED + 2 * HOUR)


def zhou_of(complaint: Complaint) -> User:
    return User.objects.get(organisation=complaint.contract.venue, post=Post.MANAGER)


def test_a_breach_that_was_announced_is_corrected(complaint: Complaint, contract: Contract, zhou: User) -> None:
    with recording_at(NOW):
        tick(NOW)
        assert clock("verify").state == "breached"
        annul(entry("complaint.received"), reason="twice", by=zhou, at=NOW)
    corrected = entry("duty.corrected")
    assert orjson.loads(bytes(corrected.body))["data"] == {"duty": "verify", "index": 0, "state": "void"}
    assert Event.objects.filter(type="duty.breached", noun="complaint").exists()
    assert stored(contract) == rebuilt(contract, NOW)


def test_annulling_the_deed_that_was_in_time_brings_the_breach(
    complaint: Complaint, contract: Contract, tang: User
) -> None:
    with recording_at(NOW):
        complaints.verify(complaint, by=tang, at=RECEIVED + HOUR)
        found = {(one.duty, one.before and one.before.state, one.after and one.after.state)
                 for one in changes(entry("complaint.verified"), NOW)}  # fmt: skip
        assert found == {("verify", "fulfilled", "breached"), ("assess", "breached", None)}


def test_an_extension_is_the_better_end_that_counts(complaint: Complaint, contract: Contract, zhou: User) -> None:
    until = (RECEIVED + 5 * DAY).isoformat()
    at = RECEIVED + HOUR
    [extended] = happen(
        drafted(contract, "duty.extended", f"complaint:{complaint.pk}", at, duty="verify", until=until), now=at
    )
    [change] = changes(Event.objects.get(pk=extended), at)
    assert (change.helps("agency"), change.helps("venue")) == (False, False)
    [annulled] = happen(
        drafted(contract, "event.annulled", f"complaint:{complaint.pk}", at, id=extended, reason="untrue"), now=at
    )
    [change] = changes(Event.objects.get(pk=annulled), at)
    assert (change.helps("agency"), change.helps("venue")) == (True, False)


def test_an_annulment_can_be_annulled_and_the_entry_is_back(
    complaint: Complaint, contract: Contract, zhou: User
) -> None:
    at = RECEIVED + HOUR
    with recording_at(at):
        annul(entry("complaint.received"), reason="twice", by=zhou, at=at)
        annul(entry("event.annulled"), reason="mistyped", by=zhou, at=at)
    assert clock("verify").state == "open"
    assert told(complaint, "complaint.received").annulled is None
    assert stored(contract) == rebuilt(contract, at)


def test_an_entry_is_annulled_only_once(complaint: Complaint, zhou: User) -> None:
    at = RECEIVED + HOUR
    with recording_at(at):
        annul(entry("complaint.received"), reason="twice", by=zhou, at=at)
        with pytest.raises(AlreadyAnnulled):
            annul(entry("complaint.received"), reason="twice", by=zhou, at=at)


def test_findings_and_beginnings_are_not_annulled(complaint: Complaint, zhou: User) -> None:
    with recording_at(NOW):
        tick(NOW)
        finding = Event.objects.get(type="duty.breached", noun="complaint")
        for one in (finding, entry("contract.effective"), entry("contract.signed")):
            with pytest.raises(CannotAnnul):
                annul(one, reason="untrue", by=zhou, at=NOW)


def test_a_reason_is_one_of_those_there_are(complaint: Complaint, zhou: User) -> None:
    with pytest.raises(CannotAnnul):
        annul(entry("complaint.received"), reason="because", by=zhou, at=RECEIVED + HOUR)


def test_what_moves_the_whole_contract_is_for_managers(
    complaint: Complaint, contract: Contract, tang: User, zhou: User
) -> None:
    at = RECEIVED + HOUR
    happen(drafted(contract, "force_majeure.declared", f"contract:{contract.pk}", at), now=at)
    declared = entry("force_majeure.declared")
    with recording_at(at), pytest.raises(NotYours):
        annul(declared, reason="untrue", by=tang, at=at)
    assert {change.duty for change in changes(declared, at)} == {"verify", "train"}


def test_a_promoter_annuls_nothing(complaint: Complaint, agency: Organisation) -> None:
    with pytest.raises(NotYours):
        annul(entry("complaint.received"), reason="twice", by=person("苏晴", agency, Post.PROMOTER), at=RECEIVED)


# --- pages -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


@pytest.fixture
def recent(contract: Contract) -> Complaint:
    return complain(contract, at=now() - 2 * HOUR)


def test_the_page_shows_what_would_change_before_anything_is_annulled(desk: Client, recent: Complaint) -> None:
    page = desk.get(f"/entries/{entry('complaint.received').pk}/annul/").content.decode()
    assert "撤销后的变化" in page
    assert "初步核实" in page
    assert "无此义务" in page
    assert not Event.objects.filter(type="event.annulled").exists()


def test_from_the_timeline_to_the_annulled_entry(desk: Client, recent: Complaint) -> None:
    where = f"/complaints/{recent.reference}/"
    way = f"/entries/{entry('complaint.received').pk}/annul/"
    assert f'href="{way}"' in desk.get(where).content.decode()
    assert desk.post(way, {"reason": ""}).status_code == 422
    answer = desk.post(way, {"reason": "twice"})
    assert (answer.status_code, answer["Location"]) == (302, where)
    page = desk.get(where).content.decode()
    assert "<del><strong>收到投诉</strong>" in page
    assert "由周敏撤销：重复记录" in page
    assert "事实已核实" not in page, "there is nothing left to do about it"
    assert desk.post(f"{where}verify/").status_code == 409
    assert desk.post(way, {"reason": "twice"}).status_code == 409


def test_where_it_takes_the_other_party_the_page_asks_it(desk: Client, recent: Complaint, tang: User) -> None:
    complaints.verify(recent, by=tang, at=now() - HOUR)
    way = f"/entries/{entry('complaint.verified').pk}/annul/"
    assert "请求对方" in desk.get(way).content.decode()
    assert desk.post(way, {"reason": "untrue"}).status_code == 409
    assert desk.post(way, {"reason": "untrue", "ask": "1"}).status_code == 302
    assert "周敏请求撤销：事情并未发生" in desk.get(f"/complaints/{recent.reference}/").content.decode()


def test_an_entry_of_another_house_is_not_there(recent: Complaint) -> None:
    stranger = person("吴昊", Organisation.objects.create(name="另一家", role="venue"), Post.MANAGER)
    for number in (entry("complaint.received").pk, 999_999):
        assert signed_in(stranger).get(f"/entries/{number}/annul/").status_code == 404


def test_what_an_entry_names_is_reached_from_the_timeline(desk: Client, recent: Complaint, contract: Contract) -> None:
    other = complain(contract, at=now() - HOUR)
    merged = drafted(contract, "complaint.merged", f"complaint:{recent.pk}", now(), into=f"complaint:{other.pk}")
    happen(merged, now=now())
    page = desk.get(f"/complaints/{recent.reference}/").content.decode()
    assert f'href="/complaints/{other.reference}/"' in page


def test_a_late_entry_says_by_how_much_and_why(desk: Client, recent: Complaint, tang: User) -> None:
    then = now() - timedelta(hours=1, minutes=58)
    complaints.verify(recent, by=tang, at=then)
    assert "补记：迟 1 小时 58 分" in desk.get(f"/complaints/{recent.reference}/").content.decode()
