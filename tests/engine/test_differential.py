"""The judge and the oracle, which share no line, find the same clocks."""

import pytest
from hypothesis import given

from encore.engine import EventError
from tests.engine import oracle
from tests.engine.generate import Case, Json, case_of, cases, smallest
from tests.engine.judging import records

SEEDS = 3_000
SHARES = 6


def oracles(case: Case) -> list[Json]:
    return oracle.judge(case.edition, case.events, case.now, case.parameters, case.amended)


def differs(case: Case) -> bool:
    try:
        return records(case) != oracles(case)
    except EventError:
        return True


def told(case: Case) -> str:
    """A case that differs, made small, so that it can be written down as a story."""
    small = smallest(case, differs)
    return "\n".join(
        [
            small.edition_bytes().decode(),
            *(
                f"# amended {sha}\n{data.decode()}"
                for sha, data in zip(small.amended, small.amended_bytes(), strict=True)
            ),
            small.events_text(),
            f"{small.parameters} {small.now}",
            *(f"judge  {record}" for record in records(small) if record not in oracles(small)),
            *(f"oracle {record}" for record in oracles(small) if record not in records(small)),
        ]
    )


@given(cases())
def test_the_judge_and_the_oracle_agree(case: Case) -> None:
    assert records(case) == oracles(case)


@pytest.mark.parametrize("share", range(SHARES))
def test_the_judge_and_the_oracle_agree_on_thousands_of_histories(share: int) -> None:
    for seed in range(share, SEEDS, SHARES):
        case = case_of(seed)
        assert not differs(case), told(case)


def test_every_state_amendments_and_moved_and_provisional_deadlines_are_among_those_histories() -> None:
    """Or agreement would say little."""
    found = [record for seed in range(400) for record in records(case_of(seed))]
    assert {record["state"] for record in found} == {
        *("open", "suspended", "fulfilled", "late", "breached", "discharged", "excused")
    }
    assert any("first_due" in record for record in found)
    assert any("provisional" in record for record in found)
    assert any(case_of(seed).amended for seed in range(400))
