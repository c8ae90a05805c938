from tests.cast import agency, complaint, contract, english, he, lin, tang, venue, zhou  # noqa: F401 - fixtures
