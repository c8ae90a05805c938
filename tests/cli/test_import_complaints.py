from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from encore.cli.main import main
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.ledger.models import Clock, Event

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "complaints_zh.csv"


def bring_in(file: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["import-complaints", str(file), *options])


def written(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "complaints.csv"
    file.write_bytes(content)
    return file


def test_each_row_becomes_a_complaint_with_its_clock(tmp_path: Path, contract: Contract) -> None:
    done = bring_in(written(tmp_path, '\ufeffrow,text\r\n1,"酒是温的，\n叫了""三次"""\r\n2,太吵 😡\r\n'.encode()))
    assert (done.exit_code, done.output) == (0, "2 taken in, 0 already there, 0 refused.\n")
    texts = Complaint.objects.order_by("pk").values_list("text", "channel")
    assert list(texts) == [('酒是温的，\n叫了"三次"', "elsewhere"), ("太吵 😡", "elsewhere")]
    assert Event.objects.filter(type="complaint.received", actor__startswith="user:").count() == 2
    assert Clock.objects.filter(duty="verify", state="open").count() == 2


def test_the_same_file_again_adds_only_what_is_missing(tmp_path: Path, contract: Contract) -> None:
    file = written(tmp_path, "text\n一\n二\n三\n".encode())
    bring_in(file)
    Complaint.objects.filter(text="二").delete()
    assert bring_in(file).output == "1 taken in, 2 already there, 0 refused.\n"
    assert Complaint.objects.count() == 3


def test_a_file_that_has_grown_adds_its_new_rows(tmp_path: Path, contract: Contract) -> None:
    bring_in(written(tmp_path, "row,text\n1,难吃\n2,太吵\n".encode()))
    grown = written(tmp_path, '\ufeff"row","text"\r\n"1","难吃"\r\n"2","太吵"\r\n"3","难吃"\r\n'.encode())
    assert bring_in(grown).output == "1 taken in, 2 already there, 0 refused.\n"


def test_two_equal_rows_are_two_complaints(tmp_path: Path, contract: Contract) -> None:
    bring_in(written(tmp_path, "text\n难吃\n难吃\n".encode()))
    assert Complaint.objects.filter(text="难吃").count() == 2


def test_rows_that_cannot_be_taken_are_named_and_the_others_go_in(tmp_path: Path, contract: Contract) -> None:
    file = written(
        tmp_path, b'row,text\n1,one\n2,\n\n3,"two\nlines"\n4,  \n5,five\n' + b"6," + b"x" * 30_000 + b"\n7,seven\n"
    )
    done = bring_in(file)
    assert done.exit_code == 1
    assert done.stdout == "4 taken in, 0 already there, 3 refused.\n"
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [f"{file}:{line}" for line in (3, 7, 9)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", 'complaints.csv:1: there is no column "text".'),
        (b"row,words\n1,a\n", 'complaints.csv:1: there is no column "text".'),
        (b'row,"text\n1,a\n', 'complaints.csv:1: there is no column "text".'),
        ("text\n难吃\n".encode("gbk"), "complaints.csv:2: this is not UTF-8."),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_in_one_line(
    tmp_path: Path, contract: Contract, content: bytes, said: str
) -> None:
    done = bring_in(written(tmp_path, content))
    assert done.exit_code == 1
    assert said in done.output
    assert not Complaint.objects.exists()


def test_a_batch_is_taken_whole(tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("encore.cli.import_complaints.BATCH", 2)
    done = bring_in(written(tmp_path, "text\n一\n二\n三\n四\n五\n".encode()))
    assert done.output.startswith("5 taken in")


def test_the_contract_is_named_where_there_are_several_or_none(tmp_path: Path, contract: Contract) -> None:
    file = written(tmp_path, "text\n一\n".encode())
    assert bring_in(file, "--contract", contract.reference).exit_code == 0
    assert "No contract K-26-999999 is in force." in bring_in(file, "--contract", "K-26-999999").output
    Contract.objects.update(effective_at=None)
    assert "in force: none" in bring_in(file).output


def test_real_complaints_go_in_as_they_were_typed(contract: Contract) -> None:
    if not REAL.exists():
        pytest.skip("needs ../shared/data/complaints_zh.csv")
    done = bring_in(REAL)
    assert (done.exit_code, done.output) == (0, "7987 taken in, 0 already there, 0 refused.\n")
    assert Clock.objects.filter(duty="verify", state="open").count() == 7987
