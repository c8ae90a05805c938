"""What no operation records is recorded by hand, under whatever edition, through pages."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from html import unescape
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.test import Client
from django.utils.html import escape
from django.utils.timezone import localtime, now

from encore.accounts.models import Organisation, Post, Role, User
from encore.accounts.rights import NotYours
from encore.complaints import operations as complaints
from encore.complaints.models import Complaint
from encore.contracts import operations, queries
from encore.contracts.demo import record_by_hand
from encore.contracts.models import Contract, Matter, Note
from encore.engine import Terms, load_edition
from encore.engine.mentions import Mention, mentions
from encore.ledger.foresight import foresee
from encore.ledger.kinds import NotDeclared
from encore.ledger.models import Clock, Event
from encore.ledger.nouns import Key, key_of
from encore.ledger.tick import tick
from encore.web.language import duty_label
from tests.cast import DAY, EDITION, HOUR, RECEIVED, agreed, complain, person, signed_in
from tests.clauses import content
from tests.contracts.by_hand import FOURTH, by_hand, filled, hidden, judged, offered, stored

EDITIONS = {"A": content("A"), "B": content("B"), "C": content("C"), "house": EDITION, "fourth": FOURTH}


@cache
def terms(name: str) -> Terms:
    made: Terms = load_edition(EDITIONS[name], f"{name}.toml").terms()
    return made


def said_by_hand() -> Iterator[tuple[str, str, str, int]]:
    """Every place in every duty where an event is meant that no operation records."""
    for name in EDITIONS:
        places: dict[tuple[str, str], int] = {}
        for mention in mentions(terms(name)):
            place = (mention.rule.id, mention.place)
            number = places[place] = places.get(place, -1) + 1
            if queries.is_by_hand(mention.pattern.event):
                yield name, mention.rule.id, mention.place, number


@pytest.fixture
def desk(zhou: User) -> Client:
    return signed_in(zhou, "zh-CN")


def under(name: str, zhou: User, agency: Organisation) -> Contract:
    return agreed(EDITIONS[name], zhou, agency, since=now().replace(second=0, microsecond=0) - 40 * DAY)


def wanted(mention: Mention) -> dict[str, object]:
    """Data that match a pattern, as whoever fills in the form would choose them."""
    return {
        key: int(allowed[0]) if isinstance(allowed[0], float) else allowed[0] for key, allowed in mention.pattern.where
    }


class Walk:
    """Brings a duty to where an event is wanted, by the product's own operations where there are any, else by hand."""

    def __init__(self, desk: Client, contract: Contract, zhou: User, name: str) -> None:
        self.desk, self.contract, self.zhou, self.terms = desk, contract, zhou, terms(name)
        self.at = now().replace(second=0, microsecond=0) - 20 * HOUR
        self.complaint: Complaint | None = None

    def later(self) -> datetime:
        self.at += timedelta(minutes=10)
        return self.at

    def happen(self, duty: str, mention: Mention, subject: str = "") -> str:
        """Lets the event happen; the reference of its subject. Empty where the product's operations do not say so much."""
        if queries.is_by_hand(mention.pattern.event):
            if mention.pattern.event.startswith("complaint.") and not subject:
                subject = str(self._complaint())
            return self._by_hand(duty, mention, subject)
        if mention.pattern.event.startswith("contract."):
            return self.contract.reference
        return self._operated(mention)

    def _by_hand(self, duty: str, mention: Mention, subject: str) -> str:
        """Records it through pages, and holds what was foreseen to what came."""
        at, moment = self.later(), now()
        tick(moment)
        before, row = stored(self.contract), queries.subject(self.contract, subject, self.zhou) if subject else None
        form = filled(
            self.desk, self.contract, duty, mention.pattern.event, at=at, subject=subject, answers=wanted(mention)
        )
        if not subject and form.values["subject"] != "new":
            row = queries.subject(self.contract, form.values["subject"], self.zhou)
        foreseen = foresee(
            mention.pattern.event, contract=self.contract.pk, subject=key_of(row) if row else Key("matter", 0),
            data=wanted(mention), at=at, now=moment,
        )  # fmt: skip
        reference = form.sent()
        tick(moment)
        row = queries.subject(self.contract, reference, self.zhou)
        assert row is not None
        about = {str(key_of(row)), f"contract:{self.contract.pk}"}
        came = {(one[0], one[1], *one[3:6]) for one in stored(self.contract) - before if one[1] in about}
        told = {
            (one.duty, str(one.key if one.noun_id else key_of(row)), one.opened_at, one.due_at, one.state)
            for one in foreseen
        }
        counting = {
            one.duty for one in foreseen if one.before == one.state
        }  # a period that needs more than one of these
        assert came <= told
        assert {one[0] for one in told - came} <= counting
        for one in foreseen:
            assert str(escape(duty_label(self.terms.edition, one.duty))) in form.preview
        return reference

    def _complaint(self, channel: str = "web") -> Complaint:
        if self.complaint is None:
            told = complaints.Told("杯子是碎的。", f"{self.later().timestamp()}", "B08")
            self.complaint = complaints.receive(told, contract=self.contract, channel=channel, by=None, at=self.at)
        return self.complaint

    def _operated(self, mention: Mention) -> str:
        data = wanted(mention)
        complaint = self._complaint(str(data.get("channel", "web")))
        vocabulary = self.terms.edition.vocabulary
        assessed = {
            "severity": str(data.get("severity", next(iter(vocabulary["severity"]), ""))),
            "category": next(iter(vocabulary["category"])),
        }
        steps: dict[str, tuple[object, dict[str, str]]] = {
            "complaint.verified": (complaints.verify, {}),
            "complaint.assessed": (complaints.assess, assessed),
            "complaint.planned": (complaints.plan, {"plan": "换一只。"}),
            "complaint.started": (complaints.start, {}),
            "complaint.resolved": (complaints.resolve, {}),
            "complaint.result_sent": (complaints.send_result, {"result": "换了。"}),
        }
        if not mention.matches({"channel": complaint.channel, **assessed}):
            return ""
        for type, (act, more) in steps.items():
            if mention.pattern.event == "complaint.received":
                break
            if not Event.objects.filter(type=type, noun="complaint", noun_id=complaint.pk).exists():
                act(complaint, **more, by=self.zhou, at=self.later())  # type: ignore[operator]
            if type == mention.pattern.event:
                break
        return complaint.reference

    def start(self, duty: str) -> str:
        """Sets the duty running in the first way that works; the reference of what it runs on."""
        found = [one for one in mentions(self.terms) if one.rule.id == duty and one.place == "when"]
        for mention in found:
            if reference := self.happen(duty, mention):
                return reference
        return ""

    def clocks(self, duty: str, reference: str) -> list[Clock]:
        row = queries.subject(self.contract, reference, self.zhou)
        assert row is not None
        key = key_of(row)
        return list(Clock.objects.filter(duty=duty, noun=key.noun, noun_id=key.id).order_by("index"))


# What starts these says more than the product's own operation of that name: they wait for it.
UNREACHED = {("B", "feed-back-written"), ("C", "reimburse")}
ENDS = {"done": {"fulfilled", "late"}, "forbid": {"breached"}, "cancel": {"discharged"}, "until": {"discharged"}}


@pytest.mark.parametrize(("name", "duty", "place", "number"), list(said_by_hand()))
def test_whatever_a_duty_speaks_of_can_be_recorded_and_moves_its_clock_as_the_judge_says(
    desk: Client, zhou: User, agency: Organisation, name: str, duty: str, place: str, number: int
) -> None:
    contract = under(name, zhou, agency)
    walk = Walk(desk, contract, zhou, name)
    mention = [one for one in mentions(terms(name)) if (one.rule.id, one.place) == (duty, place)][number]
    if place in ("when", "from"):
        reference = walk.happen(duty, mention)
        if place == "when":
            clocks = walk.clocks(duty, reference)
            assert [clock.state for clock in clocks][-1:] in (["open"], ["breached"]) or len(clocks) > 1
    else:
        subject = walk.start(duty)
        assert bool(subject) == ((name, duty) not in UNREACHED)
        if subject:
            before = {clock.index: (clock.state, clock.memo) for clock in walk.clocks(duty, subject)}
            assert any(state in ("open", "breached") for state, _ in before.values())
            walk.happen(duty, mention, subject)
            after = {clock.index: (clock.state, clock.memo) for clock in walk.clocks(duty, subject)}
            changed = [state for index, (state, memo) in after.items() if before.get(index) != (state, memo)]
            assert changed
            counts = mention.rule.count > 1 and place == "done"
            assert any(state in ENDS[place] or (counts and state == "open") for state in changed)
    moment = now()
    tick(moment)
    assert stored(contract) == judged(contract, moment)


def test_enough_is_walked() -> None:
    walked = list(said_by_hand())
    assert len(walked) > 100
    assert {name for name, *_ in walked} == EDITIONS.keys()


# --- under the fourth edition, whose words nobody here has seen ----------------------------------------------------------


@pytest.fixture
def stall(zhou: User, agency: Organisation) -> Contract:
    return under("fourth", zhou, agency)


def ago(hours: float) -> datetime:
    return now().replace(second=0, microsecond=0) - timedelta(hours=hours)


def test_the_form_asks_what_the_edition_names_and_nothing_else(desk: Client, stall: Contract) -> None:
    address = f"/contracts/{stall}/record/"
    page = desk.get(address, {"duty": "answer-noise", "event": "noise.reported"}).content.decode()
    assert offered(page, "data.topic") == ['"loud"', '"shrill"']
    assert "很吵" in page
    assert "有人嫌吵，两小时内要有人答话。" in page
    for event, key, choices in (
        ("noise.settled", "rounds", ["1", "2"]),
        ("noise.answered", "repair", ["true", "false"]),
        ("noise.withdrawn", "topic", []),
    ):
        page = desk.get(address, {"duty": "answer-noise", "event": event}).content.decode()
        assert offered(page, f"data.{key}") == choices
    page = desk.get(address, {"duty": "count-empties"}).content.decode()
    assert offered(page, "data.type") == ['"crate"']


def test_what_follows_is_told_before_it_is_recorded_and_nothing_is_written_until_then(
    desk: Client, stall: Contract
) -> None:
    events, clocks = Event.objects.count(), stored(stall)
    form = filled(desk, stall, "answer-noise", "noise.reported", at=ago(1), subject="new", answers={"topic": "shrill"})
    assert "“答复扰民”开始计时。" in form.preview
    assert "第2条" in form.preview
    assert "还剩 5" in form.preview
    assert (Event.objects.count(), stored(stall), Matter.objects.count()) == (events, clocks, 0)
    reference = form.sent()
    matter = desk.get(f"/matters/{reference}/").content.decode()
    assert "夜里的事" in matter
    assert "还剩 5" in matter


def test_a_matter_leads_from_step_to_step(desk: Client, stall: Contract) -> None:
    reference = by_hand(
        desk, stall, "answer-noise", "noise.reported", at=ago(30), subject="new", answers={"topic": "loud"}
    )
    page = desk.get(f"/matters/{reference}/").content.decode()
    for event in ("noise.answered", "noise.settled"):
        link = f"/contracts/{stall}/record/?duty=answer-noise&amp;event={event}&amp;subject={reference}"
        assert link in page
        assert f"登记：答复扰民：已办 ({event})" in page
    by_hand(
        desk, stall, "answer-noise", "noise.answered", at=ago(29), subject=reference, answers={"repair": True},
        words="隔壁李师傅在场。",
    )  # fmt: skip
    page = desk.get(f"/matters/{reference}/").content.decode()
    assert "按时完成" in page
    assert "隔壁李师傅在场。" in page
    assert f"duty=repair&amp;event=repair.finished&amp;subject={reference}" in page
    by_hand(desk, stall, "repair", "repair.finished", at=ago(28), subject=reference, answers={"quality": "合格"})
    page = desk.get(f"/matters/{reference}/").content.decode()
    assert "duty=repair&amp;event=repair.finished" not in page
    assert page.count("按时完成") == 2


def test_what_was_written_beside_it_stays_out_of_the_event_which_holds_its_hash(desk: Client, stall: Contract) -> None:
    by_hand(desk, stall, "answer-noise", "noise.measured", at=ago(2), subject="new", words="王姐听见的")
    note, event = Note.objects.get(), Event.objects.get(type="noise.measured")
    assert note.words == "王姐听见的"
    body = bytes(event.body).decode()
    assert note.bound in body
    assert "王姐" not in body
    assert "夜里的事" not in body


def test_a_form_that_is_sent_twice_records_once(desk: Client, stall: Contract) -> None:
    form = filled(desk, stall, "answer-noise", "noise.measured", at=ago(2), subject="new")
    assert form.send() == form.send()
    assert Event.objects.filter(type="noise.measured").count() == Matter.objects.count() == Note.objects.count() == 1


def test_a_form_that_is_sent_again_with_something_else_in_it_is_refused_and_keeps_what_was_typed(
    desk: Client, stall: Contract
) -> None:
    form = filled(desk, stall, "answer-noise", "noise.measured", at=ago(2), subject="new")
    form.send()
    form.values["title"] = "另一件事"
    seen = desk.post(form.address, form.values).content.decode()
    answer = desk.post(form.address, {**form.values, "seen": hidden(seen, "seen")})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "另一件事" in page
    assert hidden(page, "form_key") != form.values["form_key"]
    assert hidden(page, "seen") == ""
    assert Event.objects.filter(type="noise.measured").count() == 1


def test_what_was_changed_after_the_preview_is_shown_again_before_it_is_recorded(desk: Client, stall: Contract) -> None:
    form = filled(desk, stall, "answer-noise", "noise.measured", at=ago(2), subject="new")
    for changed in (
        {"occurred_at": f"{localtime(ago(3)):%Y-%m-%d %H:%M}"},
        {"occurred_at": f"{localtime(ago(50)):%Y-%m-%d %H:%M}", "late_reason": "on_paper"},
        {"late_reason": "learned_late"},
        {"words": "王姐听见的"},
        {"title": "另一件事"},
    ):
        form.values |= changed
        assert desk.post(form.address, form.values).status_code == 200
        assert not Matter.objects.exists()
        form.values["seen"] = hidden(desk.post(form.address, form.values).content.decode(), "seen")
    form.send()
    assert Matter.objects.get().title == "另一件事"


def test_what_lies_more_than_a_day_back_is_recorded_with_the_reason_why_it_comes_so_late(
    desk: Client, stall: Contract
) -> None:
    form = filled(desk, stall, "answer-noise", "noise.measured", at=ago(30), subject="new")
    for reason, sentence in (("", "距今超过一天，请选择为何现在才补记"), ("imported", "")):
        answer = desk.post(form.address, {**form.values, "late_reason": reason})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not Event.objects.filter(type="noise.measured").exists()
    reference = form.sent()
    assert orjson.loads(bytes(Event.objects.get(type="noise.measured").body))["reason"] == "on_paper"
    assert "先记在纸上" in desk.get(f"/matters/{reference}/").content.decode()


def test_what_was_recorded_by_hand_and_is_wrong_is_annulled_from_its_page_and_stays_readable(
    desk: Client, stall: Contract
) -> None:
    reference = by_hand(desk, stall, "answer-noise", "noise.measured", at=ago(2), subject="new", words="王姐听见的")
    event = Event.objects.get(type="noise.measured")
    assert f'href="/entries/{event.pk}/annul/"' in desk.get(f"/matters/{reference}/").content.decode()
    answer = desk.post(f"/entries/{event.pk}/annul/", {"reason": "mistyped"})
    assert (answer.status_code, answer["Location"]) == (302, f"/matters/{reference}/")
    page = desk.get(f"/matters/{reference}/").content.decode()
    assert "<del><strong>答复扰民：起因发生 (noise.measured)</strong></del>" in page
    assert "王姐听见的" in page
    assert "<strong>记录撤销</strong> 答复扰民：起因发生 (noise.measured) · 录入有误" in page
    assert not Clock.objects.filter(duty="answer-noise").exclude(state="void").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"occurred_at": "2099-1-1 10:00"}, "这个时间还没有到"),
        ({"occurred_at": "2001-1-1 10:00"}, "那时合同尚未生效"),
        ({"occurred_at": "昨天晚上"}, "请写明日期和时间"),
        ({"data.topic": '"quiet"'}, ""),
        ({"data.topic": "很吵"}, ""),
        ({"data.hour": '"1"'}, "没有这样的内容可填：hour"),
        ({"subject": "M-26-000999"}, "没有这个编号"),
        ({"subject": ""}, ""),
        ({"reference": "C-26-000001"}, "没有这个编号"),
        ({"title": ""}, "请起一个双方都看得懂的名称"),
        ({"title": "长" * 81}, "最多 80 个就够了"),
        ({"form_key": "x"}, "表单已损坏"),
        ({"event": "noise.praised"}, "合同没有提到这样的事件"),
        ({"event": "complaint.received"}, "合同没有提到这样的事件"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_recorded(
    desk: Client, stall: Contract, change: dict[str, str], sentence: str
) -> None:
    form = filled(desk, stall, "answer-noise", "noise.reported", at=ago(2), subject="new", answers={"topic": "loud"})
    answer = desk.post(form.address, {**form.values, **change})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Event.objects.filter(type__startswith="noise.").exists()


def test_what_the_product_records_itself_is_sent_to_its_own_page(desk: Client, contract: Contract, zhou: User) -> None:
    answer = desk.post(f"/contracts/{contract}/record/", {"duty": "verify", "event": "complaint.verified"})
    assert answer.status_code == 422
    assert "请到投诉页面办理" in answer.content.decode()
    told = operations.Told("complaint.verified", {}, "0" * 32, "")
    with pytest.raises(operations.CannotNote):
        operations.note(told, contract=contract, subject=complain(contract), by=zhou, at=RECEIVED)


def test_what_the_desk_records_is_not_told_by_hand(desk: Client, zhou: User, agency: Organisation) -> None:
    contract = under("A", zhou, agency)
    complain(contract, at=ago(3))
    page = desk.get(f"/contracts/{contract}/record/?duty=record&event=complaint.recorded").content.decode()
    assert "此事不在这里登记" in page


def test_to_strangers_there_is_nothing_here(desk: Client, stall: Contract, zhou: User, agency: Organisation) -> None:
    third = Organisation.objects.create(name="别家", role=Role.VENUE)
    other = under("fourth", person("他", third, Post.MANAGER), agency)
    theirs = Matter.objects.create(contract=other, owner=third, title="他们的事", opened_at=ago(1))
    for address in ("record/?duty=repair", "recordable/", "happened/", "matters/"):
        assert desk.get(f"/contracts/{other}/{address}").status_code == 404
        assert desk.get(f"/contracts/{stall}/{address}").status_code == 200
        assert Client(REMOTE_ADDR="203.0.113.7").get(f"/contracts/{stall}/{address}").status_code == 302
    assert desk.get(f"/matters/{theirs}/").status_code == 404
    assert desk.post(f"/contracts/{other}/record/", {"duty": "repair"}).status_code == 404
    form = filled(desk, stall, "repair", "repair.finished", at=ago(1), subject="new")
    answer = desk.post(form.address, {**form.values, "subject": str(theirs)})
    assert answer.status_code == 422
    assert "他们的事" not in answer.content.decode()


def test_a_duty_that_is_not_in_the_contract_has_no_page(desk: Client, stall: Contract) -> None:
    assert desk.get(f"/contracts/{stall}/record/?duty=sing").status_code == 404
    assert desk.get(f"/contracts/{stall}/record/")["Location"] == f"/contracts/{stall}/recordable/"


def test_that_a_duty_was_done_is_said_by_who_owed_it_or_acknowledged_by_the_other_partys_manager(
    stall: Contract, zhou: User, he: User, lin: User, tang: User
) -> None:
    def done(by: User) -> None:
        told = operations.Told("noise.answered", {}, uuid4().hex, "", title="答复")
        operations.note(told, contract=stall, subject=None, by=by, at=ago(1))

    for person_of_the_stall_or_manager in (tang, he, zhou):
        done(person_of_the_stall_or_manager)
    with pytest.raises(NotYours, match="澄酿推广"):
        done(lin)
    told = operations.Told("noise.measured", {}, uuid4().hex, "", title="噪声")
    operations.note(told, contract=stall, subject=None, by=lin, at=ago(1))


def test_what_concerns_the_whole_contract_is_for_managers(
    zhou: User, agency: Organisation, lin: User, tang: User, he: User
) -> None:
    contract = under("A", zhou, agency)
    for by in (lin, tang):
        told = operations.Told("force_majeure.declared", {}, uuid4().hex, "")
        with pytest.raises(NotYours):
            operations.note(told, contract=contract, subject=contract, by=by, at=ago(1))
    told = operations.Told("force_majeure.declared", {}, uuid4().hex, "")
    operations.note(told, contract=contract, subject=contract, by=he, at=ago(1))
    assert Clock.objects.filter(contract=contract.pk, state="suspended").exists()


def test_promoters_and_guests_record_nothing(stall: Contract, agency: Organisation) -> None:
    told = operations.Told("noise.measured", {}, uuid4().hex, "", title="噪声")
    with pytest.raises(NotYours):
        operations.note(told, contract=stall, subject=None, by=person("苏晴", agency, Post.PROMOTER), at=ago(1))


def test_a_value_that_the_edition_does_not_name_gets_into_no_event(stall: Contract, zhou: User) -> None:
    for data in ({"topic": "王姐说的"}, {"topic": True}, {"name": "loud"}):
        told = operations.Told("noise.reported", data, uuid4().hex, "", title="噪声")
        with pytest.raises(NotDeclared):
            operations.note(told, contract=stall, subject=None, by=zhou, at=ago(1))
    assert not Matter.objects.exists()


def test_nothing_is_recorded_before_the_contract_is_in_force(stall: Contract, zhou: User) -> None:
    assert stall.effective_at is not None
    told = operations.Told("noise.measured", {}, uuid4().hex, "", title="噪声")
    with pytest.raises(operations.CannotNote):
        operations.note(told, contract=stall, subject=None, by=zhou, at=stall.effective_at - HOUR)


# --- pages ---------------------------------------------------------------------------------------------------------------


def test_the_board_offers_what_is_recorded_by_hand_and_nothing_else(
    desk: Client, contract: Contract, zhou: User, agency: Organisation
) -> None:
    page = desk.get(f"/board/{contract}/").content.decode()
    assert set(re.findall(r"/record/\?duty=([a-z-]+)", page)) == {"train"}
    for name in ("A", "B", "C", "fourth"):
        other = under(name, zhou, agency)
        page = desk.get(f"/board/{other}/").content.decode()
        links = set(re.findall(r"/record/\?duty=([a-z-]+)", page))
        assert links == {
            one for edition, one, place, _ in said_by_hand() if edition == name and place in ("done", "when", "forbid")
        }
        for duty in links:
            assert desk.get(f"/contracts/{other}/record/", {"duty": duty}).status_code == 200


def test_matters_come_by_pages_the_latest_first(desk: Client, stall: Contract, zhou: User) -> None:
    Matter.objects.bulk_create(
        Matter(contract=stall, owner=zhou.organisation, title=f"第{number}件", opened_at=ago(number // 2))
        for number in range(70)
    )
    first = desk.get(f"/contracts/{stall}/matters/").content.decode()
    link = re.search(r'href="(\?after=[^"]+)"', first)
    assert link
    second = desk.get(f"/contracts/{stall}/matters/{unescape(link[1])}").content.decode()
    told = [[int(one) for one in re.findall(r"第(\d+)件", page)] for page in (first, second)]
    assert [len(page) for page in told] == [50, 20]
    assert sorted(told[0] + told[1]) == list(range(70))
    assert max(told[0]) <= min(told[1]) + 1
    assert 'href="?after=' not in second


@pytest.mark.parametrize("matters", [2, 30])
def test_the_list_of_matters_asks_the_same_number_of_questions_however_many_there_are(
    desk: Client, stall: Contract, zhou: User, django_assert_num_queries: Any, matters: int
) -> None:
    for _ in range(matters):
        told = operations.Told("noise.measured", {}, uuid4().hex, "", title="噪声")
        operations.note(told, contract=stall, subject=None, by=zhou, at=ago(1))
    desk.get(f"/contracts/{stall}/matters/")
    with django_assert_num_queries(6):
        page = desk.get(f"/contracts/{stall}/matters/").content.decode()
    assert page.count("还剩") == matters


def test_what_happened_to_the_contract_itself_has_a_page(desk: Client, contract: Contract) -> None:
    by_hand(
        desk, contract, "train", "training.held", at=now() - HOUR, subject=contract.reference, words="签到表在前台。"
    )
    page = desk.get(f"/contracts/{contract}/happened/").content.decode()
    assert "举行培训" in page
    assert "签到表在前台。" in page


def test_a_matter_shows_what_it_has_fulfilled_for_the_contract(desk: Client, contract: Contract) -> None:
    reference = by_hand(desk, contract, "train", "training.held", at=now() - HOUR, subject="new")
    page = desk.get(f"/matters/{reference}/").content.decode()
    assert "按时完成" in page
    assert "按季培训" in page


def test_the_demonstration_records_under_any_edition_that_comes_with_the_product(
    zhou: User, he: User, agency: Organisation
) -> None:
    for name in ("A", "B", "C"):
        contract = agreed(EDITIONS[name], zhou, agency, since=now() - 45 * DAY)
        record_by_hand(contract, now())
        assert Matter.objects.filter(contract=contract).count() >= 3
        assert Clock.objects.filter(contract=contract.pk, state="fulfilled").count() >= 3
