class Refusal(Exception):
    """An act that the present state does not allow. Its text is for people, in the reader's language."""
