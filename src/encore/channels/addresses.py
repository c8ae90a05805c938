"""Where people can be reached. No address is kept here: each package says how those whom it knows are reached."""

from collections.abc import Callable
from typing import Final

import phonenumbers

from encore.accounts.models import User
from encore.channels import seals
from encore.ledger.nouns import Key

Reach = Callable[[int, str], str]
"""The address of somebody by their number, for a transport; empty where there is none."""

_BOOKS: Final[dict[str, Reach]] = {}


def register(noun: str, reach: Reach) -> None:
    """From now on messages can go to rows of this noun."""
    _BOOKS[noun] = reach


def address(reader: Key, transport: str) -> str:
    """In the form in which the transport takes it; empty where they cannot be reached so. `KeyError` for unknown nouns."""
    found = _BOOKS[reader.noun](reader.id, transport).strip()
    return plain(found, transport) if found else ""


def plain(address: str, transport: str) -> str:
    """One form for one address, however it was written. Empty for what is none."""
    match transport:
        case "sms":
            try:
                number = phonenumbers.parse(address, "CN")
            except phonenumbers.NumberParseException:
                return ""
            is_one = phonenumbers.is_possible_number(number)
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if is_one else ""
        case "mail":
            local, at, host = address.rpartition("@")
            is_one = bool(at and local and "." in host) and not any(one.isspace() or ord(one) < 32 for one in address)
            return f"{local}@{host.lower()}" if is_one else ""
    return address


def masked(address: str) -> str:
    """As it is shown: `138****1234`, `l***@example.com`."""
    if "@" in address:
        local, _at, host = address.rpartition("@")
        return f"{local[:1]}***@{host}"
    domestic = address.removeprefix("+86")
    return f"{domestic[:3]}****{domestic[-4:]}" if len(domestic) > 8 else "****"


def known_by(address: str) -> tuple[str, str]:
    """By what an address is recognised, and how it is shown."""
    return (seals.digest(address), masked(address)) if address else ("", "")


def of_person(number: int, transport: str) -> str:
    """Somebody in a post."""
    person = User.objects.filter(pk=number, is_active=True).only("email", "phone").first()
    return {"mail": person.email, "sms": person.phone}.get(transport, "") if person else ""
