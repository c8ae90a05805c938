"""What a browser is, in two words, from the line by which it describes itself."""

from typing import Final

# The first that is found counts: most browsers claim to be others as well.
_BROWSERS: Final = (
    ("MicroMessenger", "微信 WeChat"),
    ("DingTalk", "钉钉 DingTalk"),
    ("Lark", "飞书 Feishu"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """`Chrome · Windows`; the line itself, shortened, where nothing in it is known."""
    known = (next((name for sign, name in names if sign in user_agent), "") for names in (_BROWSERS, _SYSTEMS))
    return " · ".join(filter(None, known)) or user_agent[:60]
