import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from encore.cli.main import main

EDITION = """\
[edition]
id = "small"
title = { zh-Hans = "小合同", en = "small contract" }
version = "1"

[[clause]]
number = "1"
heading = { zh-Hans = "核实", en = "verification" }
text = { zh-Hans = "投诉限时核实。", en = "Complaints are verified in time." }

[[parameter]]
key = "verify_time"
clause = "1"
kind = "duration"
default = "48h"
label = { zh-Hans = "核实时限", en = "time to verify" }

[[duty]]
id = "verify"
clause = "1"
when = "complaint.received"
done = "complaint.verified"
within = "$verify_time"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(EDITION, "utf-8")
    return path


def text(file: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["text", str(file), *options])


def test_an_edition_is_printed_side_by_side(file: Path) -> None:
    done = text(file)
    assert done.exit_code == 0, done.output
    assert "| 条款 / Clause | 中文（以本语言文本为准） | English |" in done.output
    assert "投诉限时核实。<br>核实时限：**48 小时**（待填，默认）" in done.output
    assert "Complaints are verified in time." in done.output


def test_one_language_alone_has_its_own_headings(file: Path) -> None:
    chinese, english = text(file, "--lang", "zh").output, text(file, "--lang", "en").output
    assert '### <a id="1"></a>1 核实' in chinese
    assert "Complaints" not in chinese
    assert '### <a id="1"></a>1 verification' in english
    assert "投诉" not in english


def test_values_can_be_filled_in(file: Path) -> None:
    assert "核实时限：**2 个工作日**（本合同填入）" in text(file, "--lang", "zh", "--set", "verify_time=2wd").output


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--set", "other=1"), "small.toml has no such parameter"), (("--set", "verify_time=soon"), "--set: ")],
)
def test_what_cannot_be_filled_in_is_refused_in_a_line(file: Path, options: tuple[str, ...], said: str) -> None:
    done = text(file, "--lang", "en", *options)
    assert done.exit_code == 2
    assert said in done.output


def test_an_edition_with_faults_is_refused_with_all_of_them(file: Path) -> None:
    file.write_text(EDITION.replace('clause = "1"', 'clause = "9"'), "utf-8")
    done = text(file, "--lang", "zh")
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 2


def test_reading_needs_no_django(file: Path) -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom encore.cli.main import main\n"
        f"done = CliRunner().invoke(main, ['text', {str(file)!r}])\n"
        "print(done.exit_code, 'django' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False"]
