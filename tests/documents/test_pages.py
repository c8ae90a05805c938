from io import BytesIO

import pytest
from django.apps import apps
from pypdf import PdfReader

from encore.accounts.models import AccessLog, Organisation, Post, Role, User
from encore.complaints.models import Complaint
from encore.complaints.operations import verify
from encore.contracts.models import Contract
from encore.documents.apps import DocumentsConfig
from encore.documents.register import DOCUMENTS
from encore.ledger.nouns import NOUNS
from tests.cast import HOUR, RECEIVED, person, signed_in

pytestmark = pytest.mark.django_db


def words(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def test_the_papers_of_a_complaint_are_offered_in_every_form(complaint: Complaint, zhou: User) -> None:
    client = signed_in(zhou)
    page = client.get(f"/documents/complaint/{complaint}/").content.decode()
    for form, start in (("pdf", b"%PDF"), ("docx", b"PK"), ("xlsx", b"PK")):
        address = f"/documents/complaint/{complaint}/complaint-record.{form}"
        assert address in page
        answer = client.get(address)
        assert answer.content.startswith(start)
        assert answer["Cache-Control"] == "private, no-store"
    notes = AccessLog.objects.filter(act="exported", user=zhou)
    assert [(one.reason, one.noun, one.noun_id) for one in notes] == [
        ("complaint-record", "complaint", complaint.pk)
    ] * 3


def test_a_complaint_on_paper_says_what_was_said_done_and_owed(complaint: Complaint, zhou: User, tang: User) -> None:
    verify(complaint, by=tang, at=RECEIVED + 2 * HOUR)
    answer = signed_in(zhou, "zh-CN").get(f"/documents/complaint/{complaint}/complaint-record.pdf")
    told = words(answer.content).replace("\n", "")
    assert complaint.text[:10] in told
    for text in (
        "2026-03-10 22:40",
        "2026-03-11 00:40",
        "唐悦",
        "条",
        "（盖章）",
        "星河里",
        "澄酿推广",
        str(complaint),
    ):
        assert text in told, text
    assert answer["Content-Disposition"] == f'inline; filename="complaint-record-{complaint}.pdf"'
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_paper_to_keep_is_not_opened_in_the_browser(complaint: Complaint, zhou: User) -> None:
    kept = signed_in(zhou).get(f"/documents/complaint/{complaint}/complaint-record.pdf?save")
    assert kept["Content-Disposition"].startswith("attachment")


def test_looking_whether_a_paper_is_there_is_no_export(complaint: Complaint, zhou: User) -> None:
    assert signed_in(zhou).head(f"/documents/complaint/{complaint}/complaint-record.pdf").status_code == 200
    assert not AccessLog.objects.filter(act="exported").exists()


@pytest.mark.parametrize(
    "address", ["nothing/{0}/", "complaint/{0}/nothing.pdf", "complaint/{0}/complaint-record.exe", "person/{0}/complaint-record.pdf",
                "contract/{0}/complaint-record.pdf", "complaint/{0}/who-sees-what.pdf"]
)  # fmt: skip
def test_what_is_not_registered_is_not_there(complaint: Complaint, zhou: User, address: str) -> None:
    assert signed_in(zhou).get(f"/documents/{address.format(complaint)}").status_code == 404


def test_a_stranger_has_no_paper_of_anything(complaint: Complaint, contract: Contract) -> None:
    third = person("外人", Organisation.objects.create(name="别家", role=Role.VENUE), Post.MANAGER)
    client = signed_in(third)
    for address in (f"complaint/{complaint}/complaint-record.pdf", f"contract/{contract}/who-sees-what.pdf"):
        assert client.get(f"/documents/{address}").status_code == 404
    assert not AccessLog.objects.filter(act="exported").exists()


def test_who_sees_what_is_an_annex_to_a_contract(contract: Contract, he: User) -> None:
    answer = signed_in(he, "zh-CN").get(f"/documents/contract/{contract}/who-sees-what.pdf")
    told = words(answer.content).replace("\n", "")
    assert all(text in told for text in ("星河里 · 澄酿推广", "客服", "（盖章）", str(contract)))


def test_every_paper_is_about_a_kind_of_thing_and_stands_in_the_register(zhou: User) -> None:
    assert {one.noun for one in DOCUMENTS.values()} <= NOUNS.keys()
    page = signed_in(zhou).get("/documents/").content.decode()
    for key, one in DOCUMENTS.items():
        assert one.template.exists()
        assert f"document:{key}" in page
    config = apps.get_app_config("documents")
    assert isinstance(config, DocumentsConfig)
    assert set(config.realises) == {f"document:{key}" for key in DOCUMENTS}
