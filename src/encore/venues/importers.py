"""Lines of bills from the sheets of a till. What they are of must be in the range already: a slip of the pen makes no product."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, Post, Role, User
from encore.imports.models import Batch
from encore.imports.register import (
    DAY_OR_MOMENT,
    MONEY,
    WHOLE,
    Column,
    Importer,
    Plain,
    Row,
    one_of,
    plain_title,
    register,
    text,
)
from encore.ledger.nouns import NOUNS
from encore.venues.models import Product, Room, SaleLine, Unit, Venue
from encore.venues.queries import beginning, business_day


@cache
def _units() -> Mapping[str, str]:
    """What units are called, in every language of the product."""
    known = {
        "箱": Unit.CASE.value,
        "听": Unit.CAN.value,
        "扎": Unit.JUG.value,
        "份": Unit.SET.value,
        "套": Unit.SET.value,
    }
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {plain_title(str(unit.label)): unit.value for unit in Unit}
    return known


@dataclass(frozen=True)
class _Known:
    """What lines can be of: each by what sheets call it."""

    venues: Mapping[str, Venue]
    rooms: Mapping[tuple[int, str], Room]
    products: Mapping[str, Sequence[Product]]
    promoters: Mapping[str, Sequence[User]]

    @classmethod
    def of(cls, owner: Organisation) -> "_Known":
        venues = list(Venue.objects.filter(owner=owner).order_by("pk"))
        products: dict[str, list[Product]] = defaultdict(list)
        for product in Product.objects.filter(owner=owner):
            products[plain_title(product.name)].append(product)
        rooms: dict[tuple[int, str], Room] = {}
        for room in Room.objects.filter(venue__in=venues):
            for called in (room.name, room.label, room.code):
                rooms[room.venue_id, plain_title(called)] = room
        return cls({plain_title(venue.name): venue for venue in venues}, rooms, products, _promoters(owner))

    def venue(self, row: Row) -> Venue | None:
        called = row.values.get("venue", "")
        if not called and len(self.venues) == 1:
            return next(iter(self.venues.values()))
        found = self.venues.get(plain_title(called)) if called else None
        if found is None:
            row.faults.append(
                gettext("Say which venue it was: %(venues)s.")
                % {"venues": "、".join(one.name for one in self.venues.values())}
            )
        return found

    def product(self, row: Row) -> Product | None:
        unit = row.values.get("unit")
        named = self.products.get(plain_title(row.values["product"]), ())
        found = [product for product in named if unit in (None, product.unit)]
        if len(found) == 1:
            return found[0]
        row.faults.append(
            gettext("There are several units of “%(product)s”: say which.") % row.values
            if found
            else gettext("“%(product)s” is not in the range. Add it there first, or write it as it stands there.")
            % row.values
        )
        return None

    def room(self, row: Row, venue: Venue) -> Room | None:
        called = row.values.get("room")
        if not called:
            return None
        found = self.rooms.get((venue.pk, plain_title(called)))
        if found is None:
            row.faults.append(gettext("There is no room “%(room)s”.") % row.values)
        return found

    def promoter(self, row: Row) -> User | None:
        called = row.values.get("promoter")
        if not called:
            return None
        found = self.promoters.get(plain_title(called), ())
        if len(found) == 1:
            return found[0]
        row.faults.append(
            gettext("Several promoters are called “%(promoter)s”.") % row.values
            if found
            else gettext("No promoter is called “%(promoter)s”.") % row.values
        )
        return None


def _promoters(owner: Organisation) -> Mapping[str, Sequence[User]]:
    """Those of the agencies with which this venue has contracts."""
    manager = User.objects.filter(organisation=owner, post=Post.MANAGER).first()
    found: dict[str, list[User]] = defaultdict(list)
    if manager is None:
        return found
    agencies = NOUNS["contract"].visible_to(manager).order_by().values("agency")
    for person in User.objects.filter(organisation__in=agencies, post=Post.PROMOTER):
        found[plain_title(person.name)].append(person)
    return found


def _made(rows: Sequence[Row], batch: Batch) -> list[SaleLine | None]:
    known = _Known.of(batch.owner)
    made: list[SaleLine | None] = []
    for row in rows:
        venue, product, promoter = known.venue(row), known.product(row), known.promoter(row)
        room = known.room(row, venue) if venue else None
        if venue is None or product is None or row.faults:
            made.append(None)
            continue
        day, sold_at = _when(row.values["sold"], venue)
        made.append(
            SaleLine(
                owner_id=batch.owner_id,
                venue_id=venue.pk,
                day=day,
                sold_at=sold_at,
                room_id=room.pk if room else None,
                product_id=product.pk,
                promoter_id=promoter.pk if promoter else None,
                quantity=row.values["quantity"],
                amount=row.values["amount"],
            )
        )
    return made


def _when(sold: date | datetime, venue: Venue) -> tuple[date, datetime]:
    if isinstance(sold, datetime):
        return business_day(sold, venue), sold
    return sold, beginning(sold, venue)


def _offered_products(owner: Organisation) -> list[str]:
    return sorted(set(Product.objects.filter(owner=owner).values_list("name", flat=True)))


def _offered_rooms(owner: Organisation) -> list[str]:
    return list(Room.objects.filter(venue__owner=owner, is_active=True).order_by("code").values_list("code", flat=True))


def _unit_labels() -> list[str]:
    return [str(unit.label) for unit in Unit]


def _offered_units(owner: Organisation) -> list[str]:
    return _unit_labels()


_ASKED: tuple[tuple[Any, ...], ...] = (
    ("sold", _("Sold"), DAY_OR_MOMENT, ("销售时间", "时间", "日期", "销售日期", "营业日", "营业日期", "下单时间", "结账时间"), "2026-3-5 21:40",
     _("day and time, or the business day alone"), True, None),
    ("product", _("Product"), text(80), ("商品", "品名", "商品名称", "酒水", "酒水名称", "名称", "产品"), "", _("as it stands in the range"), True,
     _offered_products),
    ("unit", _("Unit"), one_of(_units, _unit_labels), ("单位", "规格"), "", _("where the product comes in several units"), False, _offered_units),
    ("quantity", _("Quantity"), WHOLE, ("数量", "件数", "销量", "销售数量"), "2", _("what was given back is negative"), True, None),
    ("amount", _("Amount"), MONEY, ("金额", "销售额", "销售金额", "实收", "实收金额", "小计", "合计"), "76.00", _("of the whole line"), True, None),
    ("room", _("Room"), text(40), ("包厢", "包间", "房间", "房号", "包厢号", "台号"), "", "", False, _offered_rooms),
    ("promoter", _("Promoter"), text(100), ("促销员", "促销", "酒水促销", "推销员"), "", _("by name"), False, None),
    ("venue", _("Venue"), text(100), ("门店", "场所", "店名", "分店"), "", _("where there are several"), False, None),
    ("bill", _("Bill"), text(40), ("单号", "账单号", "订单号", "流水号", "小票号", "结账单号"), "", _("with the line, it names the row: the same row is never taken twice"), False, None),
    ("line", _("Line of the bill"), text(20), ("行号", "序号", "项次", "明细号"), "", "", False, None),
)  # fmt: skip

register(
    Importer(
        kind="sale-lines",
        label=_("sale lines"),
        hint=_("Lines of bills from your till. The same sheet brought in twice is taken once."),
        columns=tuple(Column(*asked) for asked in _ASKED),
        key=("bill", "line"),
        roles=frozenset({Role.VENUE}),
        plain=Plain(
            SaleLine,
            "line_key",
            ("venue_id", "day", "sold_at", "room_id", "product_id", "promoter_id", "quantity", "amount"),
            _made,
        ),
    )
)
