"""Numbers worked out elsewhere, by hand or by other programs."""

import pytest

from encore.statistics import effects, means, sampling, shares, structure, weights
from encore.statistics.estimate import Alike, Estimate, TooFew


def percent(found: object) -> tuple[float, float, float]:
    assert isinstance(found, Estimate)
    return tuple(round(100 * one, 1) for one in (found.value, found.low, found.high))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("yes", "n", "low", "high"),
    [(176, 214, 76.6, 86.8), (10, 10, 72.2, 100.0), (5, 5, 56.6, 100.0), (0, 10, 0.0, 27.8)],
)
def test_shares_near_none_and_all_have_an_interval_too(yes: int, n: int, low: float, high: float) -> None:
    assert percent(shares.share(yes, n))[1:] == (low, high)


def test_net_promoters() -> None:
    found = shares.net_promoters(90, 84, 40)
    assert isinstance(found, Estimate)
    assert (round(found.value, 1), round(found.low, 2), round(found.high, 2)) == (23.4, 13.15, 32.93)


def test_top_boxes_follow_the_scale() -> None:
    assert percent(shares.satisfied([5, 4, 3, 1], 5))[0] == 50.0
    assert percent(shares.satisfied([10, 8, 7, 1], 10))[0] == 50.0


@pytest.mark.parametrize(("frame", "wanted"), [(None, 385), (800, 260), (300, 169)])
def test_how_many_answers_a_share_takes(frame: int | None, wanted: int) -> None:
    assert sampling.size_for_share(0.05, frame=frame) == wanted


def test_how_many_answers_a_mean_takes() -> None:
    assert [sampling.size_for_mean(margin, spread=20) for margin in (3, 5)] == [171, 62]
    assert [sampling.size_for_change(change, spread=20) for change in (5, 3)] == [252, 698]


def test_alike_answers_from_a_room_cost_invitations() -> None:
    effect = sampling.design_effect(4, 0.05)
    assert round(effect, 2) == 1.15
    answers = sampling.size_for_share(0.05, frame=800, effect=effect)
    assert answers == 285
    # svy rounds up after each step and asks 715; of the same formula rounded once it is two fewer.
    assert sampling.invitations(answers, 0.4, frame=800) == 713
    from typing import Any

    import svy

    theirs: Any = svy
    assert theirs.SampleSize().estimate_prop(0.5, 0.05, pop_size=800, deff=1.15, resp_rate=0.4).n == 715
    assert theirs.SampleSize().estimate_prop(0.8, 0.05).n == sampling.size_for_share(0.05, expected=0.8) == 246


def test_consistency_of_five_people_proves_nothing() -> None:
    found = structure.consistency([[4, 4, 5], [3, 3, 4], [5, 4, 5], [2, 3, 2], [4, 5, 4]])
    assert isinstance(found, Estimate)
    assert (round(found.value, 4), round(found.low, 2)) == (0.8675, 0.33)


def test_consistency_takes_three_items_and_whole_answers() -> None:
    assert structure.consistency([[1, 2], [2, 3]]) == TooFew(n=2, least=3)
    whole = [[4, 4, 5], [3, 3, 4], [5, 4, 5], [2, 3, 2], [4, 5, 4]]
    assert structure.consistency([*whole, [None, 3, 3]]) == structure.consistency(whole)
    assert isinstance(structure.consistency([[1, 1, 1]] * 4), Alike)


def test_the_mean_of_a_hundred_is_given_with_students_interval() -> None:
    found = means.mean([1.0, 2.0, 3.0, 4.0, 5.0] * 20)
    assert isinstance(found, Estimate)
    assert (found.value, round(found.high - found.value, 4)) == (3.0, 0.2820)


def test_response_rates_of_the_pollsters() -> None:
    found = sampling.Dispositions(complete=60, partial=10, refused=20, unreached=70, other=5, unknown=35)
    assert percent(sampling.response_rate(found))[0] == 30.0
    assert percent(sampling.response_rate(found, with_partial=True))[0] == 35.0
    assert sampling.response_rate(None) is None


def test_weights_cost_answers() -> None:
    assert weights.effective([1.0] * 214) == pytest.approx(214)
    assert weights.effective([1, 1, 4]) == pytest.approx(2.0)


def test_raking_gives_what_svy_gives() -> None:
    from typing import Any

    import polars as pl
    from svy import Design, Sample

    sexes, nights = ["f"] * 80 + ["m"] * 134, (["week"] * 3 + ["end"] * 5) * 26 + ["week"] * 6
    margins = [(sexes, {"f": 120.0, "m": 94.0}), (nights, {"week": 107.0, "end": 107.0})]
    ours = weights.raked(margins)
    assert sum(one for one, sex in zip(ours, sexes, strict=True) if sex == "f") == pytest.approx(120)
    assert sum(one for one, night in zip(ours, nights, strict=True) if night == "week") == pytest.approx(107)
    frame = pl.DataFrame({"sex": sexes, "night": nights, "w": [1.0] * 214})
    controls = {"sex": {"f": 120.0, "m": 94.0}, "night": {"week": 107.0, "end": 107.0}}
    sample: Any = Sample(frame, Design(wgt="w"))
    raked = sample.weighting.rake(controls=controls, tol=1e-10)
    assert raked.data["rk_wgt"].to_list() == pytest.approx(ours, rel=1e-6)


def test_weights_of_a_cell_follow_its_size() -> None:
    cells = ["a"] * 30 + ["b"] * 70
    found = weights.post_stratified(cells, {"a": 500, "b": 500})
    assert [found[0], found[-1]] == pytest.approx([0.5 / 0.3, 0.5 / 0.7])
    with pytest.raises(weights.TooThin):
        weights.post_stratified(["a"] * 30 + ["b"] * 5, {"a": 500, "b": 500})


def test_many_comparisons_are_judged_together() -> None:
    assert effects.adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert effects.adjusted([0.01, 0.04, 0.03], by="fdr_bh") == pytest.approx([0.03, 0.04, 0.04])


def test_the_shares_of_drivers_are_worked_out_by_hand_for_two() -> None:
    """Each adds once alone and once beside the other; the average of the two is its share."""
    import numpy as np

    chance = np.random.default_rng(3)
    service, drinks = chance.normal(size=200), chance.normal(size=200)
    drinks = drinks + 0.5 * service
    whole = 2 * service + drinks + chance.normal(size=200)

    def explained(*columns: "np.ndarray") -> float:
        design = np.column_stack([np.ones(200), *columns])
        left = whole - design @ np.linalg.lstsq(design, whole, rcond=None)[0]
        return float(1 - left @ left / ((whole - whole.mean()) @ (whole - whole.mean())))

    alone, beside, both = explained(service), explained(drinks), explained(service, drinks)
    found = structure.driver_shares(list(whole), {"service": list(service), "drinks": list(drinks)}, seed=1)
    assert not isinstance(found, TooFew)
    assert found["service"].value == pytest.approx((alone + both - beside) / 2)
    assert found["drinks"].value == pytest.approx((beside + both - alone) / 2)
    assert structure.driver_shares([1.0] * 29, {"a": [1.0] * 29, "b": [2.0] * 29}, seed=1) == TooFew(n=29, least=30)


def test_clustered_errors_are_statsmodels_own_on_the_whole_panel() -> None:
    """The change of each venue against a constant and the measure: the coefficient of the panel with venues and times."""
    import numpy as np
    import statsmodels.api as sm

    chance = np.random.default_rng(5)
    venues, treated = [f"v{place:02}" for place in range(24)], {f"v{place:02}" for place in range(9)}
    rows = []
    for venue in venues:
        level = chance.normal(100, 10)
        for is_after in (False, True):
            value = level + 3 * is_after + 4 * (is_after and venue in treated) + chance.normal(0, 1)
            rows.append(effects.Row(venue, is_after, float(value)))
    found = effects.difference_in_differences(rows, treated, seed=1)
    assert isinstance(found, effects.Difference)
    design = np.array(
        [
            [*(row.venue == venue for venue in venues), row.is_after, row.is_after and row.venue in treated]
            for row in rows
        ],
        float,
    )
    panel = sm.OLS([row.value for row in rows], design).fit()
    assert found.effect.value == pytest.approx(panel.params[-1])
    assert found.assignments is None
    assert found.effect.low < 4 < found.effect.high
    assert found.probability < 0.001
