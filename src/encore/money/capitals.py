"""Amounts in the capital characters that papers are paid by.

After 支付结算办法, annex 1, section 1. Where the rule leaves a 零 open, it stands within the yuan and not after them:
107,000.53 is 壹拾万零柒仟元伍角叁分.
"""

from typing import Final

from encore.money.money import Money, MoneyError

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_UNITS: Final = ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾"))
_BEYOND: Final = 10**16


def capitals(money: Money) -> str:
    """`人民币壹仟肆佰零玖元伍角`; whole yuan end in 整. `MoneyError` for another currency than the yuan."""
    if money.currency != "CNY":
        raise MoneyError(f"capital characters are for CNY, not for {money.currency}")
    yuan, cents = divmod(int(abs(money.amount).scaleb(2)), 100)
    if yuan >= _BEYOND:
        raise MoneyError(f"{money} is too much to be written out")
    return "人民币" + ("负" if money.amount < 0 else "") + _yuan(yuan, cents) + _cents(yuan, cents)


def _yuan(yuan: int, cents: int) -> str:
    if not yuan:
        return "" if cents else "零元"
    return _whole(yuan) + "元"


def _cents(yuan: int, cents: int) -> str:
    jiao, fen = divmod(cents, 10)
    if not cents:
        return "整"
    between = "零" if yuan and not jiao else ""
    return between + (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[fen]}分" if fen else "")


def _whole(number: int) -> str:
    for size, unit in _UNITS:
        if number >= size:
            many, rest = divmod(number, size)
            words = _whole(many) + unit
            if not rest:
                return words
            zeros_between = rest < size // 10 or (size >= 10**4 and many % 10 == 0)
            return words + ("零" if zeros_between else "") + _whole(rest)
    return _DIGITS[number]
