"""E-mail, over SMTP, to a real server."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.utils.timezone import now

from encore.accounts.models import User
from encore.channels.models import Message, State
from encore.channels.transports import Mail, Parcel
from encore.complaints.models import Complaint
from encore.jobs import NothingWentOut
from encore.jobs.models import Job
from encore.jobs.models import State as JobState
from encore.jobs.worker import run_due
from tests.channels.house import queued

Settings = Any


class Box:
    """What a mail server takes, and what it says to it."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.to_recipient = self.to_letter = "250 OK"
        self.hangs_up = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.recipients += envelope.rcpt_tos
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.hangs_up:
            server.transport.close()
        return self.to_letter


@contextmanager
def serving() -> Iterator[tuple[Box, str]]:
    box = Box()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, f"smtp://127.0.0.1:{port}/?from=house@example.com"
    finally:
        controller.stop()


@pytest.fixture
def server() -> Iterator[tuple[Box, str]]:
    with serving() as one:
        yield one


@pytest.fixture
def box(server: tuple[Box, str], settings: Settings) -> Box:
    settings.ENCORE_MAIL = server[1]
    settings.ENCORE_BASE_URL = "https://house.example"
    return server[0]


@pytest.fixture
def letter(lin: User, complaint: Complaint, box: Box) -> Callable[[], Message]:
    lin.email = "lin@example.com"
    lin.save()

    def sent() -> Message:
        message = queued(lin, complaint, transport="mail")
        run_due()
        message.refresh_from_db()
        return message

    return sent


def test_a_letter_goes_out_in_chinese_with_marks_that_keep_machines_from_answering(
    letter: Callable[[], Message], box: Box, complaint: Complaint
) -> None:
    message = letter()
    assert message.state == State.SENT
    (got,) = box.letters
    assert box.recipients == ["lin@example.com"]
    assert got["Subject"] == f"您的投诉 {complaint.reference} 已受理"
    assert got["From"] == "星河里 <house@example.com>"
    assert (got["Auto-Submitted"], got["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert got["Message-ID"] == message.provider_reference == f"<{message.token}@example.com>"
    assert got["Date"]
    assert "https://house.example/t/abc/" in got.get_content()


@pytest.mark.parametrize("name", ["星河里\r\nBcc: all@example.com", '"x" <a@b.cc>,', "星河里\n\nHello"])
def test_no_name_of_a_house_slips_a_header_or_a_recipient_in(
    letter: Callable[[], Message], box: Box, complaint: Complaint, name: str
) -> None:
    complaint.owner.name = name
    complaint.owner.save()
    letter()
    (got,) = box.letters
    assert box.recipients == ["lin@example.com"]
    assert got["Bcc"] is None
    assert len(got["From"].addresses) == 1
    assert got["From"].addresses[0].addr_spec == "house@example.com"
    assert "Hello" not in got.get_content()


@pytest.mark.parametrize("address", ["a@b.cc\r\nBcc: x@y.zz", "a b@c.dd", "a@b.cc, x@y.zz"])
def test_an_address_that_is_none_is_never_written_to(address: str, server: tuple[Box, str]) -> None:
    parcel = Parcel("key", address, "星河里", "题", "文", now())
    with pytest.raises(NothingWentOut) as refused:
        Mail("mail", "", server[1]).send(parcel)
    assert refused.value.final
    assert not server[0].letters


def test_a_server_that_will_not_have_the_recipient_ends_it(letter: Callable[[], Message], box: Box) -> None:
    box.to_recipient = "550 no such user"
    message = letter()
    assert (message.state, message.reason) == (State.FAILED, "not_taken")


def test_a_server_that_is_busy_is_tried_again(letter: Callable[[], Message], box: Box) -> None:
    box.to_recipient = "451 try later"
    message = letter()
    assert message.state == State.QUEUED
    assert message.job
    assert Job.objects.get(pk=message.job).state == JobState.READY


def test_a_server_that_is_not_there_is_tried_again(letter: Callable[[], Message], settings: Settings) -> None:
    settings.ENCORE_MAIL = "smtp://127.0.0.1:9/?from=house@example.com"
    message = letter()
    assert message.state == State.QUEUED


def test_a_letter_that_was_not_taken_in_the_end_did_not_go_out(letter: Callable[[], Message], box: Box) -> None:
    box.to_letter = "554 spam"
    assert letter().state == State.FAILED


def test_a_server_that_hangs_up_after_the_letter_leaves_it_unclear(letter: Callable[[], Message], box: Box) -> None:
    box.hangs_up = True
    assert letter().state == State.UNCLEAR
    assert len(box.letters) == 1
    run_due()
    assert len(box.letters) == 1, "nothing goes out twice by itself"


# --- who may listen ---------------------------------------------------------------------------------------------------


@contextmanager
def elsewhere(**options: Any) -> Iterator[tuple[Box, str]]:
    """A server that is not on this machine, as far as the product knows."""
    box = Box()
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.2", port=port, **options)
    controller.start()
    try:
        yield box, f"127.0.0.2:{port}/?from=house@example.com"
    finally:
        controller.stop()


def parcel(address: str = "wang@example.com") -> Parcel:
    return Parcel("k" * 22, address, "星河里", "您的投诉", "已收到。", now())


def test_a_password_does_not_go_over_a_line_that_anybody_can_read() -> None:
    tried = []

    def check(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        tried.append(mechanism)
        return AuthResult(success=True)

    with elsewhere(authenticator=check, auth_require_tls=False) as (box, place), pytest.raises(NothingWentOut):
        Mail("mail", "e-mail", f"smtp://house:secret@{place}").send(parcel())
    assert (tried, box.letters) == ([], [])


def test_a_server_that_cannot_show_who_it_is_gets_nothing(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.2")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    since = now() - timedelta(days=1)
    shown = made.not_valid_before(since).not_valid_after(since + timedelta(days=9)).sign(key, SHA256())
    pair = tmp_path / "pair.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pair.write_bytes(private + shown.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    with elsewhere(tls_context=context) as (box, place), pytest.raises(NothingWentOut):
        Mail("mail", "e-mail", f"smtp://{place}").send(parcel())
    assert box.letters == []


def test_an_address_that_no_server_takes_is_known_not_to_have_got_anything() -> None:
    with serving() as (box, address), pytest.raises(NothingWentOut) as raised:
        Mail("mail", "e-mail", address).send(parcel("王@example.com"))
    assert raised.value.final
    assert box.letters == []
