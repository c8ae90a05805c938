"""Names as they are put in order and looked for: by pinyin, which no database's own order knows."""

import re
import unicodedata
from typing import Final

# Surnames that are read otherwise than the same character elsewhere.
_SURNAMES: Final = {
    "万俟": "mo4qi2", "尉迟": "yu4chi2", "单于": "chan2yu2", "长孙": "zhang3sun1", "令狐": "ling2hu2",
    "单": "shan4", "仇": "qiu2", "曾": "zeng1", "解": "xie4", "查": "zha1", "区": "ou1", "任": "ren2", "朴": "piao2",
    "盖": "ge3", "缪": "miao4", "乐": "yue4", "员": "yun4", "冼": "xian3", "尹": "yin3", "翟": "zhai2", "洗": "xian3",
    "黑": "he4", "折": "she2", "秘": "bi4", "华": "hua4", "种": "chong2", "繁": "po2", "覃": "qin2", "那": "na1",
}  # fmt: skip
_SYLLABLE: Final = re.compile(r"[a-z]+\d")


def sort_key(name: str) -> str:
    """`wang2xiao3ming2`: small letters and digits, which every order of a database puts alike."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - a tenth of a second that few commands need

    name = "".join(unicodedata.normalize("NFKC", name).split())
    surname = next((one for one in (name[:2], name[:1]) if one in _SURNAMES and len(name) > len(one)), "")
    rest = lazy_pinyin(name[len(surname) :], style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    folded = unicodedata.normalize("NFKD", _SURNAMES.get(surname, "") + "".join(rest)).lower()
    return re.sub(r"[^a-z0-9]", "", folded)[:_LONGEST]


def initials(name: str) -> str:
    """`wxm`; of a name in letters the first of each word."""
    key = sort_key(name)
    syllables = _SYLLABLE.findall(key)
    if "".join(syllables) == key and key:
        return "".join(one[0] for one in syllables)
    return "".join(word[:1] for word in re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKD", name).lower()))


_LONGEST: Final = 200
