"""Photographs as a guest's telephone makes them, drawn for the demonstration: with a camera and a place written into them."""

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from django.db.models import Model
from django.utils.timezone import localtime
from PIL import Image, ImageDraw, ImageFilter

from encore.accounts.models import Post, Role, User
from encore.files import drafts, operations, store
from encore.files.models import File
from encore.ledger.late import entered_late

_SIZE: Final = (1600, 1200)
_GPS: Final = 0x8825
_EXIF: Final = 0x8769


def photograph(at: datetime, seed: int) -> bytes:
    """A table in a dark room with bottles on it. The same for the same seed."""
    chance = Random(seed)  # noqa: S311 - a picture is no secret
    picture = Image.new("RGB", _SIZE, (18, 16, 34))
    draw = ImageDraw.Draw(picture)
    for _ in range(7):  # lights on the wall
        x, y, r = chance.randrange(1600), chance.randrange(450), chance.randrange(60, 220)
        glow = chance.choice(((92, 38, 120), (28, 60, 130), (140, 60, 30), (120, 20, 70)))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=glow)
    picture = picture.filter(ImageFilter.GaussianBlur(70))
    draw = ImageDraw.Draw(picture)
    draw.polygon(((0, 1200), (170, 740), (1430, 740), (1600, 1200)), fill=(58, 40, 30))
    for place in range(chance.randint(4, 7)):
        _bottle(draw, chance, 260 + place * 175 + chance.randint(-30, 30), 860 + chance.randint(0, 150))
    draw.ellipse((620, 1010, 980, 1110), fill=(206, 200, 190), outline=(150, 144, 136), width=6)
    picture = picture.filter(ImageFilter.GaussianBlur(2.2))
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=86, exif=_written(at, chance))
    return made.getvalue()


def _bottle(draw: ImageDraw.ImageDraw, chance: Random, x: int, foot: int) -> None:
    glass = chance.choice(((36, 84, 48), (96, 58, 22), (30, 70, 96)))
    height = chance.randint(330, 400)
    draw.rounded_rectangle((x - 48, foot - height * 2 // 3, x + 48, foot), 18, fill=glass)
    draw.rectangle((x - 17, foot - height, x + 17, foot - height * 2 // 3 + 12), fill=glass)
    draw.rectangle((x - 19, foot - height - 14, x + 19, foot - height + 8), fill=(196, 170, 90))
    draw.rectangle((x - 46, foot - height // 2, x + 46, foot - height // 6), fill=(228, 222, 206))


def _written(at: datetime, chance: Random) -> Image.Exif:
    exif = Image.Exif()
    taken = f"{localtime(at):%Y:%m:%d %H:%M:%S}"
    exif[0x010F], exif[0x0110], exif[0x0132] = "Lanqi", "LQ-12", taken
    exif.get_ifd(_EXIF)[0x9003] = taken
    north, east = 31 + chance.random() / 10, 121 + chance.random() / 10
    exif.get_ifd(_GPS).update({1: "N", 2: _degrees(north), 3: "E", 4: _degrees(east)})
    return exif


def _degrees(value: float) -> tuple[float, float, float]:
    minutes = value % 1 * 60
    return float(int(value)), float(int(minutes)), round(minutes % 1 * 60, 2)


@entered_late("demonstration")
def bring_evidence(rows: Sequence[Model], at: datetime) -> None:
    """Photographs for some rows of the demonstration's parties; some are looked at, one is held."""
    own = User.objects.filter(organisation__is_made_up=True).select_related("organisation").order_by("pk")
    brings = own.filter(organisation__role=Role.VENUE, post=Post.CUSTOMER_SERVICE).first()
    looks = own.filter(organisation__role=Role.AGENCY, post=Post.MANAGER).first()
    assert brings
    assert looks
    for place, row in enumerate(rows):
        brought_at = at - timedelta(minutes=200 - 20 * place)
        files = hang_on(row, number=place % 3 + 1, by=brings, at=brought_at)
        drafts.looked(files, "file.seen", by=looks, at=brought_at + timedelta(minutes=35))
        if place == 0:
            reason = "insurer"
            drafts.looked(files, "file.exported", by=brings, at=brought_at + timedelta(minutes=80), reason=reason)
            operations.hold(files, reason=reason, by=brings, at=brought_at + timedelta(minutes=82))


@entered_late("demonstration")
def hang_on(row: Model, *, number: int, by: User, at: datetime) -> list[File]:
    """Evidence for a row, brought by that person at that time."""
    stored = [
        store.put(
            io.BytesIO(photograph(at, row.pk * 10 + place)), name=f"IMG_{localtime(at):%Y%m%d_%H%M}{place:02}.jpg"
        )
        for place in range(number)
    ]
    return operations.add(stored, row=row, purpose="evidence", by=by, at=at)
