"""What holds for every sample."""

from random import Random
from statistics import median

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from encore.statistics import control, effects, means, ranking, sampling, shares, structure, weights
from encore.statistics.estimate import Alike, Change, Estimate, TooFew

NUMBERS = st.integers(0, 500)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_an_interval_holds_its_estimate_and_stays_in_range(up: int, middle: int, down: int) -> None:
    assume(up + middle + down)
    share, net = shares.share(up, up + middle + down), shares.net_promoters(up, middle, down)
    assert isinstance(share, Estimate)
    assert isinstance(net, Estimate)
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.high > share.low, "also for none and all"
    assert -100 <= net.low <= net.value <= net.high <= 100


@given(st.integers(0, 50), st.integers(1, 50))
def test_more_of_the_same_answers_say_more(yes: int, more: int) -> None:
    n = yes + more
    few, many = shares.share(yes, n), shares.share(10 * yes, 10 * n)
    assert isinstance(few, Estimate)
    assert isinstance(many, Estimate)
    assert many.high - many.low < few.high - few.low


@given(NUMBERS, NUMBERS, NUMBERS)
def test_promoters_and_detractors_change_places(up: int, middle: int, down: int) -> None:
    assume(up + middle + down)
    one, other = shares.net_promoters(up, middle, down), shares.net_promoters(down, middle, up)
    assert isinstance(one, Estimate)
    assert isinstance(other, Estimate)
    assert [one.low, one.high] == pytest.approx([-other.high, -other.low])


@given(st.tuples(NUMBERS, st.integers(1, 500)), st.tuples(NUMBERS, st.integers(1, 500)))
def test_a_change_is_the_other_way_round_backwards(one: tuple[int, int], other: tuple[int, int]) -> None:
    before, after = (min(one), max(one)), (min(other), max(other))
    there, back = shares.changed(before, after), shares.changed(after, before)
    assert isinstance(there, Change)
    assert isinstance(back, Change)
    assert there.difference.low == pytest.approx(-back.difference.high)
    assert {there.direction, back.direction} in ({"up", "down"}, {"unclear"})


@given(st.lists(st.integers(1, 5), min_size=2, max_size=60))
def test_a_mean_is_given_with_an_interval_or_not_at_all(answers: list[int]) -> None:
    found = means.mean(answers, least=2)
    assert isinstance(found, Alike if len(set(answers)) == 1 else Estimate)
    assert means.mean(answers, least=len(answers) + 1) == TooFew(n=len(answers), least=len(answers) + 1)


def test_nothing_can_be_shown_without_its_interval_and_n(english: None) -> None:
    found = shares.share(176, 214)
    assert f"{found:.1%}" == "82.2% (76.6% to 86.8%), n = 214"
    with pytest.raises(TypeError):
        float(found)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not between"):
        Estimate(value=2, low=0, high=1, n=3, method="t")
    assert str(shares.share(3, 4, least=10)) == "too few to tell: n = 4, at least 10 are needed"
    change = shares.changed((50, 100), (52, 100))
    assert f"{change:+.1%}".endswith("cannot be told yet")


def test_the_weighted_mean_minds_rooms_and_not_the_scale_of_weights() -> None:
    chance = Random(4)
    rooms = [f"r{place // 4}" for place in range(80)]
    levels = {room: chance.gauss(70, 12) for room in dict.fromkeys(rooms)}
    values = [levels[room] + chance.gauss(0, 4) for room in rooms]
    some = [chance.uniform(1, 3) for _value in values]
    one = means.mean_of_sample(values, weights=some, clusters=rooms)
    ten = means.mean_of_sample(values, weights=[10 * weight for weight in some], clusters=rooms)
    blind = means.mean_of_sample(values, weights=some)
    assert isinstance(one, Estimate)
    assert isinstance(ten, Estimate)
    assert isinstance(blind, Estimate)
    assert [one.low, one.high] == pytest.approx([ten.low, ten.high])
    assert one.high - one.low > 1.3 * (blind.high - blind.low), "answers from one room are alike"
    resampled = means.resampled_mean(values, rooms, seed=1)
    alone = means.resampled_mean(values, seed=1)
    assert isinstance(resampled, Estimate)
    assert isinstance(alone, Estimate)
    assert resampled.high - resampled.low > 1.3 * (alone.high - alone.low)
    assert resampled == means.resampled_mean(values, rooms, seed=1), "the same every time"


def test_the_bootstrap_is_for_few_answers_only() -> None:
    with pytest.raises(ValueError, match="mean_of_sample"):
        means.resampled_mean([1.0, 2.0] * 500, seed=1)
    assert isinstance(means.resampled_mean([3.0] * 40, seed=1), Alike)
    one_room = means.resampled_mean([1.0, 2.0] * 20, ["r1"] * 40, seed=1)
    assert isinstance(one_room, TooFew), "one room is one observation"
    assert one_room.n == 1


@given(st.integers(20, 60), st.integers(20, 60), st.floats(0.1, 10), st.floats(0.1, 10))
def test_weights_are_positive_and_add_up(first: int, second: int, of_first: float, of_second: float) -> None:
    cells = ["a"] * first + ["b"] * second
    found = weights.post_stratified(cells, {"a": of_first, "b": of_second})
    assert min(found) > 0
    assert sum(found) == pytest.approx(len(cells))
    assert 1 <= weights.effective(found) <= len(cells) + 1e-9
    trimmed = weights.trimmed(found, most=1.5)
    assert sum(trimmed) == pytest.approx(len(cells))
    assert min(trimmed) > 0


@given(st.lists(st.floats(0.2, 50), min_size=3, max_size=40))
def test_trimming_cuts_and_keeps_the_sum(some: list[float]) -> None:
    found = weights.trimmed(some)
    assert sum(found) == pytest.approx(sum(some))
    assert max(found) <= 5.000001 * median(found)
    assert weights.effective(found) >= weights.effective(some) - 1e-6


@given(
    st.dictionaries(st.text("abc", max_size=3), st.sets(st.text("xyz12", max_size=5), max_size=12), max_size=4),
    st.text(max_size=5),
)
def test_a_draw_is_the_same_for_everybody(frames: dict[str, set[str]], seed: str) -> None:
    sizes = dict.fromkeys(frames, 3)
    one = sampling.draw(frames, sizes, seed)
    again = sampling.draw({key: sorted(frames[key], reverse=True) for key in reversed(list(frames))}, sizes, seed)
    assert one == again
    assert len(one.keys) == sum(min(3, len(frame)) for frame in frames.values())
    assert all(0 <= chance <= 1 for chance in one.chance.values())


def test_draws_by_many_seeds_are_fair() -> None:
    frame = [f"session:{number}" for number in range(10)]
    counts = dict.fromkeys(frame, 0)
    for seed in range(2_000):
        for key in sampling.draw({"all": frame}, {"all": 3}, str(seed)).keys:
            counts[key] += 1
    chart = control.shares([(count, 2_000) for count in counts.values()])
    assert isinstance(chart, control.Chart)
    assert chart.is_steady


@given(st.integers(50, 5_000), st.floats(0.01, 0.2), st.floats(1, 3))
def test_a_frame_is_never_asked_for_more_than_it_has(frame: int, margin: float, effect: float) -> None:
    wanted = sampling.size_for_share(margin, frame=frame, effect=effect)
    assert wanted <= frame
    assert wanted <= sampling.size_for_share(margin, effect=effect)
    assert sampling.invitations(wanted, 0.3, frame) <= frame


def test_scores_are_drawn_together_the_more_the_fewer_answers() -> None:
    chance = Random(8)
    scores = {
        name: [chance.gauss(level, 0.8) for _answer in range(n)]
        for name, level, n in (("周", 4.6, 200), ("林", 3.4, 200), ("何", 4.8, 12), ("唐", 3.2, 12))
    }
    scores["钱"] = [5.0] * 4
    found = ranking.shrunk(scores)
    assert found["钱"] == TooFew(n=4, least=10)
    pulls = {}
    for name in ("周", "林", "何", "唐"):
        estimate = found[name]
        assert isinstance(estimate, Estimate)
        own = sum(scores[name]) / len(scores[name])
        pulls[name] = abs(own - estimate.value)
    assert max(pulls["周"], pulls["林"]) < min(pulls["何"], pulls["唐"])


def test_where_chance_alone_spreads_scores_nobody_leads() -> None:
    scores = {name: [3.0, 4.0, 5.0, 4.0, 4.0] * 4 for name in "甲乙丙丁"}
    found = ranking.shrunk(scores)
    assert len({one.value for one in found.values() if isinstance(one, Estimate)}) == 1


def test_a_change_is_called_one_only_by_a_stated_rule() -> None:
    steady = control.shares([(40 + place % 3, 100) for place in range(12)])
    assert isinstance(steady, control.Chart)
    assert steady.is_steady
    jump = control.shares([*[(40, 100)] * 8, (70, 100)], baseline=8)
    assert isinstance(jump, control.Chart)
    assert [period.signal for period in jump.periods][-1] == "outside"
    drift = control.individuals([10, 12, 10, 12, 10, 12, 10, 12, *[11.6] * 8], baseline=8)
    assert isinstance(drift, control.Chart)
    assert [period.signal for period in drift.periods[-2:]] == ["run", "run"] or drift.periods[-1].signal == "run"
    assert all(not period.signal for period in drift.periods[:8])
    rare = control.counts([1, 0, 2, 1, 0, 1, 1, 2, 9], baseline=8)
    assert isinstance(rare, control.Chart)
    assert rare.periods[-1].signal == "outside"
    assert control.counts([1] * 7) == TooFew(n=7, least=8)


def venues(number: int, treated: int, effect: float) -> tuple[list[effects.Row], set[str]]:
    chance = Random(number)
    names = [f"v{place:02}" for place in range(number)]
    chosen = set(names[:treated])
    rows = []
    for name in names:
        level = chance.gauss(100, 15)
        for is_after in (False, True):
            more = 2 + (effect if name in chosen else 0)
            rows += [effects.Row(name, is_after, level + more * is_after + chance.gauss(0, 1)) for _night in range(5)]
    return rows, chosen


@pytest.mark.parametrize(("number", "treated"), [(9, 3), (20, 1), (16, 8), (30, 12)])
def test_a_measure_is_told_from_its_time(number: int, treated: int) -> None:
    rows, chosen = venues(number, treated, effect=6)
    found = effects.difference_in_differences(rows, chosen, seed=1)
    assert isinstance(found, effects.Difference)
    assert found.effect.low <= 6 <= found.effect.high
    assert found.effect.excludes(0) == (found.probability < 0.0501)
    moved = [effects.Row(row.venue, row.is_after, row.value + 50 * row.is_after) for row in rows]
    again = effects.difference_in_differences(moved, chosen, seed=1)
    assert isinstance(again, effects.Difference)
    assert again.effect.value == pytest.approx(found.effect.value), "what happens to all of them is no effect"


def test_few_venues_prove_nothing_however_they_differ() -> None:
    rows, chosen = venues(5, 1, effect=100)
    assert effects.difference_in_differences(rows, chosen, seed=1) == TooFew(n=5, least=20)


def test_an_interrupted_series_finds_the_jump_and_says_what_it_cannot() -> None:
    chance = Random(3)
    before = [10 + 0.1 * place + chance.gauss(0, 0.3) for place in range(14)]
    after = [10 + 0.1 * place + 3 + chance.gauss(0, 0.3) for place in range(14, 28)]
    found = effects.interrupted_series(before, after)
    assert isinstance(found, effects.Interruption)
    assert abs(found.level.value - 3) < 0.5
    assert found.level.excludes(0)
    assert abs(found.slope.value) < 0.1
    assert (found.level.method, list(found.warnings)) == ("newey_west", ["no_comparison", "narrow"])
    short = effects.interrupted_series(before[:9], after[:9])
    assert isinstance(short, effects.Interruption)
    assert "short" in short.warnings
    assert effects.interrupted_series(before[:7], after) == TooFew(n=7, least=8)


def test_shares_of_drivers_add_up_to_what_is_explained() -> None:
    import numpy as np

    chance = np.random.default_rng(2)
    columns = {name: list(chance.normal(size=90)) for name in "abcd"}
    whole = [sum(row) + float(chance.normal()) for row in zip(*columns.values(), strict=True)]
    found = structure.driver_shares(whole, columns, seed=1, times=100)
    assert not isinstance(found, TooFew)
    design = np.column_stack([np.ones(90), *columns.values()])
    left = np.array(whole) - design @ np.linalg.lstsq(design, np.array(whole), rcond=None)[0]
    explained = 1 - left @ left / ((np.array(whole) - np.mean(whole)) ** 2).sum()
    assert sum(one.value for one in found.values()) == pytest.approx(explained)
    scaled = structure.driver_shares([3 * one + 7 for one in whole], columns, seed=1, times=10)
    assert not isinstance(scaled, TooFew)
    assert [one.value for one in scaled.values()] == pytest.approx([one.value for one in found.values()])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_many_comparisons_never_make_one_stronger(probabilities: list[float]) -> None:
    for by in ("holm", "fdr_bh"):
        found = effects.adjusted(probabilities, by=by)
        assert all(after >= before - 1e-12 for before, after in zip(probabilities, found, strict=True))
