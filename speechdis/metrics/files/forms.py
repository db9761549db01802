"""The forms in which toolkits write trials and scores, and the words of their columns and labels."""

import re
from collections.abc import Collection
from dataclasses import dataclass

ROLES = ("enroll", "test", "score", "label")
TRIALS, SCORES = ("enroll", "test", "label"), ("enroll", "test", "score")  # Kaldi's


@dataclass(frozen=True)
class Form:
    """Whose form it is, and the role of each column: "-" is passed over, as is "side" (a channel or an attack); "spoof"
    is a label of ASVspoof."""

    name: str
    columns: tuple[str, ...]

    @property
    def kaldi(self) -> bool:
        """One of the forms that need no word."""
        return self.columns in (TRIALS, SCORES, ("score",), ("label",))

    def gives(self, needs: Collection[str]) -> bool:
        """Whether it has the roles that are needed; "alone" is the need of one id a line, not two."""
        return all(
            "enroll" not in self.columns if role == "alone" else self.place(role) is not None
            for role in needs
        ) and ("enroll" not in needs or "enroll" in self.columns)

    def place(self, role: str) -> int | None:
        """The column of a role; of an utterance alone, "test" is both sides of the trial."""
        role = "spoof" if role == "label" and "spoof" in self.columns else role
        role = "test" if role == "enroll" and "enroll" not in self.columns else role
        return self.columns.index(role) if role in self.columns else None

    def __str__(self) -> str:
        return " ".join(
            {"label": "target|nontarget", "spoof": "bonafide|spoof"}.get(c, c) for c in self.columns
        )


FORMS = (
    Form("Kaldi's trials", TRIALS),
    Form("Kaldi's scores", SCORES),
    Form("VoxCeleb's trials", ("label", "enroll", "test")),
    Form("wespeaker's scores", ("enroll", "test", "score", "label")),
    Form("SpeechBrain's scores", ("enroll", "test", "label", "score")),
    Form("VoxCeleb's trials with scores", ("label", "enroll", "test", "score")),
    Form("NIST's key", ("enroll", "test", "side", "label")),
    Form("NIST's scores", ("enroll", "test", "side", "score")),
    Form("scores", ("score",)),
    Form("labels", ("label",)),
    Form("scores with labels", ("score", "label")),
    Form("labels with scores", ("label", "score")),
    Form("labels of utterances", ("test", "label")),
    Form("scores of utterances", ("test", "score")),
    Form("scores of utterances with labels", ("test", "score", "label")),
    Form("labels of utterances with scores", ("test", "label", "score")),
    Form("ASVspoof's scores", ("test", "-", "spoof", "score")),
    Form("ASVspoof 2019's protocol", ("-", "test", "-", "-", "spoof")),
    Form("ASVspoof 2019's protocol with scores", ("-", "test", "-", "-", "spoof", "score")),
    Form("ASVspoof 2021's key (LA)", ("-", "test", "-", "-", "-", "spoof", "-", "-")),
    Form("ASVspoof 2021's key (DF)", ("-", "test", "-", "-", "-", "spoof", *"-------")),
    Form("ASVspoof 5's protocol", ("-", "test", *"------", "spoof", "-")),
)

# Words of a header, without case, blanks and signs.
_HEADERS = {
    "enroll": "model modelid reference ref left first",
    "test": "test testid segment segmentid segid probe right second utt uttid utterance filename file wav",
    "score": "score scores llr llk loglikelihoodratio similarity sim cosine cos cossim logit logits prob probability "
    "plda",
    "label": "label labels target targets targettype trialtype istarget key same issame samespeaker truth groundtruth "
    "gt cmlabel ytrue class trial",
}
_ROLE_OF = {name: role for role, names in _HEADERS.items() for name in names.split()}
_THING = "(utt(erance)?|(file|path)?name|file|wav|path|audio|id|seg(ment)?|sample|rec(ording)?|spk|speaker)"
_PATTERNS = (
    ("enroll", rf"enroll?(l?ment)?{_THING}*|{_THING}+[1a]({_THING})?"),
    ("test", rf"test{_THING}*|{_THING}+[2b]({_THING})?"),
    ("score", r"\w+scores?|\w+similarity"),
)


def role_of(word: str) -> str:
    """The role of a column by its word in a header; "-" if there is none."""
    word = re.sub(r"[\W_]", "", word).lower()
    patterns = (role for role, pattern in _PATTERNS if re.fullmatch(pattern, word))
    return _ROLE_OF.get(word) or next(patterns, "-")


_FAMILIES = (
    ("target tgt tar client", "nontarget non-target non_target imposter impostor imp nontgt non"),
    ("1 1.0 +1", "0 0.0 -1 -1.0"),
    (
        "true same yes positive pos match mated",
        "false different diff no negative neg mismatch nonmatch nonmated",
    ),
    ("t y", "f n"),
    ("bonafide bona-fide genuine", "spoof fake"),
)
SPOOF = 4  # the family of ASVspoof
_WORDS = [
    (word.encode(), family, answer)
    for family, both in enumerate(_FAMILIES)
    for answer, words in zip((True, False), both, strict=True)
    for word in words.split()
]
FAMILY = {word: family for word, family, _ in _WORDS}


class _Labels(dict[bytes, bool]):
    """What each word of a label column says, in any case."""

    def __missing__(self, word: bytes) -> bool:
        if word == word.lower():
            raise KeyError(word)
        return self[word.lower()]


LABELS = _Labels({word: answer for word, _, answer in _WORDS})
