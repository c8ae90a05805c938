from tests.cast import agency, contract, english, he, lin, tang, venue, zhou  # noqa: F401 - fixtures
