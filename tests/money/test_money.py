from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore.money import Money, MoneyError, MoreThanOneCurrency, total

CENTS = st.integers(min_value=-(10**13), max_value=10**13)
AMOUNTS = CENTS.map(lambda cents: Money(Decimal(cents).scaleb(-2)))
NOT_NEGATIVE = st.integers(min_value=0, max_value=10**13).map(lambda cents: Money(Decimal(cents).scaleb(-2)))


def yuan(text: str) -> Money:
    return Money(Decimal(text))


def test_an_amount_always_has_two_decimals() -> None:
    assert [str(yuan(text)) for text in ("12", "12.5", "12.50", "1E+2", "-0.00")] == [
        "12.00", "12.50", "12.50", "100.00", "0.00",
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [12.5, 12, "12.50", None, True])
def test_an_amount_is_made_of_a_decimal_and_of_nothing_else(wrong: object) -> None:
    with pytest.raises(TypeError):
        Money(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["0.001", "12.345", "NaN", "Infinity", "1E+40"])
def test_what_is_no_number_of_cents_is_no_amount(wrong: str) -> None:
    with pytest.raises(MoneyError):
        Money(Decimal(wrong))


def test_currencies_do_not_mix() -> None:
    one, other = yuan("1.00"), Money(Decimal(1), "HKD")
    for mixed in (lambda: one + other, lambda: one - other, lambda: one < other, lambda: total([one, other])):
        with pytest.raises(MoreThanOneCurrency):
            mixed()
    assert one != other


@pytest.mark.parametrize("wrong", [0.1, Decimal("0.1"), "2", True])
def test_only_whole_numbers_multiply_an_amount_since_all_else_has_to_be_rounded(wrong: object) -> None:
    with pytest.raises(TypeError):
        yuan("1.00") * wrong  # type: ignore[operator]


def test_neither_a_number_nor_a_float_is_added_to_an_amount() -> None:
    for wrong in (1, 0.5, Decimal(1)):
        with pytest.raises(TypeError):
            yuan("1.00") + wrong  # type: ignore[operator]


def test_half_a_cent_goes_away_from_zero() -> None:
    assert [str(Money.rounded(Decimal(text))) for text in ("0.005", "0.015", "-0.005", "0.0049", "2.675")] == [
        "0.01", "0.02", "-0.01", "0.00", "2.68",
    ]  # fmt: skip


def test_a_formula_is_rounded_once_at_its_end() -> None:
    # 0.3 % a day of 33.33 for five days: 0.49995, which is 0.50. A day rounded for itself would be 0.10, five of them 0.50;
    # of 1.50 it would be 0.00 a day, and nothing after five days, where 0.0225 are owed.
    assert yuan("1.50").times(Decimal("0.003"), 5) == yuan("0.02")
    assert yuan("100.00").times(Fraction(1, 3), 3) == yuan("100.00")


def test_a_float_is_no_factor() -> None:
    for wrong in (0.1, "2", True):
        with pytest.raises(TypeError):
            yuan("1.00").times(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            Money.rounded(wrong)  # type: ignore[arg-type]


@given(CENTS, st.integers(min_value=1, max_value=10**6))
def test_a_fraction_is_rounded_as_a_decimal_is(number: int, tenths: int) -> None:
    value = Decimal(number) * tenths / 1000
    assert Money.rounded(Fraction(number * tenths, 1000)) == Money.rounded(value)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("¥1,234.5", "1234.50"),
        ("￥1234.50", "1234.50"),
        ("１，２３４．５０", "1234.50"),
        ("1234.50元", "1234.50"),
        ("88 元整", "88.00"),
        ("人民币 88 元", "88.00"),
        ("CNY 88.8", "88.80"),
        ("-¥12.30", "-12.30"),
        ("¥-12.30", "-12.30"),
        ("−12.30", "-12.30"),
        ("0", "0.00"),
        (" 007 ", "7.00"),
    ],
)
def test_amounts_are_read_as_people_type_them(typed: str, read: str) -> None:
    assert str(Money.parse(typed)) == read


@pytest.mark.parametrize(
    "typed", ["", "3千", "三百", "1,23", "12,34.5", "1.234", "1.2.3", "--5", "-¥-5", "$5", "1e3", "5元5角", "1 234", "1000000000000"]
)  # fmt: skip
def test_what_is_no_amount_is_not_guessed_at(typed: str) -> None:
    assert Money.parse(typed) is None


@given(AMOUNTS)
def test_what_is_shown_is_read_back(amount: Money) -> None:
    assert Money.of(str(amount)) == amount
    if abs(amount.amount) < 10**12:
        assert Money.parse(amount.shown) == amount


def test_an_amount_is_shown_with_its_sign_and_groups() -> None:
    assert yuan("1234.5").shown == "¥1,234.50"
    assert yuan("-1234567.89").shown == "-¥1,234,567.89"
    assert Money(Decimal(12), "HKD").shown == "HKD 12.00"


@given(st.lists(AMOUNTS, max_size=8), st.integers(min_value=-1000, max_value=1000))
def test_times_distributes_over_sums(amounts: list[Money], number: int) -> None:
    assert total(amounts) * number == total([amount * number for amount in amounts])


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_sums_do_not_depend_on_their_order(one: Money, two: Money, three: Money) -> None:
    assert (one + two) + three == three + (two + one)
    assert one - two == -(two - one)
    assert (one < two) == (one - two < Money.zero())


@given(AMOUNTS, st.lists(st.integers(min_value=0, max_value=1000), min_size=1, max_size=12).filter(any))
def test_the_parts_of_a_divided_amount_add_up_to_it(amount: Money, weights: list[int]) -> None:
    parts = amount.divided(weights)
    assert total(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        exact = Fraction(amount.amount) * weight / sum(weights)
        assert abs(Fraction(part.amount) - exact) < Fraction(1, 100)


def test_an_amount_is_not_divided_among_nobody() -> None:
    for weights in ([], [0, 0], [1, -1]):
        with pytest.raises(MoneyError):
            yuan("1.00").divided(weights)
