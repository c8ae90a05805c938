from tests.cast import agency, complaint, contract, english, he, lin, tang, venue, zhou

__all__ = ["agency", "complaint", "contract", "english", "he", "lin", "tang", "venue", "zhou"]
