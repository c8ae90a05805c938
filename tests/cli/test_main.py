import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.core.management import call_command

from encore.accounts.models import User
from encore.cli.main import main
from encore.complaints.models import Complaint
from encore.contracts.models import Contract
from encore.ledger.models import Clock, Event
from encore.ledger.tick import tick
from tests.guards import unguarded


def test_the_help_names_every_command() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    for command in ("judge", "explain", "check", "clauses", "serve", "tick", "migrate", "demo", "import-complaints"):
        assert f"\n  {command} " in shown


@pytest.mark.parametrize("command", ["judge", "explain", "check", "clauses"])
def test_commands_that_need_no_database_do_not_load_django(command: str) -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom encore.cli.main import main\n"
        f"done = CliRunner().invoke(main, ['{command}', '--help'])\n"
        "print(done.exit_code, 'django' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False"]


def test_the_demonstration_has_complaints_in_every_stage_and_clocks_that_run(db: None) -> None:
    done = CliRunner().invoke(main, ["demo", "--complaints", "90"])
    assert done.exit_code == 0, done.output
    [contract] = Contract.objects.all()
    assert f"Made contract {contract} and 90 complaints." in done.output
    past = ("verified_at", "assessed_at", "planned_at", "started_at", "resolved_at", "result_sent_at", "archived_at")
    for earlier, later in zip(("received_at", *past), past, strict=False):
        assert Complaint.objects.filter(**{f"{earlier}__isnull": False, f"{later}__isnull": True}).exists(), later
    states = set(Clock.objects.values_list("state", flat=True))
    assert {"open", "fulfilled", "late", "breached"} <= states
    assert Complaint.objects.values("text").distinct().count() > 90 / 2


def test_the_demonstration_says_the_same_every_time(transactional_db: None) -> None:
    def texts() -> list[str]:
        CliRunner().invoke(main, ["demo", "--complaints", "20"], catch_exceptions=False)
        return list(Complaint.objects.order_by("pk").values_list("text", flat=True))

    first = texts()
    with unguarded():
        call_command("flush", interactive=False, verbosity=0)
    assert texts() == first


def test_the_demonstration_leaves_a_house_with_a_contract_alone(db: None) -> None:
    runner = CliRunner()
    runner.invoke(main, ["demo", "--complaints", "1"], catch_exceptions=False)
    people = User.objects.count()
    assert runner.invoke(main, ["demo", "--if-empty"]).exit_code == 0
    refused = runner.invoke(main, ["demo"])
    assert (refused.exit_code, User.objects.count()) == (1, people)
    assert "needs an empty database" in refused.output


def test_the_demonstration_runs_under_an_edition_of_ones_own(db: None, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        '[edition]\nid = "own"\ntitle = { zh-Hans = "自拟" }\nversion = "1"\n'
        '[[clause]]\nnumber = "7"\ntext = { zh-Hans = "十分钟内核实。" }\n'
        '[[duty]]\nid = "look"\nclause = "7"\nwhen = "complaint.received"\ndone = "complaint.verified"\nwithin = "10min"\n'
        '[[severity]]\nkey = "bad"\nclause = "7"\nlabel = { zh-Hans = "重" }\n'
        '[[category]]\nkey = "any"\nclause = "7"\nlabel = { zh-Hans = "其他" }\n'
    )
    done = CliRunner().invoke(main, ["demo", "--edition", str(file), "--complaints", "10"])
    assert done.exit_code == 0, done.output
    assert Clock.objects.filter(duty="look").count() == 10


def test_an_edition_that_cannot_be_read_is_refused_with_its_faults(db: None, tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text('[edition]\nid = "x"\n')
    done = CliRunner().invoke(main, ["demo", "--edition", str(file)])
    assert done.exit_code == 1
    assert "broken.toml:1:" in done.output
    assert not User.objects.exists()


def test_a_tick_by_hand_says_what_it_changed(db: None) -> None:
    runner = CliRunner()
    runner.invoke(main, ["demo", "--complaints", "5"], catch_exceptions=False)
    assert runner.invoke(main, ["tick"]).output == "0 clocks changed.\n"
    assert tick() == 0
    assert Event.objects.exists()
