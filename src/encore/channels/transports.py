"""The ways out of the house. Each takes a parcel and says how it was taken, or raises.

`NothingWentOut` is raised where that is certain; whatever else is raised leaves it unclear whether it went out.
"""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from encore.jobs import NothingWentOut

_PATIENCE: Final = 20.0  # seconds that a server may take to answer
_HERE: Final = (None, "localhost", "127.0.0.1", "::1")  # where no line is between us and the server
_PART: Final = 67  # characters of a long text message that are charged as one
_WHOLE: Final = 70  # characters that a short one holds


@dataclass(frozen=True)
class Parcel:
    """`key` is the same in every attempt, so that a provider, too, can see that it had this one already."""

    key: str
    address: str
    sender: str
    subject: str
    text: str
    at: datetime


class Transport(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def label(self) -> str | Promise: ...

    @property
    def is_simulated(self) -> bool: ...

    def parts(self, text: str) -> int:
        """How many times its price it costs."""

    def send(self, parcel: Parcel) -> str:
        """The provider's own reference."""


@dataclass(frozen=True)
class Simulated:
    """A provider that only pretends: what would have gone out stands on a page, and somebody there answers for it."""

    code: str
    label: str | Promise
    is_simulated: bool = True

    def parts(self, text: str) -> int:
        return 1 if self.code != "sms" or len(text) <= _WHOLE else -(-len(text) // _PART)

    def send(self, parcel: Parcel) -> str:
        return f"simulated-{parcel.key}"


@dataclass(frozen=True)
class Mail:
    """E-mail over SMTP. `ENCORE_MAIL` is `smtp://user:password@host:587/?from=house@example.com`, or `smtps://…`."""

    code: str
    label: str | Promise
    server: str
    is_simulated: bool = False

    def parts(self, text: str) -> int:
        return 1

    def send(self, parcel: Parcel) -> str:
        try:
            letter = self._letter(parcel)
            sender, content = self._from, letter.as_bytes()
            parcel.address.encode("ascii")
        except ValueError as error:  # an address or a name that no letter can carry
            raise NothingWentOut("unwritable", final=True) from error
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise NothingWentOut(type(error).__name__) from error
        with _talking(smtp):
            try:
                self._accepted(*smtp.mail(sender))
                self._accepted(*smtp.rcpt(parcel.address))
            except (OSError, smtplib.SMTPException) as error:
                raise NothingWentOut(type(error).__name__) from error
            try:
                self._accepted(*smtp.data(content))
            except smtplib.SMTPDataError as error:  # it would not even begin to take it
                raise NothingWentOut(f"{error.smtp_code}", final=error.smtp_code >= 500) from error
        return str(letter["Message-ID"])

    def _accepted(self, code: int, _said: bytes) -> None:
        if not 200 <= code < 300:
            raise NothingWentOut(str(code), final=code >= 500)

    @property
    def _from(self) -> str:
        asked = parse_qs(urlsplit(self.server).query)
        return asked["from"][0]

    def _connected(self) -> smtplib.SMTP:
        place = urlsplit(self.server)
        is_sealed, is_here = place.scheme == "smtps", place.hostname in _HERE
        host, port = place.hostname or "localhost", place.port or (465 if is_sealed else 587)
        trust = ssl.create_default_context()  # smtplib's own does not look at who answers
        smtp: smtplib.SMTP
        if is_sealed:
            smtp = smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=trust)
        else:
            smtp = smtplib.SMTP(host, port, timeout=_PATIENCE)
        try:
            smtp.ehlo_or_helo_if_needed()
            if not is_sealed and not is_here and smtp.has_extn("starttls"):
                smtp.starttls(context=trust)
                smtp.ehlo()
                is_sealed = True
            if place.username:
                if not (is_sealed or is_here):
                    raise smtplib.SMTPNotSupportedError("no password goes over a line that anybody can read")
                smtp.login(unquote(place.username), unquote(place.password or ""))
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _letter(self, parcel: Parcel) -> EmailMessage:
        """No header can be slipped in: control characters are refused, and who it is to stands as one address."""
        letter = EmailMessage(policy=SMTP)
        letter["From"] = Address(display_name=parcel.sender, addr_spec=self._from)
        letter["To"] = Address(addr_spec=parcel.address)
        letter["Subject"] = parcel.subject
        letter["Date"] = format_datetime(localtime(parcel.at))
        letter["Message-ID"] = f"<{parcel.key}@{self._from.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"  # no machine is to answer it
        letter["X-Auto-Response-Suppress"] = "All"
        letter.set_content(parcel.text)
        return letter


@contextmanager
def _talking(smtp: smtplib.SMTP) -> Iterator[None]:
    """Ends the talk, whatever becomes of the good-bye: what was taken is taken."""
    try:
        yield
    finally:
        try:
            smtp.quit()
        except (OSError, smtplib.SMTPException):
            smtp.close()


def transports() -> Mapping[str, Transport]:
    """As this house is set up. E-mail is pretended as well where no server is named."""
    mail: Transport = (
        Mail("mail", pgettext_lazy("way", "e-mail"), settings.ENCORE_MAIL)
        if settings.ENCORE_MAIL
        else Simulated("mail", pgettext_lazy("way", "e-mail"))
    )
    others = (Simulated("sms", _("text message")), Simulated("wechat", _("WeChat")))
    return {transport.code: transport for transport in (mail, *others)}
