"""What an edition may not say: each fault is told once, with its line, its clause and its cure, and all of them at once.

In the texts below `#!` marks the lines that must be named.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from encore.engine import EditionError, ParameterError, load_edition
from encore.engine.model import EditionFile

SMALLEST = """\
clause = [{ number = "1", text = { en = "A reply within a day of the start." } }]
[edition]
id = "small"
title = { en = "A small edition" }
version = "1"
[[duty]]
id = "reply"
clause = "1"
done = "complaint.replied"
within = "24h"
"""

HEAD = """\
[edition]
id = "refused"
title = { zh-Hans = "被拒绝的版本", en = "An edition that is refused" }
version = "1"

[[clause]]
number = "1.1"
text = { en = "What is owed." }

[[clause]]
number = "1.2"
text = { en = "What else is owed." }

[[parameter]]
key = "pace"
clause = "1.1"
default = "24h"

[[severity]]
key = "major"
clause = "1.2"
label = { en = "major" }
"""

REPLY = """
[[duty]]
id = "reply"
clause = "1.1"
when = "complaint.received"
done = "complaint.replied"
within = "24h"
"""

TRAIN = """
[[duty]]
id = "train"
clause = "1.2"
done = "training.held"
every = "1mo"
"""

# One row of every table with every key it may have.
WHOLE = """\
[edition]
id = "whole"
title = { zh-Hans = "全部", en = "Everything" }
version = "1"
timezone = "Asia/Shanghai"
language = "zh-Hans"

[term]
length = "1y"
renewal_notice = "1mo"
termination_notice = "30d"
confidentiality_tail = "3y"
copies = 2
effective_on = ["signature", "seal"]
law = "CN"
disputes = ["negotiation", "arbitration"]
place = "$place"

[[clause]]
number = "1"
heading = { en = "Everything" }
text = { en = "All that can be said." }
realised = ["duty:reply"]

[[parameter]]
key = "pace"
clause = "1"
default = "24h"
kind = "duration"
label = { en = "pace" }

[[parameter]]
key = "place"
clause = "1"
default = "here"
choices = ["here", "there"]
kind = "choice"

[[parameter]]
key = "number"
clause = "1"
default = 5
kind = "number"
min = 1
max = 9

[[severity]]
key = "major"
clause = "1"
label = { en = "major" }
from_score = 70
rank = 3

[[stage]]
key = "receipt"
clause = "1"
label = { en = "receipt" }
enters = { event = "complaint.received", severity = ["major"] }
department = "service"

[[channel]]
key = "phone"
clause = "1"
label = { en = "telephone" }
via = "phone"

[[criterion]]
key = "sales"
clause = "1"
label = { en = "sales" }
source = "sales"

[[annex]]
key = "one"
clause = "1"
label = { en = "annex one" }
document = "training-record"

[[party]]
key = "venue"
label = { en = "venue" }
clause = "1"
role = "venue"

[[post]]
key = "desk"
label = { en = "front desk" }
clause = "1"
role = "venue"
department = "service"

[[duty]]
id = "reply"
clause = "1"
label = { en = "reply" }
owed_by = "venue"
post = "desk"
when = { event = "complaint.assessed", severity = "major" }
done = ["complaint.replied", "complaint.resolved"]
within = "$pace"
from = "complaint.received"
cancel = "complaint.withdrawn"
survives = true
through_force_majeure = true
warn = [0.5, 0.8]

[[duty]]
id = "silence"
clause = "1"
forbid = "secret.disclosed"
within = "1y"

[[duty]]
id = "train"
clause = "1"
done = "training.held"
every = "1q"
count = 2
until = "training.adjusted"
align = "calendar"
grace = "5wd"

[[right]]
id = "renew"
clause = "1"
label = { en = "renew" }
holder = "venue"
when = "contract.effective"
act = "contract.renewed"
opens = "term.end-3mo"
closes = "-1mo"
notice = "1mo"
form = "writing"
conditions = ["no breach"]

[[limit]]
id = "third-parties"
clause = "1"
label = { en = "third parties" }
of = "third_party"
rate = "0.10"
amount = "1000.00"
base = "contract_amount"
excludes = ["intent"]

[[remedy]]
id = "late-reply"
clause = "1"
label = { en = "late reply" }
breach_of = ["reply"]
late_over = "2w"
follows = ["warning", "fine"]
payer = "agency"
payee = "venue"
group = "replies"
formula = { base = "fee", rate = "0.001", per = "day", fraction = "up", min = "10", cap = "1000", excludes = ["intent"], settled_by = ["compensation"] }
"""
PLAIN_VOCABULARIES = [
    table for table in EditionFile.VOCABULARIES if table not in ("severity", "stage", "channel", "criterion", "annex")
]
WHOLE += "".join(
    f'\n[[{table}]]\nkey = "service"\nclause = "1"\nlabel = {{ en = "service" }}\n' for table in PLAIN_VOCABULARIES
)

REQUIRED = {
    "edition": ("id", "title", "version"),
    "clause": ("number", "text"),
    "parameter": ("key", "clause", "default"),
    **dict.fromkeys(EditionFile.VOCABULARIES, ("key", "clause", "label")),
    "party": ("key",),
    "post": ("key",),
    "duty": ("id", "clause"),
    "right": ("id", "clause"),
    "limit": ("id", "clause"),
    "remedy": ("id", "clause"),
}


def faults(text: str | bytes) -> list[tuple[int, str, str]]:
    """Line, code and clause of each fault."""
    try:
        load_edition(text if isinstance(text, bytes) else text.encode(), "refused.toml")
    except EditionError as error:
        return [(fault.line, fault.code, fault.clause) for fault in error.faults]
    return []


def marked(text: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n"), 1) if "#!" in line]


def told_at(text: str, *expected: tuple[str, str]) -> None:
    """The marked lines are named, in their order, with these codes and clauses, and no other line is."""
    lines = marked(text)
    assert len(lines) == len(expected)
    assert faults(text) == [(line, *one) for line, one in zip(lines, expected, strict=True)]


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def rows(text: str) -> Iterator[tuple[str, int, list[str]]]:
    """Each table of a text: its name, the line of its header from 0, its lines."""
    lines = text.split("\n")
    headers = [number for number, line in enumerate(lines) if line.startswith("[")]
    for number, after in zip(headers, [*headers[1:], len(lines)], strict=True):
        yield lines[number].strip("[]"), number, [line for line in lines[number + 1 : after] if line]


# ---- What is accepted ---------------------------------------------------------------------------


def test_ten_lines_are_an_edition() -> None:
    assert len(SMALLEST.splitlines()) == 10
    edition = load_edition(SMALLEST.encode(), "small.toml")
    assert (edition.id, list(edition.duties), edition.timezone) == ("small", ["reply"], "Asia/Shanghai")


def test_a_file_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does() -> None:
    data = SMALLEST.replace("\n", "\r\n").encode("utf-8-sig")
    assert load_edition(data, "small.toml").file == load_edition(SMALLEST.encode(), "small.toml").file


def test_every_table_and_every_key_of_the_language_is_accepted() -> None:
    assert faults(WHOLE) == []
    written = tomllib.loads(WHOLE)
    assert written.keys() == EditionFile.model_fields.keys()
    unwritten = {
        (table, info.alias or name)
        for table, field in EditionFile.model_fields.items()
        for name, info in row_model(field.annotation).model_fields.items()
        if not any((info.alias or name) in row for row in as_list(written[table]))
    }
    assert unwritten == set()


def row_model(annotation: Any) -> Any:
    return annotation.__args__[0] if hasattr(annotation, "__args__") else annotation


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# ---- Keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", EditionFile.model_fields)
def test_an_unknown_key_is_refused_in_every_table(table: str) -> None:
    lines = WHOLE.split("\n")
    header = next(at for name, at, _ in rows(WHOLE) if name == table)
    lines.insert(header + 1, 'colour = "red" #!')
    told_at("\n".join(lines), ("unknown_key", "" if table in ("edition", "term") else "1"))


def test_an_unknown_table_is_refused() -> None:
    told_at(HEAD + '[[colour]] #!\nkey = "red"\n', ("unknown_key", ""))
    told_at(HEAD + '[colour] #!\nkey = "red"\n', ("unknown_key", ""))


def test_an_unknown_key_within_a_formula_is_refused_and_those_that_are_known_are_named() -> None:
    text = changed(WHOLE, 'formula = { base = "fee",', 'formula = { bass = "fee",')
    with pytest.raises(EditionError, match=r"`bass` is not a key of this table; allowed here: base, rate, per,"):
        load_edition(text.encode(), "refused.toml")


@pytest.mark.parametrize(("table", "key"), [(table, key) for table, keys in REQUIRED.items() for key in keys])
def test_a_key_that_is_required_is_missed_at_its_table(table: str, key: str) -> None:
    lines = WHOLE.split("\n")
    header, written = next((at, written) for name, at, written in rows(WHOLE) if name == table)
    position = next(number for number, line in enumerate(written) if line.startswith(f"{key} = "))
    del lines[header + 1 + position]
    lines[header] += " #!"
    clause = "" if table == "edition" or key in ("clause", "number") else "1"
    told_at("\n".join(lines), ("missing", clause))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version = "1"', "version = 1 #!"),
        ('version = "1"', 'version = " " #!'),
        ('id = "refused"', 'id = "Re fused" #!'),
        ('id = "refused"', "id = [] #!"),
        ('title = { zh-Hans = "被拒绝的版本", en = "An edition that is refused" }', 'title = "A title" #!'),
        ('title = { zh-Hans = "被拒绝的版本", en = "An edition that is refused" }', "title = {} #!"),
        ('version = "1"', 'version = "1"\ntimezone = "Mars/Phobos" #!'),
        ('version = "1"', 'version = "1"\ntimezone = "../../etc/passwd" #!'),
    ],
)
def test_the_head_of_an_edition_is_checked(old: str, new: str) -> None:
    [(line, _, _)] = faults(text := changed(HEAD, old, new))
    assert [line] == marked(text)


# ---- Names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table", [table for table in EditionFile.model_fields if table not in ("edition", "term", "clause")]
)
def test_a_clause_that_does_not_exist_is_refused_in_every_table(table: str) -> None:
    lines = WHOLE.split("\n")
    header, written = next((at, written) for name, at, written in rows(WHOLE) if name == table)
    lines[header + 1 + written.index('clause = "1"')] = 'clause = "7.7" #!'
    told_at("\n".join(lines), ("no_clause", ""))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('within = "24h"', 'within = "$peace" #!'),
        ('done = "complaint.replied"', 'done = { event = "complaint.replied", severity = "$worst" } #!'),
        (
            'done = "complaint.replied"',
            'done = ["complaint.resolved", { event = "complaint.replied", n = ["$worst"] }] #!',
        ),
        ('id = "reply"', 'id = "reply"\nowed_by = "$who" #!'),
        ('id = "reply"', 'id = "reply"\nwarn = [0.5, "$last"] #!'),
    ],
)
def test_a_parameter_that_does_not_exist_is_refused(old: str, new: str) -> None:
    told_at(HEAD + changed(REPLY, old, new), ("no_parameter", "1.1"))


def test_a_parameter_of_the_term_must_exist_too() -> None:
    told_at(HEAD + '[term]\nlength = "$years" #!\n', ("no_parameter", ""))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('when = "complaint.received"', 'when = { event = "complaint.assessed", severity = "mayor" } #!'),
        ('when = "complaint.received"', 'when = [{ event = "complaint.assessed", severity = ["major", "mayor"] }] #!'),
        ('id = "reply"', 'id = "reply"\ncancel = { event = "complaint.assessed", severity = "mayor" } #!'),
        ('id = "reply"', 'id = "reply"\nfrom = { event = "complaint.assessed", severity = "mayor" } #!'),
    ],
)
def test_a_word_that_its_vocabulary_lacks_is_refused(old: str, new: str) -> None:
    told_at(HEAD + changed(REPLY, old, new), ("no_row", "1.1"))


def test_who_owes_and_who_performs_must_exist_where_parties_and_posts_are_listed() -> None:
    listed = HEAD + '[[party]]\nkey = "venue"\n[[post]]\nkey = "desk"\n'
    told_at(listed + REPLY + 'owed_by = "agency" #!\npost = "bar" #!\n', ("no_row", "1.1"), ("no_row", "1.1"))
    assert faults(HEAD + REPLY + 'owed_by = "agency"\npost = "bar"\n') == []


@pytest.mark.parametrize("table", [table for table in EditionFile.model_fields if table not in ("edition", "term")])
def test_two_things_of_one_name_are_refused_in_every_table(table: str) -> None:
    written = next(written for name, _, written in rows(WHOLE) if name == table)
    named = next(line for line in written if re.match("id|key|number", line))
    again = [f"{line} #!" if line == named else line for line in written]
    text = "\n".join([WHOLE, f"[[{table}]]", *again, ""])
    clause = "1"
    told_at(text, ("twice", clause))


def test_two_things_of_one_name_are_refused_on_one_line() -> None:
    twice = 'clause = [{ number = "1", text = { en = "One." } }, { number = "1", text = { en = "Two." } }] #!'
    told_at(SMALLEST.replace(SMALLEST.split("\n", 1)[0], twice), ("twice", "1"))


def test_one_name_in_two_tables_is_no_fault() -> None:
    assert faults(HEAD + REPLY + '[[right]]\nid = "reply"\nclause = "1.1"\n') == []


# ---- Duties -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ('every = "1mo" #!', "within_and_every"),
        ('forbid = "secret.disclosed" #!', "done_and_forbid"),
        ("count = 2 #!", "only_recurring"),
        ('until = "training.adjusted" #!', "only_recurring"),
        ('align = "start" #!', "only_recurring"),
        ('grace = "5d" #!', "only_recurring"),
        ('from = "duty.breached" #!', "announcement"),
        ('cancel = ["complaint.withdrawn", "duty.warned"] #!', "announcement"),
        ('cancel = [{ event = "duty.corrected", duty = "reply" }] #!', "announcement"),
        ("cancel = [] #!", "empty"),
        ('cancel = "withdrawn" #!', "pattern"),
        ('cancel = "Complaint.Withdrawn" #!', "pattern"),
        ("cancel = 5 #!", "pattern"),
        ('cancel = { severity = "major" } #!', "pattern"),
        ('cancel = { event = "complaint.withdrawn", severity = [] } #!', "pattern"),
        ('cancel = { event = "complaint.withdrawn", severity = { key = "major" } } #!', "pattern"),
        ('survives = "yes" #!', "type"),
        ("warn = [0.5, 1.5] #!", "share"),
        ("warn = [0] #!", "share"),
        ("owed_by = 5 #!", "type"),
        ('label = "reply" #!', "type"),
    ],
)
def test_what_a_deadline_duty_may_not_say(more: str, code: str) -> None:
    told_at(HEAD + REPLY + more + "\n", (code, "1.1"))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ('cancel = "training.adjusted" #!', "only_deadline"),
        ('from = "training.planned" #!', "only_deadline"),
        ("survives = true #!", "survives"),
        ('align = "middle" #!', "choice"),
        ("count = 0 #!", "number"),
        ("count = true #!", "number"),
        ("count = 1.5 #!", "number"),
        ('until = "duty.breached" #!', "announcement"),
        ('grace = "a while" #!', "duration"),
    ],
)
def test_what_a_recurring_duty_may_not_say(more: str, code: str) -> None:
    told_at(HEAD + TRAIN + more + "\n", (code, "1.2"))


@pytest.mark.parametrize(
    ("every", "code"), [("1wd", "every_wd"), ("5wd", "every_wd"), ("0d", "every_zero"), ("0h", "every_zero")]
)
def test_a_period_is_some_time_and_not_of_working_days(every: str, code: str) -> None:
    told_at(HEAD + changed(TRAIN, 'every = "1mo"', f'every = "{every}" #!'), (code, "1.2"))


@pytest.mark.parametrize("every", ["1d", "2w", "24h", "90min"])
def test_only_months_quarters_and_years_are_aligned_with_the_calendar(every: str) -> None:
    text = HEAD + changed(TRAIN, 'every = "1mo"', f'every = "{every}"') + "align = "
    told_at(text + '"calendar" #!\n', ("align", "1.2"))
    assert faults(text + '"start"\n') == []


def test_a_recurring_duty_that_survives_may_say_until_when() -> None:
    assert faults(HEAD + TRAIN + 'survives = true\nuntil = "contract.settled"\n') == []


@pytest.mark.parametrize(
    ("duty", "code"),
    [
        ('done = "complaint.replied"', "no_time"),
        ('forbid = "secret.disclosed"', "no_time"),
        ('within = "24h"', "no_done"),
        ('every = "1mo"', "no_done"),
    ],
)
def test_a_duty_says_what_and_by_when(duty: str, code: str) -> None:
    text = HEAD + f'[[duty]]\nid = "reply" #!\nclause = "1.1"\n{duty}\n'
    told_at(text, (code, "1.1"))


def test_a_prohibition_has_a_deadline_and_no_period() -> None:
    duty = '[[duty]]\nid = "silence"\nclause = "1.1"\nevery = "1mo"\nforbid = "secret.disclosed" #!\n'
    told_at(HEAD + duty, ("only_deadline", "1.1"))


@pytest.mark.parametrize(
    "within",
    [
        "",
        "24",
        "h",
        "24 h",
        "24H",
        "1.5h",
        "-24h",
        "+24h",
        "1d12h",
        "two days",
        "５wd",
        "24h ",
        "1e3d",
        "9999y",
        "1m",
        "1s",
    ],
)
def test_a_duration_that_cannot_be_read_is_refused(within: str) -> None:
    told_at(HEAD + changed(REPLY, 'within = "24h"', f'within = "{within}" #!'), ("duration", "1.1"))


@pytest.mark.parametrize("within", ["24", "true", '["24h"]', "{ h = 24 }", "2026-03-05"])
def test_a_duration_is_text(within: str) -> None:
    told_at(HEAD + changed(REPLY, 'within = "24h"', f"within = {within} #!"), ("duration", "1.1"))


# ---- Parameters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "more"),
    [
        ('"soon"', 'kind = "duration"'),
        ("24", 'kind = "duration"'),
        ('"many"', 'kind = "number"'),
        ("true", 'kind = "number"'),
        ("nan", 'kind = "number"'),
        ("5", 'kind = "number"\nmin = 6'),
        ("5", 'kind = "number"\nmax = 4'),
        ("[5, 3]", 'kind = "number"\nmin = 4'),
        ('"1,000"', 'kind = "money"'),
        ('"1.5"', 'kind = "share"'),
        ('"-0.1"', 'kind = "share"'),
        ('"2026-02-30"', 'kind = "date"'),
        ('"c"', 'kind = "choice"\nchoices = ["a", "b"]'),
        ('"$pace"', ""),
        ('"$other"', 'kind = "text"'),
        ('["a", "$pace"]', 'kind = "text"'),
    ],
)
def test_a_default_that_its_parameter_cannot_take_is_refused(default: str, more: str) -> None:
    text = HEAD + f'[[parameter]]\nkey = "other"\nclause = "1.2"\ndefault = {default} #!\n{more}\n'
    told_at(text, ("parameter_value", "1.2"))


@pytest.mark.parametrize("default", ['"soon"', "24", '"5wd"'])
def test_a_default_that_its_duty_cannot_take_is_refused_at_the_duty(default: str) -> None:
    parameter = f'[[parameter]]\nkey = "other"\nclause = "1.2"\ndefault = {default}\n'
    told_at(
        HEAD + parameter + changed(TRAIN, '"1mo"', '"$other" #!'),
        ("every_wd" if "wd" in default else "duration", "1.2"),
    )


def test_a_kind_of_parameter_that_does_not_exist_is_refused() -> None:
    text = HEAD + '[[parameter]]\nkey = "other"\nclause = "1.2"\ndefault = 5\nkind = "integer" #!\n'
    told_at(text, ("choice", "1.2"))


def test_values_given_for_parameters_are_checked_like_their_defaults() -> None:
    edition = load_edition((HEAD + REPLY.replace("24h", "$pace")).encode(), "accepted.toml")
    assert edition.terms({"pace": "48h"}).values["pace"] == "48h"
    assert edition.terms({"unheard-of": "1d"}).unread == ["unheard-of"]
    for value in ("soon", "", 48, ["1h"], True):
        with pytest.raises(ParameterError, match="no duration"):
            edition.terms({"pace": value})
    for no_value in ("$pace", None):
        with pytest.raises(ParameterError, match=rf"{re.escape(repr(no_value))} is no value for the parameter pace"):
            edition.terms({"pace": no_value})


# ---- The file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\n", "# nothing but a remark\n"])
def test_an_empty_file_lacks_its_first_table(text: str) -> None:
    assert faults(text) == [(1, "missing_table", "")]


@pytest.mark.parametrize(
    "broken",
    [
        "[[duty] #!\n",
        'id = "reply #!\n',
        "[[duty]]\nid = #!\n",
        "this is no TOML #!\n",
        '[[duty]]\nid = "reply"\nid = "reply" #!\n',
        "[term]\ncopies = 2\n[term] #!\ncopies = 3\n",
        '[[duty]]\nlabel = { en = "a", en = "b" } #!\n',
        "[[duty]]\nwarn = [0.5, #!",
        f"nested = {'[' * 5000}{']' * 5000} #!",
        'bell = "\a" #!\n',
    ],
)
def test_broken_toml_is_one_fault_at_its_line(broken: str) -> None:
    told_at(HEAD + REPLY + broken, ("toml", ""))


def test_a_file_in_another_encoding_is_one_fault_at_its_line() -> None:
    assert faults((HEAD + "# 甲方\n").encode("gb18030")) == [(3, "encoding", "")]
    assert faults(HEAD.encode() + "# café\n".encode("latin-1")) == [(HEAD.count("\n") + 1, "encoding", "")]
    assert faults(HEAD.encode("utf-16")) == [(1, "encoding", "")]


def test_a_table_where_an_array_of_tables_belongs_is_one_fault() -> None:
    told_at(HEAD + '[duty] #!\nid = "reply"\n', ("type", ""))
    told_at(f'duty = "reply" #!\n{HEAD}', ("type", ""))
    told_at(HEAD.replace("[edition]", "[[edition]] #!"), ("type", ""))


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        changed(HEAD, 'default = "24h"', 'default = "24h"\ncolor = "red" #!')
        + REPLY.replace('clause = "1.1"', 'clause = "7.7" #!').replace('"24h"', '"a day" #!')
        + TRAIN.replace("training.held", "duty.breached").replace("done =", "#!\ndone =").replace("#!\n", "")
        + 'within = "1d"\ncancel = "training.adjusted"\n'
        + REPLY
        + '[[clause]]\nnumber = "2"\n'
    )
    lines = text.split("\n")
    told = [(lines[line - 1].removesuffix(" #!"), code) for line, code, _ in faults(text)]
    assert told == [
        ('color = "red"', "unknown_key"),
        ('clause = "7.7"', "no_clause"),
        ('within = "a day"', "duration"),
        ('done = "duty.breached"', "announcement"),
        ('every = "1mo"', "within_and_every"),
        ('id = "reply"', "twice"),
        ("[[clause]]", "missing"),
    ]


def test_faults_of_meaning_are_told_all_at_once() -> None:
    text = HEAD + TRAIN + 'cancel = "a.b" #!\nfrom = "a.b" #!\nsurvives = true #!\n'
    text += REPLY.replace('clause = "1.1"', 'clause = "9" #!').replace('"24h"', '"$peace" #!')
    told_at(
        text,
        ("only_deadline", "1.2"),
        ("only_deadline", "1.2"),
        ("survives", "1.2"),
        ("no_clause", ""),
        ("no_parameter", "9"),
    )


@pytest.mark.parametrize(
    "before",
    [
        'text = { en = """\n[[duty]]\nid = 5\n""" }',
        "text = { en = '''\n[[duty]] # \"\"\"\n''' }",
        'text = { en = "[[ \\" # { " } # ]] """',
        'realised = [\n  \'page:a\', # ]\n  "page:b",\n]\ntext.en = "dotted"',
        'text = { en = "line\u2028separator, paragraph\u2029separator, next\u0085line" }',
        'heading = { en = "a" }\r\n\r\ntext = { en = "b" }\r',
        '"text" = { "en" = "quoted" }\n"heading" = { "en" = "quoted" }',
        '[clause.text]\nen = "a table of its own"\n[clause.heading]\nen = "another"',
    ],
)
def test_lines_are_counted_as_an_editor_counts_them(before: str) -> None:
    text = HEAD + f'[[clause]]\nnumber = "2"\n{before}\n' + REPLY + "colour = 1 #!\n"
    told_at(text, ("unknown_key", "1.1"))


WRONG = [
    "5",
    "-1",
    "1.5",
    "true",
    '""',
    '" "',
    '"x y"',
    "[]",
    "[5]",
    "[[]]",
    "{}",
    "{ x = 5 }",
    "2026-03-05",
    '"$"',
    "nan",
]


@pytest.mark.parametrize("value", WRONG)
def test_no_value_of_any_key_brings_more_than_faults(value: str) -> None:
    """And where it is no fit for its key, that is one fault, at its line."""
    lines = WHOLE.split("\n")
    for number, line in enumerate(lines):
        key = line.split(" = ")[0]
        if not line or line.startswith("["):
            continue
        found = faults("\n".join([*lines[:number], f"{key} = {value}", *lines[number + 1 :]]))
        here = [fault for fault in found if fault[0] == number + 1]
        assert len(here) <= 1, (key, value, found)
        if key not in (
            "id",
            "key",
            "number",
            "clause",
            "default",
            "choices",
            "min",
            "max",
        ):  # others are held to what these say
            assert found == here, (key, value, found)


# ---- The words ----------------------------------------------------------------------------------


def test_a_fault_names_file_line_and_clause_and_says_the_cure_in_both_languages() -> None:
    with pytest.raises(EditionError) as caught:
        load_edition((HEAD + TRAIN + 'cancel = "training.adjusted"\n').encode(), "refused.toml")
    number = HEAD.count("\n") + TRAIN.count("\n") + 1
    assert caught.value.lines() == [
        f"refused.toml:{number}: clause 1.2: `cancel` does not go with `every`; use `until`"
    ]
    assert caught.value.lines("zh") == [f"refused.toml:{number}: 第 1.2 条：`cancel` 不能与 `every` 同用；请用 `until`"]
    assert str(caught.value) == caught.value.lines()[0]


@pytest.mark.parametrize("value", ["{brace}", "{{", "100%", "{0}", "\\u007b"])
def test_what_somebody_wrote_is_shown_as_it_is(value: str) -> None:
    shown = value.replace("\\u007b", "{")
    for text in (
        changed(HEAD, 'version = "1"', f'version = "1"\ntimezone = "{value}"'),
        HEAD + changed(REPLY, 'clause = "1.1"', f'clause = "{value}"'),
        HEAD + changed(REPLY, '"24h"', f'"{value}"'),
        HEAD + REPLY + f'"{value}" = 1\n',
        HEAD + changed(REPLY, "complaint.received", value),
    ):
        with pytest.raises(EditionError) as caught:
            load_edition(text.encode(), "refused.toml")
        for language in ("en", "zh"):
            [line] = caught.value.lines(language)
            assert shown in line or "pattern" in line or "事件模式" in line
