"""The key that signs checkpoints is handed over from one to the next, and whoever holds the first can follow."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.conf import LazySettings

from encore.accounts.models import Organisation, User
from encore.cli.main import main
from encore.contracts.models import Contract
from encore.ledger import checkpoints
from encore.ledger.checkpoints import CannotRotate, Verifier, handed_on, latest, rotate, seal, signing, verifiers
from encore.ledger.models import Checkpoint
from encore.ledger.verification import Kind, Tally, kept_by_others, verify
from tests.cast import RECEIVED, agreed
from tests.guards import unguarded
from tests.ledger.events import EDITION, drafted, happen

NOW = datetime.fromisoformat("2026-05-01T09:00:00+08:00")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings) -> Path:
    settings.ENCORE_HOME = tmp_path
    return tmp_path


@pytest.fixture
def sealed(zhou: User, agency: Organisation, home: Path) -> Contract:
    contract = agreed(EDITION.encode(), zhou, agency)
    seal(NOW)
    return contract


def goes_on(contract: Contract, number: int, at: datetime) -> None:
    happen(drafted(contract, "complaint.received", f"complaint:{number}", RECEIVED), now=at)
    seal(at)


def altered(**options: object) -> list[str]:
    return [one.row for one in verify(Tally(), NOW + 9 * HOUR, **options) if one.kind == Kind.ALTERED]  # type: ignore[arg-type]


def run(*arguments: str) -> Result:
    return CliRunner(env={"LANG": "en_GB.UTF-8", "LC_ALL": "", "LANGUAGE": ""}).invoke(main, arguments)


def test_the_old_key_hands_over_as_its_last_act_and_is_destroyed(sealed: Contract, home: Path) -> None:
    first, private = signing(), (home / "keys/checkpoints").read_bytes()
    second = rotate(NOW)
    said = latest()
    assert said is not None
    assert said.next == str(second)
    assert signing() == second != first
    assert verifiers() == [first, second], "what the old one has signed can still be read"
    assert private not in [path.read_bytes() for path in (home / "keys").iterdir()]
    goes_on(sealed, 7, NOW + HOUR)
    assert altered() == []


def test_who_holds_only_the_first_key_follows_every_rotation(sealed: Contract) -> None:
    first = signing()
    for number in (7, 8, 9):
        rotate(NOW + number * HOUR / 10)
        goes_on(sealed, number, NOW + number * HOUR / 10)
    assert handed_on([first]) == verifiers()
    note = Checkpoint.objects.latest("number").note
    kept = kept_by_others(note, "kept.txt", handed_on([first]))
    assert altered(trusted=[first], kept=[kept]) == []


def test_a_key_that_was_handed_over_signs_nothing_any_more(sealed: Contract, home: Path) -> None:
    private = (home / "keys/checkpoints").read_bytes()
    rotate(NOW)
    (home / "keys/checkpoints").write_bytes(private)  # somebody had kept it
    goes_on(sealed, 7, NOW + HOUR)
    assert altered() == [f"checkpoint {Checkpoint.objects.latest('number').number}"]


def test_a_handover_that_nobody_trusted_has_signed_leads_nowhere(sealed: Contract, home: Path) -> None:
    first = signing()
    rotate(NOW)
    handover = checkpoints.handovers().get()
    stranger = Verifier(first.name, bytes(32))
    with unguarded():
        Checkpoint.objects.filter(pk=handover.pk).update(note=handover.note.replace(str(signing()), str(stranger)))
    assert handed_on([first]) == [first]
    assert altered() == [f"checkpoint {handover.number}"]


def test_a_rotation_that_broke_off_before_it_was_recorded_has_not_happened(
    sealed: Contract, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = signing()
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint.objects, "create", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rotate(NOW)
    assert signing() == first
    goes_on(sealed, 7, NOW + HOUR)
    second = rotate(NOW + 2 * HOUR)
    goes_on(sealed, 8, NOW + 3 * HOUR)
    assert signing() == second
    assert altered() == []


def test_a_rotation_that_broke_off_after_it_was_recorded_is_finished_by_who_signs_next(
    sealed: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = signing()
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "_finish_rotation", lambda path: None)
        second = rotate(NOW)
        assert signing() == first
    goes_on(sealed, 7, NOW + HOUR)
    assert signing() == second
    assert altered() == []


def test_a_key_that_has_signed_nothing_needs_no_successor(db: None) -> None:
    with pytest.raises(CannotRotate, match=r"signed nothing|没有签"):
        rotate(NOW)


def test_keys_are_listed_and_exchanged_from_the_command_line(sealed: Contract) -> None:
    first = str(signing())
    assert run("keys").output == f"{first}  signs now\n"
    second = run("keys", "rotate", "checkpoint").output.strip()
    listed = run("keys").output.splitlines()
    assert listed[0].startswith(f"{first}  until checkpoint 1, ")
    assert listed[1:] == [f"{second}  signs now"]
    assert run("checkpoint", "--key").output.strip() == second
    assert run("verify", "--key", first).exit_code == 0
