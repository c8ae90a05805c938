"""What is wrong with an edition or an event, where, and how it is mended, in the two languages of its readers."""

from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["zh", "en"]

# code: (English, its cure, Chinese, its cure)
_TEXTS: Final[dict[str, tuple[str, str, str, str]]] = {
    "toml": ("this is not TOML: {problem}", "mend the syntax at this place", "不是合法的 TOML：{problem}", "请改正此处的语法"),
    "encoding": ("the file is not UTF-8 (byte {byte})", "save it as UTF-8", "文件不是 UTF-8 编码（第 {byte} 字节）", "请另存为 UTF-8"),
    "missing": ("`{key}` is missing", "add `{key} = …`", "缺少 `{key}`", "请补上 `{key} = …`"),
    "missing_table": ("the table [{key}] is missing", "an edition begins with [edition] and its id, title and version",
                      "缺少 [{key}] 表", "合同版本文件以 [edition] 开头，写明 id、title 和 version"),
    "unknown_key": ("`{key}` is not a key of this table", "allowed here: {allowed}", "此表没有 `{key}` 这个键", "此处可用：{allowed}"),
    "type": ("`{key}` should be {expected}", "write {expected}", "`{key}` 应为{expected_zh}", "请写成{expected_zh}"),
    "choice": ("`{key}` cannot be {value}", "one of: {allowed}", "`{key}` 不能是 {value}", "可选：{allowed}"),
    "slug": ("`{key}` = {value} is no identifier", "small letters, digits and hyphens, beginning with a letter",
             "`{key}` = {value} 不是标识符", "用小写字母、数字和连字符，以字母开头"),
    "empty": ("`{key}` is empty", "give it a value", "`{key}` 是空的", "请填写"),
    "duration": ("`{key}` = {value} is no duration", "a whole number and min, h, d, wd, w, mo, q or y, such as 24h or 5wd",
                 "`{key}` = {value} 不是时长", "写整数加 min、h、d、wd、w、mo、q 或 y，例如 24h、5wd"),
    "pattern": ("`{key}` is no pattern", "an event type such as \"complaint.received\", or { event = \"…\", key = value }, or a list of these",
                "`{key}` 不是事件模式", "写事件类型如 \"complaint.received\"，或 { event = \"…\", 键 = 值 }，或它们的列表"),
    "announcement": ("`{key}` names {value}, which only announces what the judge found", "name the events themselves",
                     "`{key}` 使用了 {value}，它只是判定结果的公告", "请改用事件本身"),
    "number": ("`{key}` = {value} is no number in its range", "{expected}", "`{key}` = {value} 不在允许的数值范围内", "{expected_zh}"),
    "share": ("`{key}` = {value} is no share between 0 and 1", "such as [0.5, 0.8]", "`{key}` = {value} 不是 0 与 1 之间的比例", "例如 [0.5, 0.8]"),
    "decimal": ("`{key}` = {value} is no decimal number", "write it as text, such as \"0.10\"", "`{key}` = {value} 不是十进制数", "用文本书写，例如 \"0.10\""),
    "date": ("`{key}` = {value} is no date", "such as 2026-03-05", "`{key}` = {value} 不是日期", "例如 2026-03-05"),
    "timezone": ("there is no time zone {value}", "an IANA name such as Asia/Shanghai", "没有时区 {value}", "用 IANA 名称，例如 Asia/Shanghai"),
    "offset": ("`{key}` = {value} is no offset", "such as \"-1mo\", \"term.end-1mo\" or \"term.start\"",
               "`{key}` = {value} 不是相对时间", "例如 \"-1mo\"、\"term.end-1mo\" 或 \"term.start\""),
    "no_clause": ("there is no clause {value}", "add [[clause]] number = {value}, or name one that exists",
                  "没有第 {value} 条", "补上 [[clause]] number = {value}，或改为已有的条款"),
    "no_parameter": ("there is no parameter ${value}", "add [[parameter]] key = \"{value}\", or name one that exists",
                     "没有参数 ${value}", "补上 [[parameter]] key = \"{value}\"，或改为已有的参数"),
    "no_row": ("there is no {table} {value}", "one of: {allowed}", "词表 {table} 中没有 {value}", "可选：{allowed}"),
    "twice": ("{table} {value} is there twice (first in line {first})", "give one of them another name",
              "{table} {value} 重复出现（首次在第 {first} 行）", "请给其中一个另起名字"),
    "within_and_every": ("a duty has either `within` or `every`, not both", "keep `within` for one deadline, `every` for a recurring duty",
                         "一项义务不能同时有 `within` 和 `every`", "一次性期限留 `within`，周期义务留 `every`"),
    "no_time": ("a duty needs `within` or `every`", "add the time that the clause allows", "义务需要 `within` 或 `every`", "补上条款允许的时间"),
    "no_done": ("a duty needs `done` or, with `within`, `forbid`", "add the event that fulfils it",
                "义务需要 `done`，或与 `within` 一起的 `forbid`", "补上完成义务的事件"),
    "done_and_forbid": ("a duty has either `done` or `forbid`, not both", "make two duties of it",
                        "一项义务不能同时有 `done` 和 `forbid`", "请分成两项义务"),
    "only_recurring": ("`{key}` belongs to a recurring duty", "remove it, or use `every` in place of `within`",
                       "`{key}` 只用于周期义务", "删去它，或把 `within` 换成 `every`"),
    "only_deadline": ("`{key}` does not go with `every`", "{expected}", "`{key}` 不能与 `every` 同用", "{expected_zh}"),
    "every_wd": ("`every` takes no working days", "use d, w, mo, q, y, h or min", "`every` 不能用工作日", "请用 d、w、mo、q、y、h 或 min"),
    "every_zero": ("`every` is no time at all", "a period of at least 1", "`every` 不能为零", "周期至少为 1"),
    "align": ("`align = \"calendar\"` needs `every` in mo, q or y", "use months, quarters or years, or align = \"start\"",
              "`align = \"calendar\"` 要求 `every` 以 mo、q 或 y 计", "改用月、季或年，或 align = \"start\""),
    "survives": ("a recurring duty that survives the contract needs `until`", "say which event stops it",
                 "合同结束后仍持续的周期义务需要 `until`", "写明由哪个事件终止"),
    "parameter_value": ("{value} is no {kind} for the parameter {key}", "{expected}", "{value} 不能作为参数 {key} 的值（{kind}）", "{expected_zh}"),
    "event_json": ("this line is no JSON object: {problem}", "one event a line, such as {{\"type\": …, \"subject\": …, \"at\": …}}",
                   "此行不是 JSON 对象：{problem}", "每行一个事件，例如 {{\"type\": …, \"subject\": …, \"at\": …}}"),
    "event_key": ("the event has no `{key}`", "an event has at least type, subject and at", "事件缺少 `{key}`", "事件至少有 type、subject 和 at"),
    "event_type": ("`{key}` should be {expected}", "write {expected}", "`{key}` 应为{expected_zh}", "请写成{expected_zh}"),
    "event_time": ("`{key}` = {value} is no time", "RFC 3339, such as 2026-02-02T20:00:00+08:00",
                   "`{key}` = {value} 不是时间", "用 RFC 3339，例如 2026-02-02T20:00:00+08:00"),
    "event_zone": ("`{key}` = {value} says no offset from UTC", "add one, such as +08:00", "`{key}` = {value} 没有时区偏移", "请补上，例如 +08:00"),
    "event_year": ("`{key}` = {value} lies outside the years 1900 to 2999", "mend the year", "`{key}` = {value} 不在 1900 至 2999 年之间", "请改正年份"),
    "event_data": ("the event lacks `{key}`", "{expected}", "事件缺少 `{key}`", "{expected_zh}"),
    "event_range": ("a deadline counted from {value} lies beyond the calendar", "mend the time", "从 {value} 起算的期限超出历法范围", "请改正时间"),
    "event_edition": ("the contract was amended to an edition that is not among the files given ({value})", "name its file with --amended",
                      "合同已变更为未提供的版本（{value}）", "用 --amended 指明该文件"),
    "unread": ("nothing reads the parameter {key}", "use it as \"${key}\", or remove it", "没有任何地方使用参数 {key}", "用 \"${key}\" 引用它，或删去"),
    "by_hand": ("duty {duty}: no operation of the product records {events}", "the board offers to record it by hand",
                "义务 {duty}：产品中没有操作会记录 {events}", "看板会提供手工登记"),
    "unusual_event": ("duty {duty}: {events} is none of the standard event names", "check the spelling; if it is meant, it is recorded by hand",
                      "义务 {duty}：{events} 不是标准事件名", "请核对拼写；若确有此意，则由手工登记"),
    "unsayable": ("duty {duty}: no event of the ledger can say {keys}", "name it in small letters, digits and underscores, other than subject, actor, refs",
                  "义务 {duty}：台账中的事件不能带有 {keys}", "请用小写字母、数字和下划线命名，且不要用 subject、actor、refs 等"),
    "unpublished": ("deadlines counted in days may fall into {year}, whose make-up working days are not published: {duties}",
                    "they are provisional until the notice is entered", "按天计的期限可能落在 {year} 年，其调休安排尚未公布：{duties}",
                    "在录入通知之前为暂定"),
    "no_payer": ("remedy {remedy} names no payer", "add `payer`", "补救 {remedy} 没有写明支付方", "补上 `payer`"),
    "no_payee": ("remedy {remedy} names no payee", "add `payee`", "补救 {remedy} 没有写明收取方", "补上 `payee`"),
    "payer_is_payee": ("remedy {remedy} is paid by {party} to itself", "mend `payer` or `payee`", "补救 {remedy} 的支付方与收取方都是 {party}", "请改正 `payer` 或 `payee`"),
    "not_compelled": ("duty {duty} starts with {events}, which no duty compels", "give that step a time of its own, or nothing owes anything",
                      "义务 {duty} 由 {events} 启动，而没有义务要求它发生", "给那一步也规定时间，否则无人欠下任何事"),
    "not_closed": ("duty {duty} recurs on each {noun} and nothing but the contract's end stops it", "add `until`",
                   "义务 {duty} 在每个 {noun} 上周期发生，除合同结束外没有事件终止它", "补上 `until`"),
    "no_debtor": ("duty {duty} does not say who owes it", "add `owed_by`, a party or a parameter", "义务 {duty} 没有写明由谁承担", "补上 `owed_by`（当事方或参数）"),
    "no_such_debtor": ("duty {duty} is owed by {parameter}, which may be {values}: no party of this edition", "mend the parameter's default and choices, or add a [[party]]",
                       "义务 {duty} 由 {parameter} 承担，其取值可能是 {values}，而本版本没有这个当事方", "请改正该参数的默认值和可选值，或补上 [[party]]"),
    "no_such_breach": ("remedy {remedy} follows the breach of {value}, which is no duty of this edition", "mend `breach_of`",
                       "补救 {remedy} 针对 {value}，而本版本没有这项义务", "请改正 `breach_of`"),
    "no_kind": ("`realised` names {value}, which is of no kind that could realise a clause", "kind:name, the kind one of: {allowed}",
                "`realised` 提到 {value}，它不属于任何一种实现方式", "写成 种类:名称，种类可选：{allowed}"),
    "unresolved": ("`realised` names {value}, which is not in this file", "mend the name, or add it", "`realised` 提到 {value}，而文件中没有", "请改正名称，或补上"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: its line, the clause it belongs to where it is known, what, and the cure."""

    line: int
    code: str
    values: dict[str, object]
    clause: str = ""

    def message(self, language: Language = "en") -> str:
        english, cure, chinese, chinese_cure = _TEXTS[self.code]
        if language == "zh":
            place = f"第 {self.clause} 条：" if self.clause else ""
            return f"{place}{_fill(chinese, self.values)}；{_fill(chinese_cure, self.values)}"
        place = f"clause {self.clause}: " if self.clause else ""
        return f"{place}{_fill(english, self.values)}; {_fill(cure, self.values)}"


def _fill(text: str, values: dict[str, object]) -> str:
    if "{ " in text:  # a text that shows an inline table has no place to fill but its key
        return text.replace("{key}", str(values.get("key", "")))
    return text.format(**values)


class EditionError(Exception):
    """An edition that is refused, with every fault that was found in it."""

    def __init__(self, name: str, faults: list[Fault]) -> None:
        self.name = name
        self.faults = sorted(faults, key=lambda fault: fault.line)
        super().__init__("\n".join(self.lines()))

    def lines(self, language: Language = "en") -> list[str]:
        return [f"{self.name}:{fault.line}: {fault.message(language)}" for fault in self.faults]


class EventError(Exception):
    """An event that cannot be judged; `position` is its line in the file, from 1."""

    def __init__(self, position: int, code: str, **values: object) -> None:
        self.position = position
        self.fault = Fault(position, code, values)
        super().__init__(self.fault.message())


class ParameterError(Exception):
    """Values that the parameters of an edition cannot take."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(fault.message() for fault in faults))
