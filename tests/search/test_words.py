"""What is found is what stands there: no more, no less, whatever the script and however it is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore.search.words import asked, excerpt, folded, for_postgresql, for_sqlite, written

LETTERS = "报销单酒水态度差AbcV130５６-., ，。'\"*\\:&|!()<>\x00\ud800\ue000\ue001é"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("服务态度太差了", "态度"),
        ("服务态度太差了", "差"),
        ("服务态度太差了", "了"),
        ("冰镇的Budweiser啤酒没气", "weiser啤"),
        ("澜溪精酿 IPA 没气", "ipa"),
        ("房间Ｖ１３", "v13"),
        ("C-26-000017", "000017"),
        ("C-26-000017", "c26000017"),
        ("退了1,234.50元", "1234.5"),
        ("电话138-0013-8000", "8000"),
        ("投訴處理", "投诉处理"),
        ("投诉处理", "投訴"),
        ("酒是温的，叫了三次没人来", "没人 温的"),
    ],
)
def test_words_are_found_where_they_stand(text: str, question: str) -> None:
    assert all(word in folded(text) for word in asked(question))
    assert excerpt([text], asked(question)), "and shown"


def test_a_question_of_signs_alone_asks_for_nothing() -> None:
    assert asked("!?。…*\"'()  \x00") == []


@given(st.text(LETTERS, max_size=60), st.text(LETTERS, max_size=12))
def test_nothing_that_is_typed_is_syntax(text: str, question: str) -> None:
    for token in [*written([text], [1], {2: [text]}), *asked(question)]:
        assert all(letter.isalnum() or letter in "\ue000\ue001" for letter in token)
    signs = set(for_sqlite(asked(question), 1)) | set(for_postgresql(asked(question), 1))
    assert all(sign.isalnum() or sign in "\ue000\ue001\"'()&|<->:* " for sign in signs)


@given(st.text(max_size=200), st.text(max_size=20))
def test_an_excerpt_shows_the_words_and_changes_none(text: str, question: str) -> None:
    pieces = excerpt([text], asked(question))
    shown = "".join(piece for piece, _hit in pieces).strip("…")
    assert shown in " ".join(text.split()) or "…" in text
    for piece, is_hit in pieces:
        if is_hit:
            assert any(word[0] in folded(piece) for word in asked(question))
