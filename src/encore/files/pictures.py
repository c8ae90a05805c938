"""Pictures made anew for looking at: nothing of what a camera wrote into them, and nothing that hides behind them."""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

MOST_PIXELS: Final = 100_000_000  # what telephones make at most; as raw pixels 300 MB
SIDES: Final = {"view": 2000, "thumbnail": 320}
MIME: Final = "image/webp"
SHOWN: Final = frozenset({"image/jpeg", "image/png", "image/webp"})  # HEIC is kept, and only downloaded
AT_ONCE: Final = 3 << 20  # bytes; what is larger is left to a job

_QUALITY: Final = {"view": 80, "thumbnail": 72}


class Unreadable(Exception):
    """A picture that cannot be made anew: damaged, or larger than any camera's."""


def renditions(path: Path) -> Iterator[tuple[str, bytes]]:
    """The picture by the names of `SIDES`, the largest first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about damaged metadata, which are not kept
        try:
            with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise Unreadable(f"{opened.width} × {opened.height}")
                if opened.format == "JPEG":
                    opened.draft("RGB", (SIDES["view"], SIDES["view"]))  # decodes at a fraction where that is enough
                picture = ImageOps.exif_transpose(opened)
                picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
            raise Unreadable(type(error).__name__) from error
    for name, side in SIDES.items():
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        plain = Image.new(picture.mode, picture.size)  # without what the opened file has beside its pixels
        plain.paste(picture)
        made = io.BytesIO()
        plain.save(made, "WEBP", quality=_QUALITY[name], method=4)
        yield name, made.getvalue()
