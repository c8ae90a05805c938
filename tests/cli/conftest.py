from tests.cast import agency, contract, venue, zhou  # noqa: F401 - fixtures
