import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from encore.money import Money, MoneyError, capitals

_DIGITS = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def read(text: str) -> Decimal:
    """What somebody at a counter takes the words for. It knows nothing of how they are written."""
    words = text.removeprefix("人民币")
    sign = -1 if words.startswith("负") else 1
    match = re.fullmatch(r"(?:(.+?)元)?零?(?:(.)角)?(?:(.)分)?整?", words.removeprefix("负"))
    assert match, text
    yuan, jiao, fen = match.groups()
    cents = _DIGITS[jiao or "零"] * 10 + _DIGITS[fen or "零"]
    return sign * (Decimal(number(yuan or "零")) + Decimal(cents) / 100)


def number(words: str) -> int:
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        many, found, rest = words.rpartition(unit)
        if found:
            return number(many) * size + number(rest)
    value, digit = 0, 0
    for character in words:
        if character in _DIGITS:
            digit = _DIGITS[character]
        else:
            value, digit = value + digit * _UNITS[character], 0
    return value + digit


def written(amount: str) -> str:
    return capitals(Money(Decimal(amount))).removeprefix("人民币")


# The examples of the rule itself. Of 107,000.53 it prints two ways; so it does of 1,680.32.
@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("107000.53", "壹拾万零柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("10", "壹拾元整"),
        ("0", "零元整"),
        ("0.01", "壹分"),
        ("-12.3", "负壹拾贰元叁角"),
        ("80000.2", "捌万元贰角"),
    ],
)
def test_amounts_are_written_as_the_rule_says(amount: str, words: str) -> None:
    assert written(amount) == words


# What others have been told that they had got wrong.
@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("12000.01", "壹万贰仟元零壹分"),
        ("0.78", "柒角捌分"),
        ("0.01", "壹分"),
        ("0.00", "零元整"),
        ("100000000", "壹亿元整"),
        ("200050000", "贰亿零伍万元整"),
        ("10000000000", "壹佰亿元整"),
        ("1234500000000", "壹万贰仟叁佰肆拾伍亿元整"),
        ("1000000000000", "壹万亿元整"),
    ],
)
def test_amounts_that_are_often_written_wrongly_are_written_rightly(amount: str, words: str) -> None:
    assert written(amount) == words


def test_the_currency_stands_before_the_words_without_a_gap() -> None:
    assert capitals(Money(Decimal(88))) == "人民币捌拾捌元整"


def test_only_yuan_are_written_out() -> None:
    with pytest.raises(MoneyError):
        capitals(Money(Decimal(1), "USD"))
    with pytest.raises(MoneyError):
        capitals(Money(Decimal(10) ** 16))


# Amounts with runs of zeros are where this goes wrong; evenly drawn ones have hardly any.
CENTS = st.one_of(
    st.integers(min_value=-(10**14), max_value=10**14),
    st.lists(st.sampled_from("000123456789"), min_size=1, max_size=17).map(lambda digits: int("".join(digits))),
    st.builds(lambda digit, zeros, rest: digit * 10**zeros + rest, st.integers(1, 9), st.integers(0, 16), st.integers(0, 99)),
)  # fmt: skip


@given(CENTS)
@example(10_700_053)
@example(1)
@example(-1)
def test_the_words_are_read_back_as_the_same_amount(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    assert read(capitals(Money(amount))) == amount


@given(CENTS)
def test_the_words_have_no_stray_zero_and_end_as_they_must(cents: int) -> None:
    words = written(str(Decimal(cents).scaleb(-2)))
    assert "零零" not in words
    assert not re.search(r"零[亿万仟佰拾角分]", words)
    assert not words.startswith(("零壹", "拾"))
    assert words.endswith("整") == (cents % 100 == 0)
    assert ("零元" in words) == (cents == 0)
