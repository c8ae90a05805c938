"""The tree of RFC 9162 over leaf hashes: its root, and proofs that a leaf is in it and that it only ever grew.

Leaves come hashed (`chain.leaf`). A proof is given from the bottom to the top.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

Hash = bytes

EMPTY: Final[Hash] = sha256(b"").digest()


def node(left: Hash, right: Hash) -> Hash:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """All that a growing tree must remember: the roots of its complete subtrees, the largest first."""

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[Hash] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError(f"A tree of {size} leaves has {size.bit_count()} complete subtrees.")

    def add(self, leaf: Hash) -> None:
        """Takes two hashes on average, whatever the size."""
        size, peaks = self.size, self.peaks
        while size & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    @property
    def root(self) -> Hash:
        if not self.peaks:
            return EMPTY
        *larger, root = self.peaks
        for peak in reversed(larger):
            root = node(peak, root)
        return root

    def copy(self) -> "Frontier":
        return Frontier(self.size, self.peaks)


def root(leaves: Iterable[Hash]) -> Hash:
    grown = Frontier()
    for leaf in leaves:
        grown.add(leaf)
    return grown.root


def inclusion(leaves: Sequence[Hash], index: int) -> list[Hash]:
    """What to hash the leaf with to come to the root. `IndexError` for a leaf that is not there."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    if index < half:
        return [*inclusion(leaves[:half], index), root(leaves[half:])]
    return [*inclusion(leaves[half:], index - half), root(leaves[:half])]


def consistency(leaves: Sequence[Hash], earlier: int) -> list[Hash]:
    """What shows that the tree of the first `earlier` leaves is the beginning of this one."""
    if not 0 < earlier <= len(leaves):
        raise IndexError(earlier)
    return _consistency(leaves, earlier, whole=True)


def _consistency(leaves: Sequence[Hash], earlier: int, *, whole: bool) -> list[Hash]:
    """`whole`: the earlier tree's root is known to whoever checks the proof."""
    if earlier == len(leaves):
        return [] if whole else [root(leaves)]
    half = _half(len(leaves))
    if earlier <= half:
        return [*_consistency(leaves[:half], earlier, whole=whole), root(leaves[half:])]
    return [*_consistency(leaves[half:], earlier - half, whole=False), root(leaves[:half])]


def includes(root: Hash, size: int, leaf: Hash, index: int, proof: Iterable[Hash]) -> bool:
    """Whether the proof leads from the leaf at that place to the root of a tree of that size (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node(one, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node(found, one)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def extends(root: Hash, size: int, earlier_root: Hash, earlier: int, proof: Sequence[Hash]) -> bool:
    """Whether the proof shows that the earlier tree is the beginning of this one (RFC 9162, 2.1.4.2)."""
    if not 0 < earlier <= size:
        return False
    if earlier == size:
        return not proof and root == earlier_root
    rest = list(proof)
    if earlier & (earlier - 1) == 0:  # a complete tree is itself the first hash, and left out of the proof
        rest.insert(0, earlier_root)
    if not rest:
        return False
    here, last = earlier - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    then = now = rest[0]
    for one in rest[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            then, now = node(one, then), node(one, now)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            now = node(now, one)
        here, last = here >> 1, last >> 1
    return last == 0 and then == earlier_root and now == root


def _half(size: int) -> int:
    """The largest power of two that is less than the size: as many leaves stand left of the root."""
    return 1 << (size - 1).bit_length() - 1
