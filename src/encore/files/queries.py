from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core import signing
from django.db.models import Exists, Model, OuterRef, Prefetch, Q, QuerySet, Sum
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encore.accounts.models import AccessLog, User
from encore.files.models import HOLD_REASONS, File, Hold, Upload
from encore.files.sniffing import MEGABYTE, NotTaken
from encore.files.store import Rendition, Stored
from encore.ledger.nouns import NOUNS, by_reference, key_of

NOUN: Final = "file"


def visible_to(user: User) -> QuerySet[File]:
    """The files that hang on what this person may see; of those that are their owner's own, the owner's."""
    hangs_on = Q()
    for key, noun in NOUNS.items():
        if key != NOUN:
            hangs_on |= Q(noun=key, noun_id__in=noun.visible_to(user).order_by().values("pk"))
    mine = Q(is_own=False) | Q(owner=user.organisation_id)
    return _whole(File.objects.filter(hangs_on & mine, original=None))


def of(row: Model, user: User) -> QuerySet[File]:
    """The files of a row that this person may see, in the order in which they came."""
    key = key_of(row)
    mine = Q(is_own=False) | Q(owner=user.organisation_id)
    there = NOUNS[key.noun].visible_to(user).filter(pk=key.id)
    return _whole(File.objects.filter(mine, Exists(there), noun=key.noun, noun_id=key.id, original=None).order_by("pk"))


def shown_to_guest(row: Model) -> QuerySet[File]:
    """The files of a row that its guest sees by the row's own secret address: those that are nobody's own."""
    key = key_of(row)
    return _whole(File.objects.filter(noun=key.noun, noun_id=key.id, original=None, is_own=False).order_by("pk"))


def _whole(files: QuerySet[File]) -> QuerySet[File]:
    holds = Prefetch("holds", Hold.objects.select_related("owner", "by").order_by("pk"))
    return files.select_related("owner", "uploaded_by").prefetch_related("renditions", holds)


def subject(noun: str, reference: str, user: User) -> Model | None:
    """The row of that noun that people call so, if this person may see it. A file is no row that files hang on."""
    known = NOUNS.get(noun)
    return by_reference(known.visible_to(user), reference) if known and noun != NOUN else None


def rendition(file: File, name: str) -> File | None:
    return next((one for one in file.renditions.all() if one.rendition == name), None)


# --- custody ------------------------------------------------------------------------------------------------------------

ACTS: Final[Mapping[str, str | Promise]] = {
    "file.previewed": _("seen as a small picture"),
    "file.seen": _("looked at"),
    "file.played": _("played"),
    "file.exported": _("downloaded or exported"),
}
LOOK_REASONS: Final[Mapping[str, str | Promise]] = {
    "handling": _("to handle the case"),
    "dispute": _("for a dispute"),
    "authority": _("for an authority"),
    "insurer": _("for an insurer"),
    "asked": _("the person concerned has asked for it"),
    "guest": _("by the guest, on their own page"),
}


def looks(files: Iterable[File]) -> QuerySet[AccessLog]:
    """Who looked at these files or took them along, the latest first."""
    numbers = [file.pk for file in files]
    rows = AccessLog.objects.filter(noun=NOUN, noun_id__in=numbers)
    return rows.select_related("user__organisation").order_by("-at", "-pk")


# --- links for guests ----------------------------------------------------------------------------------------------------

_LINK: Final = timedelta(minutes=30)
_SALT: Final = "encore.files.link"


def guest_key(file: File, rendition: str) -> str:
    """What opens one picture or recording for a guest, on a page of their own, for half an hour."""
    return signing.dumps([file.pk, rendition], salt=_SALT)


def by_guest_key(key: str) -> tuple[File, str] | None:
    """The file and the rendition that a key opens; none where it is too old or made up."""
    try:
        number, name = signing.loads(key, salt=_SALT, max_age=_LINK)
    except signing.BadSignature:
        return None
    file = _whole(File.objects.filter(pk=number, is_own=False)).first()
    return (file, name) if file else None


# --- what has come in ----------------------------------------------------------------------------------------------------

_DAY: Final = timedelta(days=1)
_TICKET: Final = timedelta(hours=24)
_TICKET_SALT: Final = "encore.files.ticket"
GUEST_FILES: Final = 30  # a day, by one holder
GUEST_BYTES: Final = 2200 * MEGABYTE
ALL_GUESTS_BYTES: Final = 20_000 * MEGABYTE  # a day, all of them
STAFF_BYTES: Final = 50_000 * MEGABYTE


class TooMany(NotTaken):
    pass


def staff_holder(user: User) -> str:
    return f"user:{user.pk}"


def guest_holder(scope: str) -> str:
    """`scope`: what the guest's page is opened by, such as the room's or the complaint's token. It is not kept."""
    return f"guest:{salted_hmac(_TICKET_SALT, scope, algorithm='sha256').hexdigest()}"


def ticket(holder: str) -> str:
    """What a page carries so that files may be sent from it, for a day."""
    return signing.dumps(holder, salt=_TICKET_SALT)


def holder_of(ticket: str) -> str | None:
    try:
        return str(signing.loads(ticket, salt=_TICKET_SALT, max_age=_TICKET))
    except signing.BadSignature:
        return None


def require_allowance(holder: str, size: int, at: datetime) -> None:
    """`TooMany` where this holder, or all guests together, have sent as much as a day takes."""
    recent = Upload.objects.filter(begun_at__gt=at - _DAY)
    own = recent.filter(holder=holder)
    sent = own.aggregate(bytes=Sum("size"))["bytes"] or 0
    if not holder.startswith("guest:"):
        if sent + size > STAFF_BYTES:
            raise TooMany(_("That is more than a person can send in a day. Go on tomorrow."))
        return
    if own[:GUEST_FILES].count() >= GUEST_FILES or sent + size > GUEST_BYTES:
        raise TooMany(_("You have sent as much as we take in a day. Write to us about the rest: that always works."))
    every = recent.filter(holder__startswith="guest:").aggregate(bytes=Sum("size"))["bytes"] or 0
    if every + size > ALL_GUESTS_BYTES:
        raise TooMany(_("So much is being sent that we take no files at the moment. Your words we do take."))


def uploaded(tokens: Sequence[str], holder: str) -> list[Upload]:
    """What this holder has sent whole, by these tokens and in their order; what is not theirs is left out."""
    rows = {row.token: row for row in Upload.objects.filter(token__in=tokens, holder=holder).exclude(sha256="")}
    return [rows[token] for token in dict.fromkeys(tokens) if token in rows]


def stored(upload: Upload) -> Stored:
    renditions = tuple(Rendition(**one) for one in upload.renditions)
    return Stored(upload.sha256, upload.size, upload.type, upload.name, renditions)


# --- what may go ---------------------------------------------------------------------------------------------------------


def to_erase(at: datetime) -> QuerySet[File]:
    """Files whose time is over and that nobody holds."""
    held = Hold.objects.filter(file=OuterRef("pk"), released_at=None)
    over = File.objects.filter(keep_until__lte=at, erased_at=None, original=None)
    return over.exclude(Exists(held)).order_by("keep_until", "pk")


def unclaimed(hashes: Collection[str]) -> set[str]:
    """Of these, what neither a file that is there nor one that has come in names."""
    rows = File.objects.filter(sha256__in=hashes, erased_at=None).values_list("sha256", flat=True)
    waiting = Upload.objects.filter(completed_at__isnull=False).values_list("sha256", "renditions")
    return set(hashes) - set(rows) - set(_named(waiting))


def _named(waiting: Iterable[tuple[str, list[dict[str, str]]]]) -> Iterator[str]:
    for sha256, renditions in waiting:
        yield sha256
        yield from (one["sha256"] for one in renditions)


@dataclass(frozen=True)
class Look:
    """A line of a file's custody."""

    at: datetime
    what: str | Promise
    who: str
    why: str | Promise


def custody(file: File, most: int) -> list[Look]:
    """What became of a file and who saw it, the latest first: of the looks the last `most`."""
    found = [Look(file.added_at, _("came in"), _who(file.uploaded_by), "")]
    for hold in file.holds.all():
        found.append(Look(hold.at, _("held"), _who(hold.by), HOLD_REASONS[hold.reason]))
        if hold.released_at:
            found.append(Look(hold.released_at, _("released"), str(hold.owner), ""))
    if file.erased_at:
        found.append(Look(file.erased_at, _("erased"), "", _("its time was over")))
    found += [
        Look(row.at, ACTS.get(row.act, row.act), _who(row.user), LOOK_REASONS.get(row.reason, row.reason))
        for row in looks([file])[:most]
    ]
    return sorted(found, key=lambda look: look.at, reverse=True)


def _who(user: User | None) -> str:
    return f"{user.name} · {user.organisation.name}" if user else str(_("guest"))
