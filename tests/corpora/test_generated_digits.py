"""Generated digits: their layout, and times that fit the sound; TIMIT's whole shape."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.corpora import generated, tidigits
from speechdis.corpora.generated import secuvoice as spanish
from speechdis.corpora.generated import tidigits as english
from speechdis.corpora.generated import timit
from speechdis.corpora.takes import Label, Take
from speechdis.data.audio import read_audio
from speechdis.data.sphere import read_header
from speechdis.errors import InputError

pytest.importorskip("espeakng_loader", reason="needs the extra [generate]")
pytest.importorskip("av", reason="needs the extra [formats]")


def test_any_beginning_of_an_interleaving_is_in_proportion() -> None:
    sizes = {"a": 10, "b": 30, "c": 60}
    groups = generated.interleave(sizes)
    assert Counter(groups) == sizes
    assert set(groups[:3]) == set(sizes)
    for end in range(1, 101):
        counted = Counter(groups[:end])
        assert all(abs(counted[name] - end * size / 100) < 2 for name, size in sizes.items())


def truth(root: Path) -> Iterator[tuple[str, list[tuple[float, float, str]]]]:
    """`words` of a generated tree, by utterance."""
    words: dict[str, list[tuple[float, float, str]]] = {}
    for line in (root / "words").read_text().splitlines():
        utt, start, end, label = line.split()
        words.setdefault(utt, []).append((float(start), float(end), label))
    yield from words.items()


def decibels(wave: np.ndarray) -> float:
    return 10 * np.log10(np.mean(wave**2) + 1e-12)


@pytest.fixture(scope="module")
def strings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tidigits")
    assert sum(english.generate(root, speakers=8, seed=0, strings=1)) == 8 * (22 + 5)
    return root


@pytest.fixture(scope="module")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("secuvoice")
    assert sum(spanish.generate(root, speakers=3, seed=0, sequences=2, takes=2)) == 3 * 12 * 2 * 2
    return root


def test_tidigits_is_as_published(strings: Path) -> None:
    files = sorted((strings / "tidigits").rglob("*.wav"))
    groups = Counter("/".join(file.relative_to(strings / "tidigits").parts[:2]) for file in files)
    assert groups == {f"{part}/{g}": 27 for part in ("train", "test") for g in tidigits.GENDERS}
    header = read_header(files[0])
    assert header is not None
    assert (header["sample_rate"], header["sample_coding"]) == ("20000", "pcm,embedded-shorten-v2.00")
    lengths = Counter(len(tidigits.parse(file.stem)[0].split()) for file in files)
    assert lengths == {1: 8 * 22, 2: 8, 3: 8, 4: 8, 5: 8, 7: 8}


def test_times_of_tidigits_are_those_of_the_sound(strings: Path) -> None:
    utterances = {u.utt: u for us in tidigits.prepare(strings, all=True).values() for u in us}
    found = dict(truth(strings))
    assert found.keys() == utterances.keys()
    for utt, words in found.items():
        wave, rate = read_audio(utterances[utt].path)
        assert " ".join(label for _, _, label in words) == utterances[utt].text
        assert all(a[1] == b[0] and a[0] < a[1] for a, b in pairwise(words))  # connected speech
        first, last = words[0][0], words[-1][1]
        assert decibels(wave[round(first * rate) : round(last * rate)]) > -30
        assert decibels(wave[: round(first * rate) - 100]) < -65
        assert decibels(wave[round((last + 0.01) * rate) :]) < -65


def test_times_of_secuvoice_are_those_of_the_sound(sequences: Path) -> None:
    rows = [line.split("\t") for line in (sequences / "manifest.tsv").read_text().splitlines()[1:]]
    floor = {
        tuple(line.split("\t")[:2]): float(line.split("\t")[2])
        for line in (sequences / "DOC/DEVICES.TSV").read_text().splitlines()[1:]
    }
    words = dict(truth(sequences))
    for place, spk, device, digits, take in rows:
        wave, rate = read_audio(sequences / place)
        spans = words[f"{spk}-{device}-{digits}-{take}"]
        assert len(spans) == len(digits) and spans == sorted(spans)
        noise = floor[spk, device]
        for start, end, _ in spans:
            assert decibels(wave[round(start * rate) : round(end * rate)]) > max(-36, noise)
        edges = [0.0, *(time for start, end, _ in spans for time in (start, end)), len(wave) / rate]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            assert decibels(wave[round((start + 0.05) * rate) : round((end - 0.02) * rate)]) < noise + 2


@pytest.mark.parametrize(
    ("module", "options"),
    [(english, {"speakers": 6, "strings": 0}), (spanish, {"speakers": 3, "sequences": 0, "takes": 1})],
)
def test_the_same_seed_gives_the_same_bytes(
    tmp_path: Path, module: ModuleType, options: dict[str, int]
) -> None:
    def digest(name: str, seed: int, jobs: int) -> dict[str, str]:
        list(module.generate(tmp_path / name, seed=seed, jobs=jobs, **options))
        files = (file for file in (tmp_path / name).rglob("*") if file.is_file())
        return {
            str(f.relative_to(tmp_path / name)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files
        }

    first = digest("a", 0, 1)
    assert first == digest("b", 0, 2)
    assert not {v for k, v in first.items() if k.endswith(".wav")} & set(digest("c", 1, 1).values())


@pytest.mark.parametrize(
    "generate",
    [
        lambda path: english.generate(path, speakers=5, seed=0),
        lambda path: english.generate(path, speakers=327, seed=0),
        lambda path: spanish.generate(path, speakers=2, seed=0),
        lambda path: spanish.generate(path, speakers=3, seed=0, takes=0),
        lambda path: timit.generate(path, speakers=631, seed=0),
        lambda path: timit.generate(path, speakers=6, seed=0, words=1),
    ],
)
def test_sizes_that_are_impossible(tmp_path: Path, generate: Callable[[Path], Iterator[int]]) -> None:
    with pytest.raises(InputError, match="speakers"):
        list(generate(tmp_path))


def test_timit_in_its_whole_shape_has_the_published_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything but the speech itself, which takes 1 ms a word: 6,300 files, and the s5 split of 5,040."""
    sound = np.sin(np.arange(160)) / 2
    take = Take(sound, (Label(0, 160, "h#"),), (Label(0, 160, "a"),))
    monkeypatch.setattr(timit, "say", lambda text, speaker, rng: take)
    root = tmp_path / "timit"
    assert main(["generate", "timit", "--out", str(root), "--speakers", "630", "--words", "2"]) == 0
    wavs = [file.relative_to(root).parts for file in root.rglob("*.WAV")]
    assert Counter(parts[0] for parts in wavs) == {"TRAIN": 4620, "TEST": 1680}
    speakers = {parts[:3] for parts in wavs}
    assert len({spk for _, _, spk in speakers}) == 630
    regions = Counter(region for _, region, _ in speakers)
    assert [regions[f"DR{i}"] for i in range(1, 9)] == [49, 102, 102, 100, 98, 46, 100, 33]
    for sa, counts in ((False, [3696, 400, 192]), (True, [4620, 500, 240])):
        out = tmp_path / f"data{sa}"
        assert main(["prepare", "timit", "--root", str(root), "--out", str(out), *["--sa"][: int(sa)]]) == 0
        lines = [
            len((out / split / "wav.scp").read_text().splitlines()) for split in ("train", "dev", "test")
        ]
        assert lines == counts
