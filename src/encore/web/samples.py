"""What the kit page shows its components with: every state that each of them can have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from encore import editions
from encore.engine import Edition, load_edition
from encore.web import charts as charts_
from encore.web import fields
from encore.web.charts import Chart, Estimate, Limit, Series, TooFew, Value
from encore.web.tables import Column, cells, heads

_HOUR: Final = timedelta(hours=1)


@cache
def edition() -> Edition:
    name, content = editions.demonstrated()
    return load_edition(content, name)


@dataclass(frozen=True)
class Clock:
    """As much of a clock as its component shows."""

    duty: str
    clause: str
    state: str
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None = None
    first_due_at: datetime | None = None
    provisional: bool = False


def clocks(now: datetime) -> Iterator[Clock]:
    """One of each: calm, soon, in its last minute, overdue, breached, suspended, kept, late, discharged, excused."""
    duties = iter(edition().duties.values())

    def clock(state: str, opened: timedelta, due: timedelta, closed: timedelta | None = None, **more: Any) -> Clock:
        duty = next(duties)
        ended = now + closed if closed is not None else None
        return Clock(duty.id, duty.clause, state, now + opened, now + due, ended, **more)

    yield clock("open", -8 * _HOUR, 16 * _HOUR)
    yield clock("open", -22 * _HOUR, 2 * _HOUR, first_due_at=now - _HOUR)
    yield clock("open", -24 * _HOUR, timedelta(seconds=40))
    yield clock("open", -30 * _HOUR, -6 * _HOUR)
    yield clock("breached", -80 * _HOUR, -50 * _HOUR)
    yield clock("suspended", -3 * _HOUR, 60 * _HOUR, provisional=True)
    yield clock("fulfilled", -30 * _HOUR, -6 * _HOUR, -9 * _HOUR)
    yield clock("late", -60 * _HOUR, -36 * _HOUR, -31 * _HOUR)
    yield clock("discharged", -9 * _HOUR, 15 * _HOUR, -_HOUR)
    yield clock("excused", -50 * _HOUR, -26 * _HOUR, -2 * _HOUR)


_CHOICES: Final = [("", ""), ("beer", _("beer")), ("wine", _("wine")), ("tea", _("tea"))]


class Trial(forms.Form):
    """A field of every kind."""

    line = forms.CharField(
        label=_("Text on one line"), max_length=60, required=False, help_text=_("a hint under the label")
    )
    text = forms.CharField(label=_("Text of any length"), widget=forms.Textarea, required=False)
    day = fields.DayField(label=_("Day"), required=False)
    hour = fields.HourField(label=_("Time"), required=False)
    moment = fields.MomentField(label=_("Day and time"), required=False)
    money = fields.MoneyField(label=_("Amount"), required=False)
    number = forms.IntegerField(label=_("Whole number"), required=False)
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "username"}), required=False)
    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput({"autocomplete": "new-password"}), required=False
    )
    one = forms.ChoiceField(label=_("One of a few"), choices=_CHOICES, required=False)
    radio = forms.ChoiceField(
        label=_("One, all of them in sight"), choices=_CHOICES, widget=forms.RadioSelect, required=False
    )
    some = forms.MultipleChoiceField(
        label=_("Some of a few"), choices=_CHOICES[1:], widget=forms.CheckboxSelectMultiple, required=False
    )
    yes = forms.BooleanField(label=_("Yes or no"), required=False)
    file = forms.FileField(label=_("File"), required=False)
    locked = forms.CharField(label=_("Cannot be changed"), disabled=True, required=False)


class Wrong(forms.Form):
    """The same kinds, filled in wrongly."""

    line = forms.CharField(label=_("Text on one line"), error_messages={"required": _("Write something here.")})
    day = fields.DayField(label=_("Day"))
    hour = fields.HourField(label=_("Time"))
    moment = fields.MomentField(label=_("Day and time"))
    money = fields.MoneyField(label=_("Amount"))
    one = forms.ChoiceField(label=_("One of a few"), choices=_CHOICES)
    radio = forms.ChoiceField(label=_("One, all of them in sight"), choices=_CHOICES, widget=forms.RadioSelect)
    yes = forms.BooleanField(label=_("Yes or no"))


def forms_of(now: datetime) -> dict[str, forms.Form]:
    filled = {
        "line": "返场",
        "text": "第一行\n第二行",
        "day": date(2026, 3, 5),
        "hour": now.time(),
        "moment": now,
        "money": Decimal("1234.50"),
        "number": 3,
        "one": "wine",
        "radio": "tea",
        "some": ["beer", "tea"],
        "yes": True,
        "locked": "K-26-000001",
    }
    wrong = {"day": "2026-2-30", "hour": "25:61", "moment": "2026-3-5", "money": "12,34", "one": "water"}
    return {"trial": Trial(initial=filled, prefix="trial"), "wrong": Wrong(wrong, auto_id="wrong_%s")}


@dataclass(frozen=True)
class Struck:
    actor: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Entry:
    type: str
    label: str
    occurred_at: datetime
    delay: timedelta = timedelta()
    actor: str = ""
    details: tuple[str, ...] = ()
    reason: str = ""
    annulled: Struck | None = None
    asked: Struck | None = None
    can_be_annulled: bool = False
    others: tuple[Any, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_late(self) -> bool:
        return bool(self.delay)

    @property
    def recorded_at(self) -> datetime:
        return self.occurred_at + self.delay


def entries(now: datetime) -> list[Entry]:
    duty = edition().label(next(iter(edition().duties.values())), "zh-Hans")
    struck = Struck("林静", now - 4 * _HOUR, str(_("entered twice")))
    return [
        Entry("complaint.received", str(_("Complaint received")), now - 9 * _HOUR, actor=str(_("guest"))),
        Entry("complaint.verified", str(_("Facts verified")), now - 7 * _HOUR, 6 * _HOUR, "林静"),
        Entry("complaint.verified", str(_("Facts verified")), now - 5 * _HOUR, actor="林静", annulled=struck),
        Entry("duty.breached", str(_("Deadline missed")), now - 2 * _HOUR, details=(duty,)),
    ]


def charts() -> list[Chart]:
    """Counts, money, estimates in time and beside each other, a Pareto chart, a control chart, nothing yet."""
    months = [_("%(month)s/2026") % {"month": month} for month in range(1, 7)]
    reasons = [_("Waiting"), _("Wine that is warm"), _("The bill"), _("Noise from next door"), _("Manners")]
    shop: list[Value] = [
        Estimate(0.62, 0.55, 0.69, 182),
        Estimate(0.71, 0.6, 0.8, 64),
        Estimate(0.48, 0.3, 0.66, 24),
        TooFew(4),
    ]
    satisfied: list[Value] = [TooFew(5)]
    satisfied += [Estimate(0.6 + n / 40, 0.5 + n / 40, 0.69 + n / 40, 90 + n) for n in range(5)]
    before: list[Value] = [Estimate(0.58, 0.5, 0.66, 150), Estimate(0.69, 0.57, 0.79, 58), TooFew(7), None]
    return [
        Chart(
            "chart-bars",
            _("Complaints by reason"),
            _("Reason"),
            reasons,
            [Series(_("this quarter"), [14, 9, 7, 0, 3]), Series(_("the quarter before"), [11, 12, 5, 2, None])],
            unit=_("complaints"),
        ),
        charts_.pareto(
            "chart-pareto",
            _("What most complaints are about"),
            _("Reason"),
            dict(zip(reasons, [41, 23, 11, 6, 3], strict=True)),
            _("complaints"),
        ),
        Chart(
            "chart-line",
            _("Satisfied guests"),
            _("Month"),
            months,
            [
                Series(
                    _("Satisfied"),
                    satisfied,
                    "line",
                )
            ],
            kind="percent",
            note=_("Estimated from samples: the whiskers are the intervals of 95 in 100."),
        ),
        Chart(
            "chart-points",
            _("Satisfied guests by shop"),
            _("Shop"),
            [_("East shop"), _("West shop"), _("South shop"), _("North shop")],
            [Series(_("this quarter"), shop, "point"), Series(_("the quarter before"), before, "point")],
            kind="percent",
        ),
        Chart(
            "chart-limits",
            _("Complaints a week for every 1,000 guests"),
            _("Week"),
            [str(week) for week in range(1, 13)],
            [
                Series(
                    _("Complaints"),
                    [
                        Decimal(one)
                        for one in ["3.1", "2.8", "3.6", "2.2", "3.9", "3", "2.7", "6.4", "3.3", "2.9", "3.5", "2.4"]
                    ],
                    "line",
                    marked={7: _("above the limit")},
                )
            ],
            [Limit(_("upper"), 5.2), Limit(_("mean"), 3.1, is_middle=True), Limit(_("lower"), 1)],
        ),
        Chart(
            "chart-money",
            _("Paid for incentives"),
            _("Campaign"),
            [_("New Year at the east shop, first round"), _("Spring, together with the brewery"), _("Summer nights")],
            [Series(_("Amount"), [Decimal("12400.50"), Decimal(8300), Decimal("15250.80")])],
            kind="money",
            lies=True,
        ),
        Chart("chart-none", _("Nothing yet"), _("Month"), [], []),
    ]


def undrawn() -> Chart:
    return replace(charts()[3], id="chart-undrawn")


class Listed:
    """A list as `tables.Listing` makes it, of rows that no database holds."""

    def __init__(self, rows: list[Any], now: datetime, **state: Any) -> None:
        found = edition()
        self.columns = [
            Column[Any]("clock", _("Time left"), lambda row: row.due_at, "clock", lambda row: row, sort="due_at"),
            Column[Any]("number", _("Number"), lambda row: "C-26-000017", link=lambda row: "#table"),
            Column[Any]("clause", _("Clause"), lambda row: row.clause, "clause", lambda row: (found, row.clause)),
            Column[Any]("severity", _("Level"), lambda row: "", "badge"),
            Column[Any]("moment", _("Received"), lambda row: now, "moment", sort="received_at"),
            Column[Any]("count", _("Number of items"), lambda row: 1200, "number", total="count"),
            Column[Any]("amount", _("Amount"), lambda row: Decimal("1234.50"), "money", total="amount"),
            Column[Any]("text", _("What the guest says"), lambda row: "酒是温的，叫了三次没人来。" * 9, "excerpt"),
        ]
        self.table = SimpleNamespace(
            name=state["name"],
            caption=state["caption"],
            columns=self.columns,
            filters=[
                SimpleNamespace(key="severity", title=_("Level"), choices=[("one", "1"), ("two", "2")]),
                SimpleNamespace(key="received", title=_("Received")),
            ],
            search=True,
            search_hint=_("number, room or words"),
        )
        self.rows = rows
        self.number = state.get("number", len(rows))
        self.totals = {"count": 3600, "amount": Decimal("3703.50")} if rows and self.number < 1000 else {}
        self.words = state.get("words", "")
        self.is_narrowed = self.is_filtered = bool(self.words)
        self.filter_names: list[str] = []
        self.whole = self.following = "#table"
        self.is_first, self.is_summed = not rows, True
        self.asked: Any = SimpleNamespace(getlist=lambda name: [], get=lambda name, default="": default)
        self.orders = [("due", _("Time left"), True), ("-due", _("Received"), False)]
        self.heads = heads(self.columns)
        self.cells = list(cells(self.columns, rows))

    def direction(self, column: Column[Any]) -> str:
        return {"clock": "ascending", "moment": "descending"}.get(column.key, "")

    def sorted_by(self, column: Column[Any]) -> str:
        return "#table"

    def address(self, **instead: str) -> str:
        return "#table"

    def kept(self, *without: str) -> list[tuple[str, str]]:
        return []
