"""What holds of every history under every edition, whatever either says."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from encore.engine import Judge, judge_all, load_edition
from encore.engine.batch import is_unfinished, tallied
from encore.engine.events import CONTRACT_WIDE, Judged
from encore.engine.moments import DAY, HOUR, from_datetime, to_datetime
from encore.engine.stories import Story
from tests.engine.generate import Case, Json, cases, moment, sha256_of
from tests.engine.judging import editions_of, judge_of, judged, lines_of, of_subjects, printed, read, records, terms_of
from tests.engine.stored import Key, Store, key_of, told_of
from tests.engine.test_stories import FILES, told

ANSWER = """
[edition]
id = "answer"
title = { en = "One answer" }
version = "1"
[[clause]]
number = "1"
text = { en = "An answer is owed." }
[[duty]]
id = "answer"
clause = "1"
when = "complaint.received"
done = "complaint.replied"
within = "24h"
"""
ANSWER_AND_INFORM = f"""{ANSWER}
[[duty]]
id = "inform"
clause = "1"
when = "complaint.received"
done = "complaint.progress_sent"
every = "2d"
until = "complaint.replied"
"""
TRAIN = """
[edition]
id = "train"
title = { en = "Training" }
version = "1"
[[clause]]
number = "1"
text = { en = "Training is held every week." }
[[parameter]]
key = "pace"
clause = "1"
default = "1w"
[[duty]]
id = "train"
clause = "1"
done = "training.held"
every = "$pace"
"""
AFTER_ALL = datetime(2028, 1, 1, tzinfo=UTC)
UNFINISHED = ("open", "suspended", "breached")
BACKWARDS = ("event.annulled", "force_majeure.fallen")
"""The types by which an earlier event is judged as if it had never been."""


def once_each(events: Iterable[Json]) -> list[Json]:
    """Of several events of one id the first, which is the only one that counts."""
    met: set[str] = set()
    kept = []
    for event in events:
        if event.get("id") not in met:
            kept.append(event)
        if "id" in event:
            met.add(event["id"])
    return kept


def as_recorded() -> st.SearchStrategy[Case]:
    """Cases without two events of one id; what is later than `now` is there too."""
    return cases().map(lambda case: replace(case, events=once_each(case.events)))


def as_lived() -> st.SearchStrategy[Case]:
    """Nothing recorded late, nothing taken back, and a look when all is over."""

    def lived(case: Case) -> Case:
        events = in_order(case.events)
        return replace(case, events=events, now=max([case.now, *map(moment, events)]))

    return cases().map(lived)


def in_order(events: Iterable[Json]) -> list[Json]:
    return sorted((event for event in once_each(events) if event["type"] not in BACKWARDS), key=moment)


def shuffled(data: st.DataObject, events: list[Json]) -> list[Json]:
    """The events in another order of recording; those of one moment keep theirs."""
    slots = [moment(event) for event in data.draw(st.permutations(events), label="order of recording")]
    of_a_moment: dict[datetime, list[Json]] = {}
    for event in reversed(events):
        of_a_moment.setdefault(moment(event), []).append(event)
    return [of_a_moment[at].pop() for at in slots]


def foreseeing(case: Case) -> Judge:
    """A judge that remembers from the beginning what the amendments of the case will ask for."""
    terms, editions = terms_of(case), editions_of(case)
    judge = Judge(terms, editions=editions)
    for event in read(case.events):
        judge.take(event)
    return Judge(terms, editions=editions, foresee=[(at, terms) for at, terms, _ in judge.versions[1:]])


def saved(judge: Judge) -> dict[Key, Json]:
    return {key_of(clock): told_of(judge, clock) for clock in judge.clocks()}


def keyed(found: list[Json]) -> dict[Key, Json]:
    return {(record["subject"], record["duty"], record["index"]): record for record in found}


# ---- One event after another ----------------------------------------------------------------------


@given(as_lived())
def test_judging_a_prefix_and_then_the_rest_equals_judging_all_at_every_cut(case: Case) -> None:
    events, now, expected = read(case.events), from_datetime(case.now), saved(judge_of(case))
    for cut in range(len(events) + 1):
        judge = foreseeing(case)
        for event in events[:cut]:
            judge.take(event)
        if cut < len(events):
            judge.advance(events[cut][0])  # somebody looks in between
        for event in events[cut:]:
            judge.take(event)
        judge.advance(now)
        assert saved(judge) == expected


@given(as_lived())
def test_a_judge_written_down_as_json_and_read_back_goes_on_as_before_at_every_cut(case: Case) -> None:
    """Unless an amendment follows that would have had to be known before: then all is judged anew, which is another matter."""
    events, now, expected = read(case.events), from_datetime(case.now), saved(judge_of(case))
    terms, editions = terms_of(case), editions_of(case)
    for cut in range(1, len(events) + 1):
        store = Store(terms, editions)
        before = judge_all(terms, partial(iter, events[:cut]), events[cut - 1][0], editions=editions)
        store.save(before, before.clocks(), before.matters)
        after = store.judge()
        store.load(after, sorted(store.subjects))
        after.touched = []
        for event in events[cut:]:
            after.take(event)
        after.advance(now)
        store.save(after, after.touched, after.matters)
        assert after.unforeseen or store.found == expected


@given(as_lived(), st.data())
def test_a_ledger_that_loads_only_what_an_event_concerns_finds_the_same(case: Case, data: st.DataObject) -> None:
    events, now = read(case.events), from_datetime(case.now)
    store = Store(terms_of(case), editions_of(case))
    for event, until in zip(events, [*(event[0] for event in events[1:]), now], strict=False):
        store.record(event)
        if data.draw(st.booleans(), label="is there a tick"):
            store.tick(data.draw(st.integers(event[0], until), label="tick"))
    store.tick(now)
    assert store.found == saved(judge_of(case))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_stories_give_the_same_clocks_when_they_are_told_to_a_ledger_one_event_at_a_time(file: Path) -> None:
    for story in told(file):
        found, expected = one_at_a_time_and_whole(story)
        assert found == expected, story.name


def one_at_a_time_and_whole(story: Story) -> tuple[dict[Key, Json], dict[Key, Json]]:
    now = from_datetime(datetime.fromisoformat(story.now))
    terms = story.edition.terms(story.parameters)
    events = [event for event in read(in_order(story.events)) if event[0] <= now]
    store = Store(terms, story.editions)
    for event in events:
        store.record(event)
    store.tick(now)
    return store.found, saved(judge_all(terms, lambda: events, now, editions=story.editions))


@pytest.mark.parametrize("held", [0, 1, 2])
def test_a_period_that_begins_with_an_amendment_is_governed_by_it_however_it_was_recorded(held: int) -> None:
    """Also where another event of that very moment, or a tick, opened the period before the amendment was known."""
    case = Case(
        edition=tomllib.loads(TRAIN),
        events=[
            {"type": "contract.effective", "subject": "contract:1", "at": "2026-03-02T10:00:00+08:00"},
            *[{"type": "training.held", "subject": "contract:1", "at": "2026-03-10T00:00:00+08:00"}] * held,
            {
                "type": "contract.amended",
                "subject": "contract:1",
                "at": "2026-03-10T00:00:00+08:00",
                "data": {"parameters": {"pace": "2w"}},
            },
        ],
        now=datetime(2026, 4, 12, tzinfo=UTC),
        parameters={},
        amended={},
    )
    expected = saved(judge_of(case))
    assert [record["due"][:10] for record in records(case)] == ["2026-03-10", "2026-03-24", "2026-04-07", "2026-04-21"]
    *before, amendment = read(case.events)
    for ticks in ([], ["2026-03-05"], ["2026-03-05", "2026-03-10"]):
        store = Store(terms_of(case), {})
        for event in before:
            store.record(event)
        for tick in ticks:
            store.tick(from_datetime(datetime.fromisoformat(f"{tick}T00:00:00+08:00")))
        store.record(amendment)
        for days in range(34):
            store.tick(amendment[0] + days * DAY)
        assert store.found == expected


def test_an_amendment_that_counts_from_another_event_looks_back_to_before_itself() -> None:
    """Nobody knew that it would be asked for, so a ledger judges the contract whole."""
    before, after = (tomllib.loads(ANSWER) for _ in range(2))
    before["duty"][0] |= {"when": "complaint.assessed", "from": "complaint.received"}
    after["duty"][0] |= {"when": "complaint.assessed", "from": "complaint.recorded", "done": "complaint.contacted"}

    def event(kind: str, hour: int, **data: str) -> Json:
        return {"type": kind, "subject": "complaint:1", "at": f"2026-03-02T{hour:02}:00:00+08:00", "data": data}

    events = [
        event("complaint.recorded", 8),
        event("complaint.received", 9),
        event("complaint.replied", 10),
        event("contract.amended", 11, edition=sha256_of(after)),
        event("complaint.assessed", 12),
    ]
    case = Case(before, events, now=AFTER_ALL, parameters={}, amended={sha256_of(after): after})
    assert [(record["opened"][11:13], record["state"]) for record in records(case)] == [("08", "breached")]
    contacted = replace(case, events=[*events[:3], event("complaint.contacted", 10), *events[3:]])
    assert [(record["opened"][11:13], record["state"]) for record in records(contacted)] == [("08", "fulfilled")]
    for one in (case, contacted):
        store = Store(terms_of(one), editions_of(one))
        for happened in read(one.events):
            store.record(happened)
        store.tick(from_datetime(one.now))
        assert store.found == saved(judge_of(one))


@given(as_lived())
def test_an_event_tells_every_clock_that_it_changed_and_each_once(case: Case) -> None:
    judge, store = foreseeing(case), Store(terms_of(case), editions_of(case))
    for event in read(case.events):
        before = keyed(printed(judge))
        judge.take(event)
        told = store.record(event)
        assert {key for key, clock in keyed(printed(judge)).items() if before.get(key) != clock} <= set(told)
        assert len(told) == len(set(told))


@given(as_lived())
def test_what_has_ended_never_changes_again(case: Case) -> None:
    judge = foreseeing(case)
    ended: dict[Key, Json] = {}
    for event in read(case.events):
        judge.take(event)
        found = keyed(printed(judge))
        assert {key: found[key] for key in ended} == ended
        ended |= {key: clock for key, clock in found.items() if clock["state"] not in UNFINISHED}


@given(as_recorded())
def test_counting_without_keeping_equals_keeping_and_counting(case: Case) -> None:
    judge, tally = tallied(terms_of(case), lines_of(case.events), from_datetime(case.now), editions=editions_of(case))
    found = judge_of(case)
    counted = Counter((clock.duty, clock.state) for clock in found.clocks())
    assert tally == {duty: [counted[duty, state] for state in range(7)] for duty in found.duties}
    assert printed(judge, is_unfinished) == printed(found, is_unfinished)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_stories_are_counted_the_same_without_keeping_what_has_ended(file: Path) -> None:
    for story in told(file):
        now = from_datetime(datetime.fromisoformat(story.now))
        terms = story.edition.terms(story.parameters)
        judge, tally = tallied(terms, lines_of(story.events), now, editions=story.editions)
        whole = judge_all(terms, lines_of(story.events), now, editions=story.editions)
        assert printed(judge, is_unfinished) == printed(whole, is_unfinished), story.name
        assert sum(map(sum, tally.values())) == len(list(whole.clocks())), story.name


def test_what_is_remembered_grows_with_what_is_running_and_not_with_what_was() -> None:
    """Of a subject on which nothing runs only numbers remain, by which its next clocks are told apart."""
    events = [
        {
            "type": f"complaint.{kind}",
            "subject": f"complaint:{number}",
            "at": f"2026-03-0{2 + again}T{hour}:00:00+08:00",
        }
        for again in range(3)
        for kind, hour in (("received", "10"), ("replied", "11"))
        for number in range(200)
        if (again, kind) != (2, "replied") or number >= 5
    ]
    terms = load_edition(ANSWER_AND_INFORM.encode(), "answer.toml").terms()
    judge, tally = tallied(terms, lines_of(events), from_datetime(datetime(2026, 3, 4, 4, tzinfo=UTC)))
    assert sorted(judge.matters) == [f"complaint:{number}" for number in range(5)]
    assert {one.subject for one in judge.running} == set(judge.matters)
    left = printed(judge)
    assert [(record["duty"], record["subject"], record["index"]) for record in left] == [
        (duty, f"complaint:{number}", 2) for duty in ("answer", "inform") for number in range(5)
    ]
    assert [sum(counts) for counts in tally.values()] == [600, 600]


# ---- The order of recording -----------------------------------------------------------------------


@given(as_recorded(), st.data())
def test_a_late_record_judged_in_its_place_equals_the_same_record_made_in_time(case: Case, data: st.DataObject) -> None:
    assert records(replace(case, events=shuffled(data, case.events))) == records(case)


@given(as_recorded(), st.data())
def test_a_ledger_that_judges_only_the_subjects_of_a_late_record_anew_finds_the_same(
    case: Case, data: st.DataObject
) -> None:
    told = read(case.events)
    seen = [one for one in told if one[0] <= from_datetime(case.now)]
    assume(seen)
    late = data.draw(st.sampled_from(seen), label="late")
    before = saved(judge_of(case, [one for one in told if one != late]))
    expected = saved(judge_of(case, told))
    assert judged_anew(case, before, told, late) == expected


@given(as_recorded(), st.data())
def test_a_ledger_that_judges_only_the_subjects_of_an_annulled_record_anew_finds_the_same(
    case: Case, data: st.DataObject
) -> None:
    case = replace(case, events=[event for event in case.events if event["type"] != "event.annulled"])
    told: list[Judged] = [(*one[:6], one[6] or f"own-{one[1]}") for one in read(case.events)]
    seen = [one for one in told if one[0] <= from_datetime(case.now)]
    assume(seen)
    annulled = data.draw(st.sampled_from(seen), label="annulled")
    before = saved(judge_of(case, told))
    told.append((from_datetime(case.now), 999, "event.annulled", "event:1", ("event:1",), {"id": annulled[6]}, None))
    expected = saved(judge_of(case, told))
    assert judged_anew(case, before, told, annulled) == expected


def judged_anew(case: Case, before: dict[Key, Json], told: list[Judged], changed: Judged) -> dict[Key, Json]:
    """What a ledger has after one record was added or taken away: other subjects keep their clocks."""
    if changed[2] in CONTRACT_WIDE:
        return saved(judge_of(case, told))
    subjects = set(changed[4])
    concerning = [one for one in told if one[2] in CONTRACT_WIDE or subjects & set(one[4])]
    kept = {key: clock for key, clock in before.items() if key[0] not in subjects}
    return kept | saved(judge_of(case, concerning, subjects))


def test_events_of_one_moment_are_judged_in_the_order_of_the_file() -> None:
    def event(kind: str, at: str) -> Json:
        return {"type": f"complaint.{kind}", "subject": "complaint:1", "at": at}

    received, replied = event("received", "2026-03-02T10:00:00+08:00"), event("replied", "2026-03-02T02:00:00Z")
    for events, state in [([received, replied], "fulfilled"), ([replied, received], "breached")]:
        assert [record["state"] for record in judged(ANSWER, events, AFTER_ALL)] == [state]
    much_later = event("received", "2026-03-02T09:59:59.999999+08:00")
    assert [record["state"] for record in judged(ANSWER, [replied, much_later], AFTER_ALL)] == ["fulfilled"]


# ---- What is there twice, or was never there ---------------------------------------------------------


@given(as_recorded(), st.data())
def test_a_second_event_of_one_id_changes_nothing_whatever_it_says(case: Case, data: st.DataObject) -> None:
    assume(case.events)
    first = data.draw(st.integers(0, len(case.events) - 1), label="first")
    events = [*case.events]
    events[first] = {**events[first], "id": events[first].get("id", "once")}
    again = {**data.draw(st.sampled_from(events), label="again"), "id": events[first]["id"]}
    assume(moment(events[first]) <= case.now)
    place = data.draw(st.integers(first + 1, len(events)), label="place")
    twice = [*events[:place], again, *events[place:]]
    assert records(replace(case, events=twice)) == records(replace(case, events=events))


@given(as_recorded(), st.data())
def test_an_event_that_is_annulled_equals_one_that_was_never_recorded(case: Case, data: st.DataObject) -> None:
    assume(case.events)
    case = replace(case, events=[event for event in case.events if event["type"] != "event.annulled"])
    assume(case.events)
    which = data.draw(st.integers(0, len(case.events) - 1), label="annulled")
    events = [*case.events]
    without_it = [*events[:which], *events[which + 1 :]]
    events[which] = {**events[which], "id": "mistaken"}
    at = min(case.now, data.draw(st.sampled_from([*map(moment, events), case.now]), label="annulled at"))
    annulment = {"type": "event.annulled", "subject": "complaint:9", "at": at.isoformat(), "data": {"id": "mistaken"}}
    events.insert(data.draw(st.integers(0, len(events)), label="place"), annulment)
    assert records(replace(case, events=events)) == records(replace(case, events=without_it))


@given(as_recorded(), st.data())
def test_an_annulment_that_is_annulled_equals_none(case: Case, data: st.DataObject) -> None:
    assume(case.events)
    which = data.draw(st.integers(0, len(case.events) - 1), label="annulled")
    events = [*case.events]
    name = events[which].get("id", "mistaken")
    events[which] = {**events[which], "id": name}
    at = case.now.isoformat()
    first = {"type": "event.annulled", "subject": "complaint:9", "at": at, "id": "first", "data": {"id": name}}
    second = {"type": "event.annulled", "subject": "complaint:9", "at": at, "id": "second", "data": {"id": "first"}}
    assert records(replace(case, events=[*events, first, second])) == records(replace(case, events=events))


@given(as_recorded(), st.data())
def test_the_order_of_refs_does_not_matter_nor_that_one_is_there_twice(case: Case, data: st.DataObject) -> None:
    def told_otherwise(event: Json) -> Json:
        refs = [*event.get("refs", []), event["subject"]]
        return {**event, "refs": data.draw(st.permutations(refs + refs[:2]), label="refs")}

    assert records(replace(case, events=[told_otherwise(event) for event in case.events])) == records(case)


@given(as_recorded())
def test_events_that_nobody_speaks_of_change_nothing(case: Case) -> None:
    heard = [{**event, "type": "customer.visited", "id": f"visit-{n}"} for n, event in enumerate(case.events)]
    mixed = [event for pair in zip(heard, case.events, strict=True) for event in pair]
    assert records(replace(case, events=mixed)) == records(case)


# ---- A later look -----------------------------------------------------------------------------------


@given(cases(amendments=1), st.data())
def test_moving_now_later_never_undoes_a_breach_nor_anything_that_has_ended(case: Case, data: st.DataObject) -> None:
    """Unless a later event takes an earlier one back, or a breach is excused or performed late."""
    case = replace(case, events=[event for event in case.events if event["type"] not in BACKWARDS])
    looks = sorted([case.now, data.draw(st.sampled_from([*map(moment, case.events), AFTER_ALL]), label="another look")])
    earlier, later = (keyed(records(replace(case, now=now))) for now in looks)
    for key, record in earlier.items():
        after = later[key]
        assert after["opened"] == record["opened"]
        if record["state"] == "breached":
            assert after["state"] in ("breached", "late", "excused")
            assert (after["due"], after["clause"]) == (record["due"], record["clause"])
        elif record["state"] not in ("open", "suspended"):
            assert after == record


@given(as_lived(), st.integers(0, 400))
def test_a_clock_tells_what_it_is_at_a_moment_without_a_look(case: Case, days: int) -> None:
    judge = judge_of(case)
    later = case.now + timedelta(days=days)
    looked = {key_of(clock): clock.name for clock in judge_of(replace(case, now=later)).clocks()}
    for clock in judge.clocks():
        assert clock.state_at(from_datetime(later)) == looked[key_of(clock)]


@given(as_recorded())
def test_a_clock_agrees_with_itself(case: Case) -> None:
    """What its state says of the moments that are kept beside it."""
    now = from_datetime(case.now)
    for clock in judge_of(case).clocks():
        state = clock.name
        assert (clock.closed is None) == (state in ("open", "suspended", "breached"))
        assert clock.opened <= now
        assert clock.closed is None or clock.opened <= clock.closed <= now
        assert clock.ended or state in ("open", "suspended") or (state == "breached" and not clock.is_period)
        if state == "open":
            assert now <= clock.due
        elif state == "late":
            assert clock.closed is not None
            assert clock.due < clock.closed
            assert not clock.is_period
        elif state == "breached":
            assert clock.breached is not None or clock.due < now
        assert clock.first_due is None or clock.first_due < clock.due
        assert state == "excused" or (clock.breached_at is not None) == (state in ("breached", "late"))


# ---- Some subjects ----------------------------------------------------------------------------------


@given(as_recorded(), st.sets(st.sampled_from(["complaint:1", "complaint:2", "contract:1", "promoter:9"])))
def test_judging_only_some_subjects_equals_judging_all_and_looking_at_those(case: Case, some: set[str]) -> None:
    expected = of_subjects(records(case), some)
    assert printed(judge_of(case, only=some)) == expected
    concerning = [one for one in read(case.events) if one[2] in CONTRACT_WIDE or some & set(one[4])]
    assert printed(judge_of(case, concerning, some)) == expected


# ---- Force majeure ----------------------------------------------------------------------------------

START = from_datetime(datetime(2026, 3, 2, 2, tzinfo=UTC))
MOMENTS = st.integers(-100, 300).map(lambda hours: START + hours * HOUR) | st.integers(START - DAY, START + 9 * DAY)
"""On the hour, so that things meet, and anywhere."""
FORCE_MAJEURE = st.tuples(MOMENTS, st.sampled_from(["declared", "declared", "lifted"]))


@given(st.sampled_from([0, 1, 24, 100]), st.lists(FORCE_MAJEURE, max_size=8), MOMENTS)
def test_suspensions_add_what_they_took_and_no_more(hours: int, told: list[tuple[int, str]], replied: int) -> None:
    """Counted by hand: while force majeure is in force, the time allowed does not run."""
    assume(replied >= START)
    told.sort(key=lambda one: one[0])

    def event(kind: str, subject: str, at: int) -> Json:
        return {"type": kind, "subject": subject, "at": to_datetime(at).isoformat()}

    # At one second, the receipt comes first and the reply last.
    suspending = [(at, event(f"force_majeure.{what}", "force_majeure:1", at)) for at, what in told]
    events = [
        *(happened for at, happened in suspending if at < START),
        event("complaint.received", "complaint:1", START),
        *(happened for at, happened in suspending if at >= START),
        event("complaint.replied", "complaint:1", replied),
    ]
    due, since = START + hours * HOUR, None
    for at, what in told:
        if at > replied:
            break
        if what == "declared" and since is None and at <= due:
            since = at
        elif what == "lifted" and since is not None:
            due += max(0, at - max(since, START))
            since = None

    [record] = judged(ANSWER.replace("24h", f"{hours}h"), events, AFTER_ALL)
    assert datetime.fromisoformat(record["due"]) == to_datetime(due)
    assert datetime.fromisoformat(record["closed"]) == to_datetime(replied)
    assert record["state"] == ("fulfilled" if since is not None or replied <= due else "late")
