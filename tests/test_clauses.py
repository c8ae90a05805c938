import json
from collections import Counter
from pathlib import Path

import pytest

from tests.clauses import known
from tools.clauses import document, joined

PLAIN = ("-p", "no:django", "-p", "no:playwright")
SUITE = """
    import pytest

    @pytest.mark.clause("B", "1.2.1", "1.2.2")
    @pytest.mark.parametrize("number", [1, 2])
    def test_that_walks(number):
        pass

    @pytest.mark.clause("ktv-c", "1.1.1")
    def test_that_fails():
        assert False

    @pytest.mark.clause("A", "1.1.1")
    def test_that_is_skipped():
        pytest.skip("not now")

    @pytest.mark.clause("A", "1.1.3")
    @pytest.mark.xfail(strict=False)
    def test_that_may_fail():
        pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest('pytest_plugins = ["tests.clauses"]')
    pytester.makeini('[pytest]\nmarkers = clause(edition, *numbers)\naddopts = "--strict-markers"')
    return pytester


def test_a_clause_is_walked_by_the_tests_that_passed(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_it=SUITE)
    suite.runpytest_inprocess(*PLAIN, "--walked=walked.json")
    walked = json.loads(Path("walked.json").read_bytes())
    assert walked == {"ktv-b": {"1.2.1": ["test_it.py::test_that_walks"], "1.2.2": ["test_it.py::test_that_walks"]}}


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ('"D", "1.2.1"', "there is no edition D"),
        ('"B", "99.9"', "ktv-b has no clause 99.9"),
        ('"B", "1.2.1", "99.9"', "ktv-b has no clause 99.9"),
        ('"B"', "a clause is named by its edition and its number"),
        ('"B", 1.2', "a clause is named by its edition and its number"),
    ],
)
def test_a_mark_that_names_what_does_not_exist_ends_the_collection(
    suite: pytest.Pytester, named: str, said: str
) -> None:
    suite.makepyfile(f"import pytest\n@pytest.mark.clause({named})\ndef test_it():\n    pass\n")
    result = suite.runpytest_inprocess(*PLAIN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*test_it: {said}"])


def test_what_the_two_halves_of_a_run_walked_is_one_whatever_their_order(tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    one.write_text(json.dumps({"ktv-b": {"2.1": ["b", "a"], "1.1": ["a"]}}))
    other.write_text(json.dumps({"ktv-a": {"1.1": ["a"]}, "ktv-b": {"1.1": ["c", "a"]}}))
    whole = joined([one, other])
    assert json.dumps(whole) == json.dumps(joined([other, one]))
    assert json.dumps(whole) == json.dumps({"ktv-a": {"1.1": ["a"]}, "ktv-b": {"1.1": ["a", "c"], "2.1": ["a", "b"]}})


def test_the_document_has_a_row_for_every_clause_and_says_what_shows_it() -> None:
    edition = known()["A"]
    product = frozenset(name for clause in edition.file.clause for name in clause.realised)
    written = document({edition.id: {"1.1.1": ["tests/some.py::test_it"]}}, product)
    _, table, *_ = written.split("\n## ")
    cells = [
        [cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines() if row.startswith("| ")
    ]
    rows = cells[2:]
    assert [row[0] for row in rows] == list(edition.clauses)
    assert Counter(row[3] for row in rows) == {"built": 142, "shown": 1}
    assert rows[0][4] == "`tests/some.py::test_it`"
    assert f"| `{edition.id}` | 143 |" in written
    assert "| 0 | 142 | 1 |" in written
