"""Evidence on a complaint's page: each look is custody, what is an emergency's is held, and nobody gets at another's."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import now

from encore.accounts.models import AccessLog, Organisation, Post, User
from encore.channels.models import Inbox
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.files import drafts, queries
from encore.files.demo import photograph
from encore.files.models import File, Hold
from encore.files.store import Stored
from encore.jobs.worker import run_due
from tests.cast import HOUR, complain, person, signed_in


def photo(user: User, seed: int = 1) -> Stored:
    body, at = photograph(now(), seed), now()
    upload = drafts.take(
        io.BytesIO(body), name="桌面.jpg", size=len(body), holder=queries.staff_holder(user), limit=20_000_000, at=at
    )
    return queries.stored(upload)


@pytest.fixture
def complaint(contract: Contract) -> Complaint:
    return complain(contract, at=now() - 3 * HOUR)


@pytest.fixture
def shown(complaint: Complaint, lin: User) -> File:
    operations.add_evidence(complaint, evidence=[photo(lin)], by=lin, at=now())
    run_due()
    return File.objects.get(noun="complaint", noun_id=complaint.pk, original=None)


def test_evidence_stands_on_the_page_as_a_small_picture_that_leads_to_its_custody(
    complaint: Complaint, shown: File, zhou: User
) -> None:
    desk = signed_in(zhou)
    page = desk.get(f"/complaints/{complaint.reference}/").content.decode()
    assert f'src="/files/{shown.reference}/thumbnail/"' in page
    assert f'href="/files/{shown.reference}/"' in page
    assert f'href="/files/of/complaint/{complaint.reference}/"' in page


def test_every_look_at_evidence_is_a_line_of_its_custody(shown: File, zhou: User) -> None:
    desk = signed_in(zhou)
    for address in (f"/files/{shown.reference}/thumbnail/", f"/files/{shown.reference}/view/"):
        answer = desk.get(address)
        assert answer.status_code == 200
        assert answer.getvalue()
    looks = AccessLog.objects.filter(noun="file", noun_id=shown.pk, user=zhou).order_by("pk")
    assert list(looks.values_list("act", flat=True)) == ["file.previewed", "file.seen"]


def test_somebody_of_either_party_adds_evidence_on_the_page(complaint: Complaint, tang: User) -> None:
    desk, address = signed_in(tang), f"/complaints/{complaint.reference}"
    assert 'type="file"' in desk.get(f"{address}/evidence/").content.decode()
    sent = SimpleUploadedFile("桌面.jpg", photograph(now(), 2), "image/jpeg")
    assert desk.post(f"{address}/evidence/", {"files": sent}).status_code == 302
    file = File.objects.get(noun="complaint", noun_id=complaint.pk, original=None)
    assert (file.purpose, file.uploaded_by) == ("evidence", tang)


def test_nothing_and_what_is_no_picture_are_422(complaint: Complaint, lin: User) -> None:
    desk, address = signed_in(lin, "zh-CN"), f"/complaints/{complaint.reference}/evidence/"
    assert desk.post(address, {}).status_code == 422
    false = SimpleUploadedFile("照片.jpg", b"PK\x03\x04" + b"0" * 400, "image/jpeg")
    assert desk.post(address, {"files": false}).status_code == 422
    assert not File.objects.exists()


def test_a4_evidence_is_not_there_for_strangers_nor_for_whoever_it_is_about(
    complaint: Complaint, shown: File, zhou: User, agency: Organisation
) -> None:
    stranger = person("外人", Organisation.objects.create(name="别家", role="venue"), Post.MANAGER)
    about = person("宋佳", agency, Post.PROMOTION)
    operations.name_concerned(complaint, person=about, by=zhou, at=now())
    for somebody in (stranger, about):
        desk = signed_in(somebody)
        for address in (
            f"/files/{shown.reference}/",
            f"/files/{shown.reference}/thumbnail/",
            f"/files/{shown.reference}/view/",
            f"/files/of/complaint/{complaint.reference}/",
            f"/complaints/{complaint.reference}/evidence/",
        ):
            assert desk.get(address).status_code == 404, address


# --- emergencies --------------------------------------------------------------------------------------------------------


def test_an_emergency_holds_the_evidence_there_is_and_what_comes_after(
    complaint: Complaint, shown: File, tang: User, lin: User, zhou: User, he: User
) -> None:
    operations.start_emergency(complaint, done=["care", "recordings"], by=tang, at=now())
    run_due()
    assert Hold.objects.filter(file=shown, reason="accident", released_at=None).count() == 1
    operations.add_evidence(complaint, evidence=[photo(lin, 3)], by=lin, at=now())
    run_due()
    held = Hold.objects.filter(released_at=None).values("file").distinct()
    assert held.count() == 2
    told = Inbox.objects.filter(kind="complaint.emergency_started").values_list("person__name", flat=True)
    assert set(told) == {"周敏", "何伟"}


def test_the_order_to_keep_the_recordings_names_the_place_and_the_hours(complaint: Complaint, zhou: User) -> None:
    answer = signed_in(zhou, "zh-CN").get(f"/documents/complaint/{complaint.reference}/recordings-order.pdf")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
