"""The tree against the roots and proofs that the implementations of Certificate Transparency test themselves with."""

from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from encore.ledger.merkle import EMPTY, Frontier, consistency, extends, includes, inclusion, root

# The inputs of RFC 6962's reference implementation, and the roots over the first of them, the first two, and so on.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
LEAVES = [sha256(b"\x00" + entry).digest() for entry in ENTRIES]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCIES = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


@pytest.mark.parametrize("size", range(9))
def test_the_root_is_the_published_one(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size]


def test_a_tree_without_leaves_has_the_hash_of_nothing() -> None:
    assert Frontier().root == EMPTY == sha256().digest()


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_a_leaf_is_proved_as_published(index: int, size: int) -> None:
    assert [one.hex() for one in inclusion(LEAVES[:size], index)] == INCLUSIONS[index, size]


@pytest.mark.parametrize(("earlier", "size"), CONSISTENCIES)
def test_growth_is_proved_as_published(earlier: int, size: int) -> None:
    assert [one.hex() for one in consistency(LEAVES[:size], earlier)] == CONSISTENCIES[earlier, size]


def leaves(size: int) -> list[bytes]:
    return [sha256(b"\x00%d" % number).digest() for number in range(size)]


SIZES = st.integers(1, 70)


@given(SIZES, st.data())
def test_a_leaf_is_proved_at_its_place_and_at_no_other(size: int, data: st.DataObject) -> None:
    tree = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(tree, index)
    assert includes(root(tree), size, tree[index], index, proof)
    other = data.draw(st.integers(0, size))
    assume(other != index)
    assert not includes(root(tree), size, tree[index], other, proof)
    assert not includes(root(tree), size, sha256(b"other").digest(), index, proof)


@given(SIZES, st.data())
def test_a_proof_of_a_leaf_bears_no_change(size: int, data: st.DataObject) -> None:
    tree = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(tree, index)
    assert not includes(root(tree), size, tree[index], index, [*proof, EMPTY])
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        assert not includes(root(tree), size, tree[index], index, proof[:place] + proof[place + 1 :])
        assert not includes(
            root(tree), size, tree[index], index, [*proof[:place], flipped(proof[place], data), *proof[place + 1 :]]
        )


@given(SIZES, st.data())
def test_growth_is_proved_for_the_earlier_tree_and_for_no_other(size: int, data: st.DataObject) -> None:
    tree = leaves(size)
    earlier = data.draw(st.integers(1, size))
    before, proof = root(tree[:earlier]), consistency(tree, earlier)
    assert extends(root(tree), size, before, earlier, proof)
    assert not extends(root(tree), size, flipped(before, data), earlier, proof)
    assert not extends(flipped(root(tree), data), size, before, earlier, proof)
    assert not extends(root(tree), size, before, earlier, [*proof, EMPTY])
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:place], flipped(proof[place], data), *proof[place + 1 :]]
        assert not extends(root(tree), size, before, earlier, changed)


@given(SIZES, st.data())
def test_a_rewritten_past_cannot_be_proved_to_have_grown(size: int, data: st.DataObject) -> None:
    tree = leaves(size)
    earlier = data.draw(st.integers(1, size))
    place = data.draw(st.integers(0, earlier - 1))
    rewritten = [*tree[:place], sha256(b"other").digest(), *tree[place + 1 :]]
    assert not extends(root(rewritten), size, root(tree[:earlier]), earlier, consistency(rewritten, earlier))


@given(SIZES, st.data())
def test_a_frontier_goes_on_from_where_it_was_kept(size: int, data: st.DataObject) -> None:
    tree = leaves(size)
    half = Frontier()
    for leaf in tree[: data.draw(st.integers(0, size))]:
        half.add(leaf)
    grown = Frontier(half.size, half.peaks)
    for leaf in tree[half.size :]:
        grown.add(leaf)
    assert (grown.size, grown.root) == (size, root(tree))


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="2 complete subtrees"):
        Frontier(3, [EMPTY])


@pytest.mark.parametrize("index", [-1, 8])
def test_what_is_not_there_cannot_be_proved(index: int) -> None:
    with pytest.raises(IndexError):
        inclusion(LEAVES, index)
    with pytest.raises(IndexError):
        consistency(LEAVES, index if index < 0 else 9)
    assert not includes(root(LEAVES), 8, LEAVES[0], index, inclusion(LEAVES, 0))
    assert not extends(root(LEAVES), 8, EMPTY, 0, [])


def flipped(found: bytes, data: st.DataObject) -> bytes:
    place, bit = data.draw(st.integers(0, len(found) - 1)), data.draw(st.integers(0, 7))
    return found[:place] + bytes([found[place] ^ 1 << bit]) + found[place + 1 :]
