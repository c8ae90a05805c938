"""Complaints from sheets: what another desk, an authority or a platform has on its list. Each row that is new is received, and
recorded as brought in; nothing is entered twice, and a sheet can be taken back as far as nobody has acted on its rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation
from encore.complaints import operations, queries
from encore.complaints.models import Authority
from encore.complaints.operations import Arrived, Reached, Told
from encore.contracts.models import Contract
from encore.contracts.queries import in_force, terms_lately
from encore.customers.models import Purpose
from encore.customers.operations import Consented, Known
from encore.imports.models import Batch
from encore.imports.register import (
    MOMENT,
    PHONE,
    Column,
    Counts,
    Importer,
    Row,
    Settle,
    one_of,
    plain_title,
    register,
    text,
)
from encore.jobs import effects
from encore.ledger.late import entered_late
from encore.venues.models import Room
from encore.web.language import reading
from encore.web.wording import kept

_YES: Final = {"是": "yes", "已同意": "yes", "同意": "yes", "y": "yes", "yes": "yes", "true": "yes", "1": "yes"}
_NO: Final = {"否": "no", "未同意": "no", "不同意": "no", "n": "no", "no": "no", "false": "no", "0": "no"}
_CONSENTED: Final = "brought in by a sheet, which says that the guest agreed to be reached about this complaint"


def _authorities() -> Mapping[str, str]:
    known = {"平台": Authority.PLATFORM.value, "点评": Authority.PLATFORM.value, "platform": Authority.PLATFORM.value}
    return known | {plain_title(one.value): one.value for one in Authority} | {
        plain_title(str(one.label)): one.value for one in Authority
    }  # fmt: skip


def _authority_labels() -> list[str]:
    return [str(one.label) for one in Authority]


@dataclass(frozen=True)
class _Known:
    """Under which contract rows fall, and what its ways and rooms are called."""

    contracts: Mapping[str, Contract]
    ways: Mapping[str, Mapping[str, str]]
    rooms: Mapping[tuple[int, str], Room]

    @classmethod
    def of(cls, owner: Organisation) -> "_Known":
        contracts = {str(one): one for one in in_force() if owner.pk in (one.venue_id, one.agency_id)}
        rooms: dict[tuple[int, str], Room] = {}
        venues = [one.venue_id for one in contracts.values()]
        for room in Room.objects.filter(venue__owner__in=venues, is_active=True).select_related("venue"):
            for called in (room.name, room.label, room.code):
                rooms[room.venue.owner_id, plain_title(called)] = room
        return cls(contracts, {name: _ways(one) for name, one in contracts.items()}, rooms)

    def contract(self, row: Row) -> Contract | None:
        named = str(row.values.get("contract", "")).upper()
        if not named and len(self.contracts) == 1:
            return next(iter(self.contracts.values()))
        found = self.contracts.get(named)
        if found is None:
            said = "、".join(self.contracts) or "–"
            row.faults.append(
                gettext("Say which contract in force it falls under: %(contracts)s.") % {"contracts": said}
            )
        return found

    def way(self, row: Row, contract: Contract) -> str:
        ways = self.ways[str(contract)]
        said = row.values.get("channel", "")
        if not said:
            return queries.channel(terms_lately(contract).edition, "other")
        found = ways.get(plain_title(said), "")
        if not found:
            labels = [reading(one.label) for one in terms_lately(contract).edition.vocabulary["channel"].values()]
            row.faults.append(
                gettext("“%(word)s” is not known here. Write one of: %(words)s.")
                % {"word": said[:40], "words": "、".join(labels)}
            )
        return found


def _ways(contract: Contract) -> Mapping[str, str]:
    """By what people call them: the edition's words in each language, its keys, and the common names of the ways."""
    known: dict[str, str] = {}
    for key, row in terms_lately(contract).edition.vocabulary["channel"].items():
        for called in (key, str(getattr(row, "via", "")), *row.label.values()):
            known.setdefault(plain_title(called), key)
    return known


@dataclass(frozen=True)
class _Read:
    contract: Contract
    key: str
    arrived: Arrived


def _read(row: Row, known: _Known, at: datetime) -> _Read | None:
    """The complaint of a row, as values or as they lie in a chunk; None with what is wrong in `row.faults`."""
    contract = known.contract(row)
    if contract is None:
        return None
    channel = known.way(row, contract)
    received_at = _loaded(row.values["received"])
    if received_at > at:
        row.faults.append(gettext("That is still to come."))
    elif contract.effective_at is not None and received_at < contract.effective_at:
        row.faults.append(gettext("It was received before the contract came into force."))
    said, wish = kept(row.values["text"]), kept(row.values.get("wish", ""))
    if not any(sign.isprintable() and not sign.isspace() for sign in said):
        row.faults.append(gettext("Say in a few words what happened."))
    phone = row.values.get("phone", "")
    if phone and row.values.get("consent") != "yes":
        row.faults.append(
            gettext(
                "A number is kept only with the guest's consent: say so in the column for it, or leave the number out."
            )
        )
    if row.faults:
        return None
    room = known.rooms.get((contract.venue_id, plain_title(row.values.get("room", ""))))
    due = row.values.get("authority_due")
    told = Told(
        said,
        f"sheet:{contract.venue_id}:{row.key}",
        room=room.label if room else row.values.get("room", ""),
        place=room,
        wish=wish,
        authority=row.values.get("authority", ""),
        authority_number=row.values.get("authority_number", ""),
        authority_due_at=_loaded(due) if due else None,
    )
    reached = Reached(Known(phone=phone), Consented([Purpose.COMPLAINT], _CONSENTED, channel)) if phone else None
    return _Read(contract, told.form_key, Arrived(told, channel, received_at, reached))


def _loaded(value: Any) -> datetime:
    """A moment as the reader left it, or as it was loaded already."""
    loaded = value if isinstance(value, date) else MOMENT.load(value) if MOMENT.load else value
    assert isinstance(loaded, datetime)
    return loaded


def _check(rows: Sequence[Row], batch: Batch) -> set[str]:
    known = _Known.of(batch.owner)
    read = {row.key: found for row in rows if (found := _read(row, known, batch.uploaded_at)) is not None}
    taken = queries.keys_taken(one.key for one in read.values())
    return {key for key, one in read.items() if one.key in taken}


def _take(rows: Sequence[Row], batch: Batch, at: datetime, settle: Settle) -> None:
    """By one operation a contract; rows of one sheet fall under one contract as a rule, and a chunk is taken whole or not."""
    assert batch.asked_by is not None
    known = _Known.of(batch.owner)
    read = [found for row in rows if (found := _read(row, known, at)) is not None]
    taken = queries.keys_taken(one.key for one in read)
    fresh = [one for one in read if one.key not in taken]
    counts = Counts(new=len(fresh), same=len(read) - len(fresh))
    if not fresh:
        with effects():
            settle(counts)
        return
    with entered_late("imported"):
        operations.bring_in_sheet(
            [(one.contract, one.arrived) for one in fresh],
            batch=batch.pk,
            settle=lambda: settle(counts),
            by=batch.asked_by,
            at=at,
        )


def _take_back(batch: Batch, at: datetime, settle: Any) -> None:
    assert batch.asked_by is not None
    if not queries.untouched(batch.pk).exists():
        with effects():
            settle(0)
        return
    operations.take_sheet_back(batch.pk, settle=settle, by=batch.asked_by, at=at)


def _offered_ways(owner: Organisation) -> list[str]:
    found: dict[str, None] = {}
    for contract in in_force():
        if owner.pk in (contract.venue_id, contract.agency_id):
            rows = terms_lately(contract).edition.vocabulary["channel"].values()
            found |= dict.fromkeys(reading(row.label) for row in rows)
    return list(found)


def _offered_rooms(owner: Organisation) -> list[str]:
    return list(Room.objects.filter(venue__owner=owner, is_active=True).order_by("code").values_list("code", flat=True))


_ASKED: tuple[tuple[Any, ...], ...] = (
    ("received", _("Received"), MOMENT, ("受理时间", "接收时间", "投诉时间", "登记时间", "来电时间", "提交时间", "时间", "日期"), "2026-3-5 21:40",
     _("when the guest told it: day and time"), True, None),
    ("text", _("What happened"), text(20_000), ("投诉内容", "内容", "诉求内容", "问题描述", "描述", "事由", "评价内容"), "", _("in the guest's words"), True, None),
    ("channel", _("Way"), text(40), ("受理渠道", "渠道", "来源", "方式", "投诉渠道"), "", _("as the contract calls it; empty: other"), False, _offered_ways),
    ("room", _("Room"), text(60), ("包厢", "包间", "房间", "房号", "包厢号", "台号"), "", "", False, _offered_rooms),
    ("wish", _("What the guest asks for"), text(2_000), ("诉求", "客人诉求", "要求", "消费者诉求", "希望"), "", "", False, None),
    ("phone", _("Telephone"), PHONE, ("电话", "手机", "手机号", "联系电话", "联系方式"), "", _("only with the guest's consent"), False, None),
    ("consent", _("The guest agreed to be reached"), one_of(lambda: _YES | _NO, lambda: ["是", "否"]), ("是否同意联系", "同意联系", "已同意"), "", "", False, None),
    ("authority", _("Passed on by"), one_of(_authorities, _authority_labels), ("转办单位", "转办渠道", "平台"), "", _("12315, 12345 or a platform"), False, None),
    ("authority_number", _("Their number for it"), text(60), ("工单编号", "工单号", "转办单号", "登记编号", "投诉单号", "编号", "单号"), "", _("with who passed it on, it names the row"), False, None),
    ("authority_due", _("Their own deadline"), MOMENT, ("办结期限", "办理期限", "截止时间", "反馈期限"), "", "", False, None),
    ("contract", _("Contract"), text(20), ("合同", "合同编号"), "", _("where there are several"), False, None),
)  # fmt: skip

register(
    Importer(
        kind="complaints",
        label=_("complaints"),
        hint=_("From another desk, an authority or a platform. The same row brought in twice is taken once."),
        columns=tuple(Column(*asked) for asked in _ASKED),
        key=("authority", "authority_number"),
        right="complaints.bring_in_sheet",
        act=_take,
        check=_check,
        back=_take_back,
    )
)
