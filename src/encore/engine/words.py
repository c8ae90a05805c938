"""The contract language in words, Chinese and English: durations, events, values of parameters."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from encore.engine.durations import duration
from encore.engine.edition import Edition
from encore.engine.explain import spoken
from encore.engine.model import Parameter
from encore.engine.patterns import Pattern

Texts = dict[str, str]
"""By language, as an edition has its texts."""

_EVENTS: Final = """
contract      合同       signed 签订 effective 生效 amended 变更 renewal_proposed 提议续约 renewed 续约 termination_noticed 通知解除
                         ended 终止 settled 结清账款 assets_handed_over 移交资产 statement_published 公布财务报表
force_majeure 不可抗力   declared 声明 lifted 消除 fallen 未获证明
duty          义务       extension_asked 申请延期 extended 延期 excuse_asked 申请免责 excused 免责
event         记录       annulled 撤销
calendar      放假安排   published 公布
complaint     投诉       received 受理 recorded 记录 reported 上报 taken_up 着手处理 acknowledged 告知受理 verified 核实
                         assessed 初步判断 classified 分类 assigned 指派 contacted 联系客户 evidence_added 补充证据
                         planned 制定方案 plan_approved 方案获准 started 开始执行 progress_sent 告知进展
                         answered_promoter 答复促销员 emergency_started 启动应急程序 replied 答复 mediated 调解
                         resolved 处理完毕 result_sent 反馈结果 result_sent_promoter 向促销员反馈结果
                         confirmation_asked 请客户确认 result_confirmed 客户确认结果 result_rejected 客户不接受结果
                         result_unanswered 客户未回应结果 followed_up 回访 archived 归档 withdrawn 撤回 merged 合并
                         reopened 重新受理 escalated 升级
survey        调查       planned 策划 opened 开始 closed 截止 analysed 分析 shared 结果送达 acknowledged 结果签收
improvement   改进       planned 拟定 started 开始 adjusted 调整 completed 完成 evaluated 评估
strategy      策略       assessed 评估
training      培训       planned 计划 held 举行 assessed 检验 adjusted 调整
guidance      指导       given 给予
appraisal     考核       planned 计划 completed 完成 fed_back 结果告知本人 applied 结果兑现
incentive     激励       granted 发放 penalised 处罚
award         奖励       given 颁发
campaign      促销活动   planned 策划 approved 获准 started 开始 monitored 监控 ended 结束 evaluated 评估 adjusted 调整
offer         优惠       made 推出
customer      客户       registered 建档 visited 走访 data_reviewed 资料核对 cared_for 关怀 opted_out 退出 erased 资料删除
relationship  客户关系   evaluated 评估
cost          费用       submitted 报销申请 approved 获准 rejected 驳回 paid 付款
budget        预算       set 编制
settlement    结算       closed 完成
payment       款项       due 到期 made 付讫
intervention  第三方介入 requested 提出 answered 答复 agreed 商定 material_requested 索取资料 material_provided 提供资料
                         reported 报告 supervised 监督 subcontract_consented 同意分包 evaluated 评估 ended 结束
breach        违约       asserted 主张 disputed 异议 excused 免责 accepted 承认 settled 了结 waived 放弃追究
dispute       争议       opened 提出 negotiated 协商 submitted 提交裁决 awarded 裁决 closed 了结
message       消息       queued 排队 sent 发出 delivered 送达 read 已读 failed 发送失败 received 收到
notice        通知       sent 发出 delivered 送达 failed 未能送达
secret        秘密       disclosed 泄露
"""


def _chinese() -> dict[str, str]:
    found: dict[str, str] = {}
    noun = called = ""
    for line in _EVENTS.strip("\n").splitlines():
        words = line.split()
        if not line.startswith(" "):
            noun, called, *words = words
        for word, text in zip(words[::2], words[1::2], strict=True):
            found[f"{noun}.{word}"] = called + text
    return found


EVENTS: Final = _chinese()

VOCABULARIES: Final[dict[str, Texts]] = {
    name: {"zh-Hans": zh, "en": name.replace("_", " ")}
    for name, zh in {
        "severity": "投诉等级", "category": "投诉类别", "cause": "投诉原因", "stage": "处理环节", "channel": "受理渠道", "department": "部门",
        "dimension": "调查方面", "topic": "培训内容", "criterion": "考核指标", "budget_line": "预算科目", "annex": "附件", "condition": "条件",
        "third_party_kind": "第三方种类", "measure_kind": "改进种类", "remedy_kind": "处理方式", "incentive_kind": "激励种类",
    }.items()
}  # fmt: skip

# What a value of the contract language says where it is the name of no row: readings of periods, forms, ways of law.
_CODES: Final[dict[str, tuple[str, str]]] = {
    "calendar": ("按日历计", "by the calendar"), "start": ("自起始日起计", "counted from the start"),
    "any": ("具备一项即可", "any of them"), "all": ("须全部具备", "all of them"), "none": ("无", "none"),
    "negotiation": ("协商", "negotiation"), "arbitration": ("仲裁", "arbitration"), "lawsuit": ("诉讼", "lawsuit"),
    "signature": ("签字", "signature"), "seal": ("盖章", "seal"), "written": ("书面", "in writing"), "oral": ("口头", "by word of mouth"),
    "loser": ("败诉方承担", "borne by the loser"), "shared": ("双方分担", "shared"), "own": ("各自承担", "each bears its own"),
    "performance": ("合同履行地", "place of performance"), "signing": ("合同签订地", "place of signing"),
    "defendant": ("被告住所地", "the defendant's domicile"), "plaintiff": ("原告住所地", "the plaintiff's domicile"),
    "subject_matter": ("标的物所在地", "place of the subject matter"), "CN": ("中华人民共和国", "the People's Republic of China"),
    "completed": ("工作完成", "work completed"), "rescission": ("解除", "rescission"), "serious_breach": ("严重违约", "serious breach"),
    "force_majeure": ("不可抗力", "force majeure"), "force_majeure_proof": ("不可抗力证明", "proof of force majeure"),
    "by": ("责任方", "by"), "matter": ("事由", "matter"), "form": ("形式", "form"), "reason": ("原因", "reason"), "problem": ("发现问题", "a problem was found"),
    "costs": ("有垫付费用", "money was laid out"), "contract_change": ("须变更合同", "the contract must be changed"),
    "annex": ("附件", "annexes"), "breach": ("违约", "breach"), "tp": ("第三方介入", "third parties"), "toc": ("目录所列", "named in the contents"),
    "venue": ("场所方", "venue"), "agency": ("促销方", "agency"), "third_party": ("第三方", "third party"), "both": ("双方", "both parties"),
}  # fmt: skip
_EVERY: Final[dict[str, tuple[str, str]]] = {
    "min": ("每分钟", "every minute"), "h": ("每小时", "every hour"), "d": ("每天", "every day"), "w": ("每周", "every week"),
    "mo": ("每个月", "every month"), "q": ("每个季度", "every quarter"), "y": ("每年", "every year"),
}  # fmt: skip
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip


def texts(zh: str, en: str) -> Texts:
    return {"zh-Hans": zh, "en": en}


def joined(parts: list[Texts], zh: str = "、", en: str = ", ") -> Texts:
    return texts(zh.join(part["zh-Hans"] for part in parts), en.join(part["en"] for part in parts))


def both(edition: Edition, written: dict[str, str]) -> Texts:
    """Texts of the edition in the two languages in which words are made here."""
    return texts(*(edition.in_language(written, language) for language in ("zh-Hans", "en")))


def span(written: str) -> Texts:
    """A duration: 5 个工作日, 5 working days."""
    return texts(*spoken(duration(written)))


def is_duration(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(duration(value))
    except ValueError:
        return False


def every(written: str) -> Texts:
    """How often a period begins: 每个季度, every quarter."""
    length = duration(written)
    zh, en = spoken(length)
    return texts(*_EVERY[length.unit]) if length.amount == 1 else texts(f"每 {zh}", f"every {en}")


def code(value: str) -> Texts:
    """A value that is the name of something; itself where nobody has words for it."""
    return texts(*_CODES.get(value, (value, value.replace("_", " "))))


def who(edition: Edition, value: str) -> Texts:
    """A party of the edition."""
    return _called(edition, edition.file.party, value) or code(value)


def post(edition: Edition, value: str) -> Texts:
    """Who performs a duty: a post of the edition or a department."""
    return _called(edition, [*edition.file.post, *edition.file.department], value) or code(value)


def _called(edition: Edition, rows: Any, key: str) -> Texts | None:
    label = next((row.label for row in rows if row.key == key and row.label), None)
    return both(edition, label) if label else None


def happened(edition: Edition, patterns: tuple[Pattern, ...]) -> Texts:
    """Which events are meant: 投诉受理或投诉重新受理."""
    parts = [_pattern(edition, pattern) for pattern in patterns]
    unlike = [part for place, part in enumerate(parts) if part not in parts[:place]]
    return joined(unlike, "或", " or ")


def event(name: str) -> Texts:
    """What happened; its own name where nobody has words for it."""
    return texts(EVENTS.get(name, name), name.replace(".", " ").replace("_", " "))


def _pattern(edition: Edition, pattern: Pattern) -> Texts:
    said = event(pattern.event)
    tests = [_test(edition, key, allowed) for key, allowed in pattern.where]
    if not tests:
        return said
    which = joined(tests, "，")
    return texts(f"{said['zh-Hans']}（{which['zh-Hans']}）", f"{said['en']} ({which['en']})")


def field(key: str) -> Texts:
    """What an event's data say under this key: 投诉等级, severity."""
    return VOCABULARIES.get(key) or code(key)


def answer(edition: Edition, key: str, value: object) -> Texts:
    """A value that an event's data may have under this key."""
    row = edition.vocabulary.get(key, {}).get(str(value))
    return both(edition, row.label) if row else _called(edition, edition.file.party, str(value)) or _plain(value)


def _test(edition: Edition, key: str, allowed: tuple[object, ...]) -> Texts:
    rows, name = edition.vocabulary.get(key, {}), field(key)
    if rows and set(rows) <= set(allowed):
        return texts(f"已定{name['zh-Hans']}", f"with its {name['en']}")
    values = joined([answer(edition, key, one) for one in allowed])
    return texts(f"{name['zh-Hans']}为{values['zh-Hans']}", f"{name['en']}: {values['en']}")


def value(edition: Edition, parameter: Parameter, filled: object) -> Texts:
    """What a parameter is filled in with."""
    if isinstance(filled, list):
        return joined([value(edition, parameter, one) for one in filled])
    match parameter.kind:
        case "duration":
            return span(str(filled))
        case "share":
            percent = f"{(Decimal(str(filled)) * 100).normalize():f}%"
            return texts(percent, percent)
        case "money":
            amount = f"{Decimal(str(filled)):,.2f}"
            return texts(amount, amount)
        case "date":
            day = date.fromisoformat(str(filled))
            return texts(f"{day.year}年{day.month}月{day.day}日", f"{day.day} {_MONTHS[day.month - 1]} {day.year}")
        case "text":
            written = str(filled)
            return code(written) if written in _CODES else texts(written, written)
        case None if is_duration(filled):
            return span(str(filled))
        case _:
            return _choice(edition, parameter, filled)


def _choice(edition: Edition, parameter: Parameter, filled: object) -> Texts:
    """The row that a choice names, in the table that has all its choices."""
    choices = [str(one) for one in parameter.choices or ()] or [str(filled)]
    tables: list[Any] = [
        edition.file.party,
        edition.file.post,
        *(rows.values() for rows in edition.vocabulary.values()),
    ]
    for rows in tables:
        if set(choices) <= {row.key for row in rows}:
            return _called(edition, rows, str(filled)) or code(str(filled))
    return _plain(filled)


def _plain(one: object) -> Texts:
    if isinstance(one, bool):
        return texts("是", "yes") if one else texts("否", "no")
    return code(str(one))
