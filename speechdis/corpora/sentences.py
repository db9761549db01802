"""Sentences to be read aloud: a small grammar with some 10^9 of them, all plain English words.

The words were chosen so that every phone of TIMIT's 39 occurs often, in several contexts, and in stressed
syllables too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

TEMPLATES = (
    "{person} {did} {thing} {place}.",
    "{person} {did} {thing} {when}.",
    "{when}, {person} {did} {thing}.",
    "{why} did {person} {do} {thing} {place}?",
    "{please} {do} {thing} {when}.",
    "{thing} {stood} {place} {when}.",
    "{person} {how} {did} {thing}.",
    "{person} and {person} will {do} {thing}.",
    "if {thing} {stood} {place}, {person} would {do} {thing}.",
)

SLOTS = {
    slot: [phrase.strip() for phrase in phrases.replace("\n", " ").split(",")]
    for slot, phrases in {
        "person": """the young teacher, my oldest brother, a careful nurse, her noisy neighbor, the choir
            director, an honest lawyer, our former mayor, the shy boy, the loyal butcher, a French
            painter, his younger cousin, the tall soldier, the royal guard, a hungry jogger, their new
            pilot, a wealthy merchant, the old judge, her father, some wise women, both thieves, the
            poor actor, a foolish king, the bishop, each pupil""",
        "did": """carried, measured, enjoyed, found, pushed, cooked, chose, bought, threw away, polished,
            destroyed, watched, described, covered, hid, gathered, borrowed, noticed, ignored,
            weighed, shook, shared, touched, drew, followed, joined, pulled, used, served, bathed""",
        "do": """carry, measure, enjoy, find, push, cook, choose, buy, throw away, polish, destroy, watch,
            describe, cover, hide, gather, borrow, notice, ignore, weigh, shake, share, touch, draw,
            follow, join, pull, use, serve, bathe""",
        "thing": """a yellow vase, the boiling water, that oily rag, the wooden toy, an unusual picture, seven
            coins, the good book, a thick brown sweater, this azure mirror, the broken television,
            those ripe oranges, the leather jacket, a full jar of honey, three white feathers, the
            sugar bowl, a huge cheese sandwich, the dirty laundry, his poison ivy, the hidden
            treasure, an enormous couch, some fresh fish, the garage key, a bushel of wheat, the fuzzy
            blanket, my loose tooth, the south tower, her beige gown, a pair of shoes, the cloth bag,
            the measuring cup""",
        "place": """near the harbor, behind the garage, in the kitchen, on the roof, under the bridge, above
            the fireplace, at the zoo, by the north shore, beside the church, along the gravel path,
            inside the museum, outside the courthouse, among the bushes, through the woods, across the
            meadow, over the hill, near the oil refinery, around the fountain, in our village, beneath
            the old oak, at the college, toward the youth hostel, in the closet, on her birthday card""",
        "when": """every Thursday, before the storm, last August, after a long vacation, at noon, this
            morning, during the voyage, in early spring, on Wednesday, within an hour, late at night,
            twice a month, while the others slept, as usual, for the first time, once more, without a
            doubt, in the end, just for pleasure, until February, all year""",
        "why": "why, how, when, where",
        "please": "please, kindly, never, always, do not, help me, try to, let us, you should, we could",
        "stood": "stood, lay, looked good, was left, turned up, vanished, shone, grew old, fell, burned",
        "how": """quietly, gladly, hardly ever, usually, carefully, foolishly, rudely, often, seldom, rather
            slowly, thoughtfully, joyfully""",
    }.items()
}


def sentences(count: int, rng: np.random.Generator) -> list[str]:
    """`count` different sentences."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[sentence(rng)] = None
    return list(found)


def sentence(rng: np.random.Generator) -> str:
    """One sentence, capital letter to full stop; no phrase occurs twice in it."""
    chosen: list[str] = []

    def fill(slot: re.Match[str]) -> str:
        phrases = [phrase for phrase in SLOTS[slot[1]] if phrase not in chosen]
        chosen.append(phrases[rng.integers(len(phrases))])
        return chosen[-1]

    text = re.sub(r"\{(\w+)\}", fill, TEMPLATES[rng.integers(len(TEMPLATES))])
    return text[0].upper() + text[1:]


def word_lists(count: int, length: int, rng: np.random.Generator) -> list[str]:
    """`count` different sentences of `length` words, at least 2, that mean nothing: for corpora that must be short."""
    lexicon = sorted({word for phrases in SLOTS.values() for phrase in phrases for word in words(phrase)})
    found: dict[str, None] = {}
    while len(found) < count:
        found[" ".join(rng.choice(lexicon, length)).capitalize() + "."] = None
    return list(found)


def words(text: str) -> list[str]:
    """Words of a sentence as label files have them: in lower case, without punctuation."""
    return re.sub(r"[^\w' ]", "", text).lower().split()
