import pytest

PLAIN = ("-p", "no:django", "-p", "no:playwright")
SUITE = """
    import pytest

    def test_that_needs_material():
        pytest.skip("needs ../shared/data")

    def test_that_shirks():
        pytest.skip("no browser here")

    @pytest.mark.skipif(True, reason="needs ../shared/mission")
    def test_marked_that_needs_material():
        pass

    @pytest.mark.xfail
    def test_known_to_fail():
        assert False
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest('pytest_plugins = ["tests.skips"]')
    pytester.makepyfile(SUITE)
    return pytester


def test_in_ci_only_what_needs_the_shared_material_may_be_skipped(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_inprocess(*PLAIN)
    result.assert_outcomes(skipped=2, failed=1, xfailed=1)
    result.stdout.fnmatch_lines(["*Skipped, which is not allowed here: no browser here"])


def test_a_module_that_skips_itself_fails_in_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makeconftest('pytest_plugins = ["tests.skips"]')
    pytester.makepyfile('import pytest\npytest.skip("not today", allow_module_level=True)')
    pytester.runpytest_inprocess(*PLAIN).assert_outcomes(errors=1)


def test_elsewhere_a_skip_is_a_skip(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    suite.runpytest_inprocess(*PLAIN).assert_outcomes(skipped=3, xfailed=1)
