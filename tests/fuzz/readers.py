"""Every kind of file that a person can hand in: a good one, and the command that reads it."""

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
import yaml

from speechdis import models
from speechdis.cli import main
from speechdis.data.archive import write_matrices, write_vectors
from speechdis.features import settings_of
from speechdis.features.store import write_store
from speechdis.metrics.verification import verify
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint
from tests.corpora.test_commonvoice import write_tree as write_commonvoice
from tests.corpora.test_lhotse import write_part
from tests.corpora.test_voxceleb import write_vox1

RATE = 16000


@dataclass(frozen=True)
class Reader:
    """A kind of file, and a command that reads it.

    Attributes:
        file: the file that is damaged, within the folder that `make_inputs` fills.
        words: of the command line; `{in}` is that folder, `{out}` a path where nothing is yet.
    """

    file: str
    words: str

    def argv(self, inputs: Path, out: Path) -> list[str]:
        return [word.replace("{in}", str(inputs)).replace("{out}", str(out)) for word in self.words.split()]


_FEATURES = "features --data {in}/data --out {out} --jobs 1"
_KALDI = "features --from-kaldi --data {in}/kaldi --out {out} --jobs 1"
_EER = "eer --trials {in}/trials --scores {in}/scores --json {out}"
_COSINE = "eer --trials {in}/trials --embeddings {in}/static.scp --json {out}"
_SWAP = "swap --checkpoint {in}/exp/best --voice {in}/data/a.wav --content {in}/data/b.wav --out {out}.wav"
_EMBED = "embed --checkpoint {in}/exp/best --features {in}/store --out {out} --device cpu"
_TRAIN = "train --features {in}/none --out {out} --device cpu --config"
_REPORT = "report --exp {in}/exp --out {out}"

READERS = {
    "wav": Reader("data/a.wav", _FEATURES),
    "flac": Reader("data/b.flac", _FEATURES),
    "ogg": Reader("data/c.ogg", _FEATURES),
    "mp3": Reader("data/d.mp3", _FEATURES),
    "sphere": Reader("data/e.sph", _FEATURES),
    "shorten": Reader("data/f.wv1", _FEATURES),
    "wav.scp": Reader("data/wav.scp", _FEATURES),
    "utt2spk": Reader("data/utt2spk", _FEATURES),
    "segments": Reader("data/segments", _FEATURES),
    "text": Reader("data/text", _FEATURES),
    "phones": Reader("data/phones", _FEATURES),
    "feats.scp": Reader("kaldi/feats.scp", _KALDI),
    "feats.ark": Reader("kaldi/feats.ark", _KALDI),
    "trials": Reader("trials", _EER),
    "scores": Reader("scores", _EER),
    "labels": Reader("labels", "eer --scores {in}/scores --labels {in}/labels --json {out}"),
    "eer-utt2spk": Reader("speakers", _EER + " --utt2spk {in}/speakers"),
    "embeddings.scp": Reader("static.scp", _COSINE),
    "embeddings.ark": Reader("static.ark", _COSINE),
    "recipe": Reader("recipe.yaml", _TRAIN + " {in}/recipe.yaml"),
    "checkpoint": Reader("exp/checkpoints/best.safetensors", _EMBED),
    "store.yaml": Reader("store/store.yaml", _EMBED),
    "utts.tsv": Reader("store/utts.tsv", _EMBED),
    "frames.npy": Reader("store/frames.npy", _EMBED),
    "swap-content": Reader("data/b.wav", _SWAP),
    "manifest": Reader("pairs.tsv", "swap --checkpoint {in}/exp/best --manifest {in}/pairs.tsv --out {out}"),
    "timit-phn": Reader("timit/TRAIN/DR1/FCJF0/SX37.PHN", "prepare timit --root {in}/timit --out {out}"),
    "vox-trials": Reader("vox1/veri_test2.txt", "prepare voxceleb1 --root {in}/vox1 --out {out}"),
    "commonvoice": Reader("cv/train.tsv", "prepare commonvoice --root {in}/cv --out {out}"),
    "lhotse-recordings": Reader(
        "lhotse/recordings_train.jsonl", "prepare lhotse --root {in}/lhotse --out {out}"
    ),
    "lhotse-supervisions": Reader(
        "lhotse/supervisions_train.jsonl", "prepare lhotse --root {in}/lhotse --out {out}"
    ),
    "mnist": Reader("mnist/t10k-images-idx3-ubyte", "images --root {in}/mnist --out {out} --dev 5"),
    "results.json": Reader("exp/results.json", _REPORT),
    "metrics.jsonl": Reader("exp/metrics.jsonl", _REPORT),
    "config.yaml": Reader("exp/config.yaml", _REPORT),
    "run.json": Reader("exp/run.json", _REPORT),
}


def make_inputs(folder: Path) -> None:
    """Fill `folder` with a good file of every kind of `READERS`."""
    rng = np.random.default_rng(0)
    for make in (_data, _archives, _trials, _model, _corpora, _large_corpora):
        make(folder, rng)


def _wave(rng: np.random.Generator, seconds: float = 0.3) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 150 * time) + 0.01 * rng.normal(size=len(time))).astype(np.float32)


def _data(folder: Path, rng: np.random.Generator) -> None:
    from speechdis.data.audio import write_audio

    data = folder / "data"
    data.mkdir(parents=True)
    for name in ("a.wav", "b.wav", "b.flac", "c.ogg"):
        soundfile.write(data / name, _wave(rng), RATE)
    soundfile.write(data / "d.mp3", _wave(rng), RATE, format="MP3")
    write_audio(data / "e.sph", _wave(rng), RATE, "NIST")
    write_audio(data / "f.wv1", _wave(rng), RATE, "SHORTEN")
    names = {"s-a": "a.wav", "s-b": "b.flac", "s-c": "c.ogg", "t-d": "d.mp3", "t-e": "e.sph", "t-f": "f.wv1"}
    tables: dict[str, Callable[[str], str]] = {
        "wav.scp": lambda utt: names[utt],
        "utt2spk": lambda utt: utt[0],
        "segments": lambda utt: f"{utt} 0.02 0.25",
        "text": lambda utt: "some words",
        "phones": lambda utt: "0.0 0.2 aa",
    }
    for name, value in tables.items():
        (data / name).write_text("".join(f"{utt} {value(utt)}\n" for utt in names))


def _archives(folder: Path, rng: np.random.Generator) -> None:
    utts = [f"{spk}-{k}" for spk in "st" for k in range(3)]
    write_matrices(folder / "kaldi", "feats", [(u, rng.normal(size=(20, 80)).astype("f4")) for u in utts])
    (folder / "kaldi" / "utt2spk").write_text("".join(f"{utt} {utt[0]}\n" for utt in utts))
    write_vectors(folder, "static", [(u, rng.normal(size=5).astype("f4")) for u in "abcdef"])


def _trials(folder: Path, rng: np.random.Generator) -> None:
    pairs = [(a, b) for i, a in enumerate("abcdef") for b in "abcdef"[i + 1 :]]
    labels = ["target" if ("abc".find(a) < 0) == ("abc".find(b) < 0) else "nontarget" for a, b in pairs]
    (folder / "trials").write_text("".join(f"{a} {b} {k}\n" for (a, b), k in zip(pairs, labels, strict=True)))
    (folder / "labels").write_text("".join(f"{k}\n" for k in labels))
    (folder / "speakers").write_text("a s\nb s\nc s\nd t\ne t\nf t\n")
    (folder / "scores").write_text("".join(f"{a} {b} {rng.normal():.4f}\n" for a, b in pairs))


def _model(folder: Path, rng: np.random.Generator) -> None:
    settings, ones = settings_of("fbank"), np.ones(80, np.float32)
    rows = [(f"{spk}-{k}", spk, rng.normal(size=(25, 80)).astype("f4")) for spk in "st" for k in range(2)]
    write_store(folder / "store", rows, settings)
    torch.manual_seed(0)
    model = models.build(
        "dsvae", 80, models.load("dsvae").Config(static_size=4, dynamic_size=3, hidden_size=8)
    )
    exp = folder / "exp"
    checkpoint.save(
        exp / "checkpoints" / "best.safetensors",
        Checkpoint(model.eval(), "dsvae", settings, 20, -8 * ones, 3 * ones, 40),
    )
    recipe = {"model": {"name": "dsvae", "static_size": 8}, "training": {"steps": 10, "learning_rate": 0.001}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    (exp / "config.yaml").write_text(yaml.safe_dump(recipe | {"data": {"train": "ab" * 32}}))
    line = {"step": 20, "train": {"loss": 9.0}, "valid": {"loss": 9.5}}
    (exp / "metrics.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(line | {"step": 40}) + "\n")
    (exp / "run.json").write_text(json.dumps({"seconds": 3.0, "step": 40}))
    target, spk = np.arange(60) % 3 == 0, np.arange(60) % 4
    found = verify(rng.normal(size=60), target, spk, np.where(target, spk, (spk + 1) % 4), 20)
    rates = {condition: {"raw": asdict(found)} for condition in ("clean", "channel")}
    row = {"system": "dsvae", "static": rates, "dynamic": rates, "probes": {"energy_dynamic": 0.5}}
    (exp / "results.json").write_text(json.dumps({"row": row, "references": [], "made": {"commit": "abc"}}))
    pairs = [f"{folder}/data/a.wav\t{folder}/data/b.{kind}\t{kind}.wav\n" for kind in ("wav", "flac")]
    (folder / "pairs.tsv").write_text("".join(pairs))


def _corpora(folder: Path, rng: np.random.Generator) -> None:
    from speechdis.data.audio import write_audio

    for place in ("TRAIN/DR1/FCJF0", "TEST/DR1/FAKS0", "TEST/DR1/MDAB0"):
        stem = folder / "timit" / place / "SX37"
        stem.parent.mkdir(parents=True)
        write_audio(stem.with_suffix(".WAV"), _wave(rng), RATE, "NIST")
        stem.with_suffix(".PHN").write_text("0 2000 h#\n2000 4800 aa\n")
        stem.with_suffix(".TXT").write_text("0 4800 Critical equipment.\n")
    (folder / "mnist").mkdir()
    for part in ("train", "t10k"):
        images = rng.integers(0, 256, (20, 28, 28), np.uint8)
        labels = (np.arange(20) % 10).astype(np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            head = struct.pack(f">{1 + array.ndim}I", 2048 + array.ndim, *array.shape)
            (folder / "mnist" / name).write_bytes(head + array.tobytes())


def _large_corpora(folder: Path, rng: np.random.Generator) -> None:
    write_vox1(folder / "vox1")
    write_commonvoice(folder / "cv", "")
    write_part(folder / "lhotse", "WHAT_train", range(6), packed=False)


def check_inputs(folder: Path, out: Path) -> None:
    """Raise AssertionError where a good file is not read: then damage to it would show nothing."""
    for name, reader in READERS.items():
        expected = (
            2 if name == "recipe" else 0
        )  # of a recipe only the reading is tried: there is nothing to train on
        code = main(reader.argv(folder, out / name))
        assert code == expected, f"{name}: the undamaged file gives exit code {code}"
