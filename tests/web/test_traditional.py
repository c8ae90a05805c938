import pytest

from encore.web.traditional import traditional


@pytest.mark.parametrize(
    ("simplified", "expected"),
    [
        ("投诉的核实时限", "投訴的核實時限"),
        ("最多只能保存", "最多只能儲存"),
        ("酒水质量", "酒水品質"),
        ("争议处理程序", "爭議處理程序"),
        ("", ""),
    ],
)
def test_what_the_converter_gets_wrong_is_put_right(simplified: str, expected: str) -> None:
    assert traditional(simplified) == expected
