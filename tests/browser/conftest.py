import pytest

pytest.register_assert_rewrite("tests.browser.house")

from tests.browser.house import contract, house, pages  # noqa: E402, F401 - fixtures
from tests.cast import agency, complaint, english, he, lin, tang, venue, zhou  # noqa: E402, F401 - fixtures
