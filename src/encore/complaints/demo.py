"""Complaints of a made-up venue over the past weeks, in every stage, some of them late, some solved where they were told."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

from encore.accounts.models import Post, User
from encore.accounts.rights import NotYours
from encore.complaints import operations
from encore.complaints.models import Complaint
from encore.complaints.operations import READ_OUT, Arrived, Reached, Solution, Told
from encore.complaints.queries import channel, promoter_channel
from encore.contracts.models import Contract
from encore.contracts.queries import terms_of
from encore.customers.models import Purpose
from encore.customers.operations import Consented, Known
from encore.engine import Terms
from encore.ledger.late import entered_late
from encore.ledger.refusal import Refusal

_DAYS: Final = 16
_ROOMS: Final = ("A01", "A06", "A12", "B03", "B08", "B11", "V1", "V3", "V6", "小红帽厅", "大包666")
_BRANDS: Final = ("澜溪精酿", "北岸拉格", "青峦果酒", "麦隐白啤", "赤霞气泡酒")

# What is said: the category it will fall into, and the words.
_SAYINGS: Final = (
    ("product", "{brand}开瓶就没气，倒出来一点泡沫都没有，喝着跟水似的。换了一瓶还是一样，服务员说批次都这样？"),
    ("product", "{room}点的{brand}，瓶口有一圈黑的，拍了照片。你们自己看看敢不敢喝。"),
    ("product", "果盘里的西瓜是酸的，哈密瓜硬得咬不动，{amount}块钱就给这个？？"),
    ("product", "酒单上写的是500毫升，拿上来的是330的小瓶，价钱一分没少。"),
    ("product", "喝了两杯{brand}朋友就开始肚子疼，三个人都这样，是不是过期了？瓶底日期糊掉了看不清。"),
    ("product", "冰桶里的冰化完了也没人换，啤酒全是温的，叫了{n}次。"),
    ("product", "爆米花是潮的，一看就是昨天剩的。"),
    ("product", "同一款{brand}，上次来是甜的，这次又苦又涩，瓶子看着也不太一样，怀疑是假货，请给个说法。"),
    ("product", "麦克风一股酒味，海绵套湿的，{room}两支都是。"),
    ("product", "{room}的点歌屏一直卡，切一首歌等半分钟，换房又说没有空的。"),
    ("service", "按了{n}次服务铃没人来，最后自己跑到吧台拿的杯子。"),
    ("service", "服务员送酒不敲门直接推进来，我们女生在换衣服！！非常生气，要求道歉。"),
    ("service", "结账的时候多算了一打{brand}，我们明明退了，前台态度还特别差，说“单子上就是这么写的”。"),
    ("service", "说好{hour}点给我们留{room}，到了告诉我被别人开了，让我们在大厅等了四十分钟。"),
    ("service", "隔壁包厢吵架砸东西，喊保安半天没人管，吓得我们提前走了，房费能不能退一部分？"),
    ("service", "寄存的{brand}还剩三瓶，今天来取说查不到，有小票的啊。"),
    ("service", "卫生间地上全是水，我妈滑了一跤，膝盖青了，跟领班说了，领班“哦”了一声就走了。"),
    ("service", "催了三遍才送来纸巾，人倒是挺客气，就是太慢了，周末人手不够就别接那么多房嘛"),
    ("service", "你们那个领班说话阴阳怪气的，问他能不能开发票，他说“消费这么点还要票”。"),
    ("service", "空调吹得人头疼，关不掉，{room}的面板是坏的，报修了没人理。"),
    ("service", "小朋友生日，提前一周订的布置，到了啥都没有，气球是现吹的。孩子都快哭了。"),
    ("service", "等位的时候前台在刷手机，问一句答一句，体验很差。"),
    ("promotion", "促销员一直劝我们多买，说不买满{amount}元就不给开第二箱的优惠，听着像强迫消费。"),
    ("promotion", "说好买一打{brand}送果盘，结账时说活动昨天就结束了，可海报还贴在电梯里呢。"),
    ("promotion", "抽奖转盘转到一等奖，促销员说“这个不算，重新转”，这不是耍人吗"),
    ("promotion", "会员日写着啤酒八折，实际按原价收的，前台说促销品牌不参加，海报上一个字没提。"),
    ("promotion", "促销小妹人挺好的，就是说的赠品少给了两瓶，麻烦补一下，谢谢。"),
    ("promotion", "促销员未经同意就把酒打开了，说“开了就算你们的了”，{amount}块钱我不认。"),
    ("promotion", "加了促销员微信领券，之后天天半夜发广告，怎么退订都退不掉。"),
    ("promotion", "扫码领的满{amount}减50的券，到店说要再消费一千才能用，规则写在最下面的小字里。"),
    ("promotion", "{brand}的试饮说是免费，最后账单上多了{n}杯，一杯三十八。"),
    ("promotion", "两个促销员在我们房间里抢着推不同的酒，吵起来了，我们生日会都没心情了。"),
    ("promotion", "活动说集齐{n}个瓶盖换一瓶，换的时候说只收今年的盖子，谁知道啊？"),
    ("service", "寄存柜打不开，找了三个人都说不归自己管，凌晨两点在大厅干站着。"),
    ("product", "醒酒器边上有缺口，差点划到嘴，{room}，请你们检查一下所有杯具。"),
    (
        "service",
        "Waiter was friendly but nobody could explain the bill in English. We paid for {n} beers we never had.",
    ),
)
_PLANS: Final = (
    "电话致歉，核对账单后退回多收部分；当班领班当面说明经过。",
    "更换同款未开封酒水{n}瓶，封存可疑批次并联系供应商复检。",
    "赠送下次到店的两小时房费券；对当班服务员做一次点铃响应的复训。",
    "撤下过期海报，按海报承诺补足赠品，并核对其余门店物料。",
    "请工程部当晚检修设备，次日回访客人是否愿意再来体验。",
)
_RESULTS: Final = (
    "已查清：账单确实多记，款项已原路退回，预计三个工作日内到账。给您添麻烦了。",
    "同批次酒水已全部封存送检，您那桌的费用不再收取。欢迎随时回来监督我们。",
    "当班人员没有及时响应，这是我们的错。已安排专人盯铃，并为您保留一张房费券。",
    "活动说明写得不清楚，海报已经更换，您应得的赠品可凭此编号到前台领取。",
    "设备已修好，您下次来我们会提前调试好房间，有任何不满意请直接告诉值班经理。",
)

_BETTER: Final = (
    "当班交接表增加“点铃响应”一栏，领班每晚抽查两次。",
    "酒水开封前请客人确认品名和规格，未确认不开瓶。",
    "活动海报到期当天由市场部统一撤下并拍照留存。",
    "每周二设备巡检，点歌屏和话筒逐间登记。",
    "账单打印前由收银与服务员双人核对。",
)

_REPLIES: Final = (
    "您好，投诉已经收到，当班经理正在核对，今晚给您回话。",
    "抱歉让您扫兴了。我们先调监控和账单，有结果第一时间告诉您。",
    "已经联系到当班人员，情况属实的话我们会按您说的处理。",
)
_GROUNDS: Final = (
    "核对了账单、点单记录和当晚监控。",
    "当班领班与服务员分别说明，和客人说法一致。",
    "查看了客人照片和同批次酒水。",
)


class _Step(NamedTuple):
    """An act, who does it, how many hours it usually takes, and how likely nobody goes on at all."""

    name: str
    post: Post
    hours: float
    left_lying: float


_STEPS: Final = (
    _Step("verify", Post.MARKETING, 9.0, 0.008),
    _Step("assess", Post.MARKETING, 8.0, 0.008),
    _Step("reply", Post.CUSTOMER_SERVICE, 4.0, 0.006),
    _Step("plan", Post.PROMOTION, 18.0, 0.008),
    _Step("start", Post.PROMOTION, 7.0, 0.006),
    _Step("resolve", Post.PROMOTION, 28.0, 0.006),
    _Step("send_result", Post.CUSTOMER_SERVICE, 8.0, 0.006),
    _Step("follow_up", Post.CUSTOMER_SERVICE, 30.0, 0.05),
    _Step("archive", Post.CUSTOMER_SERVICE, 20.0, 0.05),
)


_GUESTS: Final = ("王女士", "李先生", "陈小姐", "赵先生", "孙女士", "吴先生")
_WISHES: Final = ("退掉多收的", "换一打冰的", "当面道个歉", "下次别再这样", "送个果盘算了", "")
_ON_THE_SPOT: Final = (
    "当场换了两瓶冰的，送了一份果盘，当面道歉。",
    "核对单据后当场改了账单，客人看过。",
    "换了新话筒，清了桌面。",
    "补了少给的赠品，说明了活动规则。",
)
_PROGRESS: Final = ("监控已调取，正在核对账单，明天给您结果。", "供应商复检结果明早出来，出来就告诉您。")
_TO_PROMOTER: Final = ("账单和监控都调了，正在核实，有结果告诉你。", "已联系客人，约了今晚回访。")
_TOLD_PROMOTER: Final = ("已处理完：退了多收部分，客人接受。你当时记得很清楚，谢谢。",)
_NOT_GOOD: Final = ("道歉可以，但多收的钱还没退到账。", "说了改，上周去还是老样子。")
_PRAISE: Final = ("回得快，态度好。", "处理得可以，就是慢了点。", "")
_BLAME: Final = ("没人给我回电话，自己追问才知道结果。", "道歉像念稿子。", "")


@entered_late("demonstration")
def complain(contract: Contract, number: int, until: datetime) -> None:
    """Lets guests complain, and the house answer, as it might have gone up to `until`. The same every time."""
    chance = Random(20_260)  # noqa: S311 - a demonstration is no secret
    people = {post: User.objects.filter(post=post).order_by("pk").first() for post in Post}
    in_force = terms_of(contract)
    edition = in_force.edition
    ways = [channel(edition, via) for via in ("web", "web", "web", "wechat", "phone", "onsite")]
    severities = list(edition.vocabulary["severity"])
    categories = edition.vocabulary["category"]
    taken: list[Complaint] = []
    for place, received_at in enumerate(sorted(_evenings(chance, number, until))):
        category, saying = chance.choice(_SAYINGS)
        category = category if category in categories else next(iter(categories))
        way = chance.choice(ways)
        told = Told(
            _filled(chance, saying),
            UUID(int=chance.getrandbits(128)).hex,
            chance.choice(_ROOMS),
            wish=chance.choice(_WISHES),
        )
        assessed = {
            "severity": chance.choices(severities, weights=[1, 3, 6][: len(severities)])[0],
            "category": category,
        }
        if place % 11 == 5 and (one := _solved(chance, told, category, contract, people, received_at, until)):
            taken.append(one)
            continue
        complaint = _received(chance, place, told, way, ways[0], in_force, contract, people, received_at, until)
        taken.append(complaint)
        _answer(chance, complaint, assessed, people, received_at, until)
    _besides(taken, people, until)


def _solved(
    chance: Random,
    told: Told,
    category: str,
    contract: Contract,
    people: dict[Post, User | None],
    received_at: datetime,
    until: datetime,
) -> Complaint | None:
    """Seen to where it was told; None where the edition or the hour does not let it."""
    at = received_at + timedelta(minutes=chance.randint(6, 40))
    by = people[chance.choice((Post.CUSTOMER_SERVICE, Post.PROMOTER))]
    if by is None or at > until:
        return None
    in_force = terms_of(contract)
    way = promoter_channel(in_force) if by.post == Post.PROMOTER else channel(in_force.edition, "onsite")
    solution = Solution(
        category, chance.choice(_ON_THE_SPOT), improvement=chance.choice(_BETTER), is_content=chance.random() < 0.8
    )
    try:
        return operations.solve(Arrived(told, way, received_at), solution, contract=contract, by=by, at=at)
    except Refusal:
        return None


def _received(
    chance: Random,
    place: int,
    told: Told,
    way: str,
    web: str,
    in_force: Terms,
    contract: Contract,
    people: dict[Post, User | None],
    at: datetime,
    until: datetime,
) -> Complaint:
    """By a guest's own page, at the desk, or through a promoter; some guests say how they are reached."""
    number = f"1370001{chance.randrange(10_000):04}"
    known = Known(name=chance.choice(_GUESTS), phone=number) if chance.random() < 0.3 else None
    promoter = people[Post.PROMOTER]
    if promoter and place % 9 == 2:
        way, by, recorded_at = promoter_channel(in_force), promoter, at + timedelta(minutes=chance.randint(2, 14))
    elif way == web:
        by, recorded_at = None, at
    else:
        by, recorded_at = people[Post.CUSTOMER_SERVICE], at + timedelta(minutes=chance.randint(1, 25))
    consent = Consented([Purpose.COMPLAINT], str(READ_OUT), way)
    return operations.receive(
        told,
        contract=contract,
        channel=way,
        by=by,
        at=at,
        recorded_at=min(recorded_at, until),
        reached=Reached(known, consent) if known else None,
        reports=by is not None and by.post == Post.PROMOTER,
    )


def _answer(
    chance: Random,
    complaint: Complaint,
    assessed: dict[str, str],
    people: dict[Post, User | None],
    received_at: datetime,
    until: datetime,
) -> None:
    at, left = received_at, list(_STEPS)
    while left:
        at += timedelta(hours=chance.lognormvariate(0, 0.65) * left[0].hours)
        if at > until or chance.random() < left[0].left_lying:
            return
        for step in left:  # in the order that the edition wants: what comes before its turn is refused
            if _did(step.name, complaint, people[step.post], at, _said(chance, step.name, assessed, complaint)):
                left.remove(step)
                _tell(chance, step.name, complaint, people, at, until)
                break
        else:
            return


def _did(name: str, complaint: Complaint, by: User | None, at: datetime, more: dict[str, Any]) -> bool:
    try:
        getattr(operations, name)(complaint, **more, by=by, at=at)
    except (Refusal, NotYours):
        return False
    return True


def _tell(
    chance: Random, done: str, complaint: Complaint, people: dict[Post, User | None], at: datetime, until: datetime
) -> None:
    """What is said to guest and promoter meanwhile, and what the guest answers in the end."""
    desk, marketing = people[Post.CUSTOMER_SERVICE], people[Post.MARKETING]
    way = {"channel": complaint.channel}
    at += timedelta(minutes=chance.randint(5, 90))
    if at > until:
        return
    if done in ("plan", "start") and chance.random() < 0.6:
        _did("send_progress", complaint, desk, at, {"words": chance.choice(_PROGRESS), **way})
    if done == "assess" and complaint.reporter_id is not None:
        _did("answer_promoter", complaint, marketing, at, {"words": chance.choice(_TO_PROMOTER)})
    if done == "resolve" and complaint.reporter_id is not None:
        _did("tell_promoter", complaint, marketing, at, {"words": chance.choice(_TOLD_PROMOTER)})
    if done == "send_result" and chance.random() < 0.7:
        _did("ask_confirmation", complaint, desk, at, way)
        at += timedelta(hours=chance.uniform(0.2, 9))
        if at <= until and (mood := chance.random()) < 0.8:
            _hear(chance, mood, complaint, at)


def _hear(chance: Random, mood: float, complaint: Complaint, at: datetime) -> None:
    """The guest answers on their own page."""
    if mood < 0.62:
        _did("confirm", complaint, None, at, {"channel": complaint.channel})
        stars = chance.choices((5, 4, 3), weights=(5, 3, 1))[0]
    else:
        _did("reject", complaint, None, at, {"channel": complaint.channel, "words": chance.choice(_NOT_GOOD)})
        stars = chance.choice((1, 2))
    _did("rate", complaint, None, at, {"rating": stars, "words": chance.choice(_PRAISE if stars > 3 else _BLAME)})


def _besides(taken: list[Complaint], people: dict[Post, User | None], until: datetime) -> None:
    """What happens once in a while: an emergency, the same matter told twice, one that comes back."""
    desk = people[Post.CUSTOMER_SERVICE]
    rows = Complaint.objects.filter(pk__in=[one.pk for one in taken]).order_by("pk")
    half_an_hour = timedelta(minutes=30)
    waiting = list(rows.filter(resolved_at=None, withdrawn_at=None, received_at__lt=until - half_an_hour).reverse()[:4])
    if len(waiting) > 3:
        at = waiting[0].received_at + half_an_hour
        _did("start_emergency", waiting[0], desk, at, {"done": ["care", "recordings", "manager"]})
        second = max(waiting[1].received_at, waiting[2].received_at) + half_an_hour
        _did("merge", waiting[1], desk, min(second, until), {"into": waiting[2]})
    closed = rows.filter(archived_at__isnull=False, merged_into=None).first()
    if closed is not None and closed.archived_at is not None:
        at = closed.archived_at + timedelta(hours=20)
        if at <= until:
            _did("reopen", closed, desk, at, {"words": "客人来电：退款没有到账。"})


def _said(chance: Random, step: str, assessed: dict[str, str], complaint: Complaint) -> dict[str, Any]:
    match step:
        case "assess":
            return dict(assessed)
        case "plan":
            return {"plan": _filled(chance, chance.choice(_PLANS))}
        case "reply":
            return {"words": chance.choice(_REPLIES), "channel": complaint.channel}
        case "resolve":
            return {"grounds": chance.choice(_GROUNDS)}
        case "send_result":
            return {
                "measures": _filled(chance, chance.choice(_PLANS)),
                "result": chance.choice(_RESULTS),
                "improvement": chance.choice(_BETTER),
            }
    return {}


def _filled(chance: Random, text: str) -> str:
    return text.format(
        room=chance.choice(_ROOMS),
        brand=chance.choice(_BRANDS),
        amount=chance.choice((188, 268, 388, 588, 888)),
        n=chance.randint(2, 6),
        hour=chance.randint(6, 9),
    )


def _evenings(chance: Random, number: int, until: datetime) -> Iterator[datetime]:
    """Moments of the past days, most of them between eight in the evening and two at night, some just now."""
    for _ in range(number):
        if chance.random() < 0.08:
            yield until - timedelta(minutes=chance.uniform(3, 300))
            continue
        midnight = until.replace(hour=16, minute=0, second=0, microsecond=0)  # UTC: 24:00 in China
        at = midnight - timedelta(days=chance.triangular(0, _DAYS, 2) // 1, hours=chance.triangular(-3, 9, 1.5))
        yield min(at, until - timedelta(minutes=2))
