from tests.cast import agency, complaint, contract, english, lin, tang, venue, zhou  # noqa: F401 - fixtures
