import pytest

from encore.accounts.models import Organisation, Post, User
from tests.cast import agency, complaint, contract, english, he, lin, person, tang, venue, zhou  # noqa: F401 - fixtures


@pytest.fixture
def gao(venue: Organisation) -> User:  # noqa: F811 - the fixture above
    return person("高远", venue, Post.FINANCE)
