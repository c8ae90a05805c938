"""Guests from a sheet of the venue's own. Whoever brings it in says in each row what the guest consented to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import Organisation, Role
from encore.customers import operations, queries
from encore.customers.models import Consent, Contact, Purpose
from encore.imports.models import Batch
from encore.imports.register import PHONE, Column, Importer, Plain, Row, one_of, plain_title, register, text

_SHORT: Final = {
    "投诉": Purpose.COMPLAINT, "回访": Purpose.SURVEY, "调查": Purpose.SURVEY, "关怀": Purpose.CARE, "优惠": Purpose.OFFERS,
    "营销": Purpose.OFFERS,
}  # fmt: skip
_WORDS: Final = "a consent on paper, of which this sheet is the list"


@cache
def _purposes() -> Mapping[str, str]:
    """What purposes are called, in every language of the product."""
    known = {plain_title(word): purpose.value for word, purpose in _SHORT.items()}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {plain_title(str(purpose.label)): purpose.value for purpose in Purpose}
    return known


def _labels() -> Sequence[str]:
    return [str(purpose.label) for purpose in Purpose]


def _offered(owner: Organisation) -> Sequence[str]:
    return _labels()


def _made(rows: Sequence[Row], batch: Batch) -> list[Contact | None]:
    owner, made = batch.owner, list[Contact | None]()
    for row in rows:
        phone = row.values["phone"]
        made.append(
            Contact(
                owner=owner,
                name=row.values.get("name", ""),
                phone=phone,
                wechat=row.values.get("wechat", ""),
                phone_digest=queries.phone_digest(phone, owner.pk),
                tail_digest=queries.tail_digest(phone[-4:], owner.pk),
                registered_at=batch.uploaded_at,
                last_seen_at=batch.uploaded_at,
            )
        )
    return made


def _consented(contacts: Sequence[Contact], rows: Sequence[Row], batch: Batch, at: datetime) -> None:
    text = operations.consent_text(gettext(_WORDS))
    Consent.objects.bulk_create(
        Consent(contact=contact, purpose=row.values["purpose"], text=text, channel="paper", given_at=at)
        for contact, row in zip(contacts, rows, strict=True)
    )


register(
    Importer(
        kind="customers",
        label=_("customers"),
        hint=_("Guests who gave their consent on paper. Numbers that are known already are left as they are."),
        columns=(
            Column(
                "phone", _("Telephone"), PHONE, ("手机", "手机号", "手机号码", "电话", "联系电话", "联系方式", "会员手机"),
                "13800138000", _("eleven digits, as text"), is_required=True,
            ),
            Column(
                "purpose", _("Consented to"), one_of(_purposes, _labels), ("同意用途", "用途", "同意"), "关怀",
                _("what the guest consented to"), is_required=True, choices=_offered,
            ),
            Column("name", _("Called"), text(60), ("姓名", "称呼", "客户", "会员姓名", "客人"), "王女士"),
            Column("wechat", _("WeChat name"), text(60), ("微信", "微信号"), ""),
        ),
        key=("phone",),
        roles=frozenset({Role.VENUE}),
        right="customers.register",
        plain=Plain(Contact, "phone_digest", (), _made, _consented, needed=Q(requests__isnull=False)),
    )
)  # fmt: skip
