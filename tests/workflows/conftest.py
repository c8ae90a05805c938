from tests.books.conftest import gao, line  # noqa: F401 - fixtures
from tests.cast import agency, complaint, contract, english, he, lin, venue, zhou  # noqa: F401 - fixtures
