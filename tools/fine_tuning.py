"""What fine-tuning brings: small corpora of new voices, and a model's figures on one of them.

    python tools/fine_tuning.py data --speechocean762 DIR --fsdd DIR --generated DIR --out data
    python tools/fine_tuning.py measure --checkpoint exp/espeak --data data/espeak --features feats/espeak \
        --others feats/speechocean762/others --words data/speechocean762/others

`data` makes the splits train, dev and test of the new voices' recordings, and `others` of speakers who are never
trained on: espeak (one voice of `speechdis generate timit`), fsdd (three of six real speakers, ten digits of a take in
one recording), speechocean762 (28 of its 60 test speakers, who are not in the weights of the package), and mixed (the
voice of espeak beside as many recordings of speechocean762's training speakers, whom the weights know).
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import speechdis
from speechdis.data.audio import read_audio, write_audio
from speechdis.data.directory import read_directory, write_directory
from speechdis.data.utterance import Utterance
from speechdis.evaluation import embeddings
from speechdis.features.store import Store
from speechdis.judges.outside import RATE, voice
from speechdis.model import TrainedModel

SWAPS = 30
FSDD = ("jackson", "lucas", "george"), ("theo", "nicolas", "yweweler")  # new voices, others
ESPEAK = "MBAE0"


def write(out: Path, new: dict[str, list[Utterance]], test: int, dev: int, others: list[Utterance]) -> None:
    """Data directories: of each new voice the first `test` recordings, the next `dev`, and the rest."""
    parts: dict[str, list[Utterance]] = {"train": [], "dev": [], "test": [], "others": others}
    for found in new.values():
        parts["test"] += found[:test]
        parts["dev"] += found[test : test + dev]
        parts["train"] += found[test + dev :]
    for name, utterances in parts.items():
        write_directory(out / name, utterances)


def espeak(root: Path, out: Path) -> None:
    """One voice: 20 recordings in dev, 28 in test. Of the five others, 30 recordings each."""
    found: dict[str, list[Utterance]] = {}
    for file in sorted(root.rglob("*.WAV")):
        spk = file.parent.name
        found.setdefault(spk, []).append(Utterance(f"{spk}-{file.stem}", spk, file.resolve()))
    own = found.pop(ESPEAK)
    np.random.default_rng(0).shuffle(own)  # type: ignore[arg-type]  # a list is one
    write(out, {ESPEAK: own}, 28, 20, [u for spk in sorted(found) for u in found[spk][:30]])


def fsdd(root: Path, out: Path) -> None:
    """Three voices: takes 0-4, the official test split, are test, 5-9 dev. Of the three others, takes 0-19."""
    new, others = ({spk: _joined(root, spk, out / "joined") for spk in spks} for spks in FSDD)
    write(out, new, 5, 5, [u for found in others.values() for u in found[:20]])


def _joined(root: Path, spk: str, out: Path) -> list[Utterance]:
    """The ten digits of each take in one recording, in random order, with a tenth of a second between."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for take in range(50):
        parts, rate = [], 8000
        for digit in np.random.default_rng(take).permutation(10):
            wave, _ = read_audio(root / f"{digit}_{spk}_{take}.wav", rate)
            parts += [wave, np.zeros(rate // 10, np.float32)]
        file = out / f"{spk}-{take:02d}.wav"
        write_audio(file, np.concatenate(parts), rate)
        made.append(Utterance(file.stem, spk, file.resolve()))
    return made


def speechocean762(root: Path, out: Path) -> None:
    """28 voices of the test set: of each 3 recordings in test, 1 in dev, 6 in train. The 32 others whole."""
    found: dict[str, list[Utterance]] = {}
    for utterance in sorted(read_directory(root / "test"), key=lambda u: u.utt):
        found.setdefault(utterance.spk, []).append(utterance)
    spks = sorted(found)
    np.random.default_rng(0).shuffle(spks)
    others = [u for spk in spks[28:] for u in found[spk]]
    write(out, {spk: found[spk] for spk in spks[:28]}, 3, 1, others)


def mixed(root: Path, one: Path, out: Path) -> None:
    """The data directories `one`, with as many recordings of the training speakers in train, and 20 in dev."""
    known = sorted(read_directory(root / "train"), key=lambda u: u.utt)
    np.random.default_rng(0).shuffle(known)  # type: ignore[arg-type]
    for name, more in (("train", known[:154]), ("dev", known[154:174]), ("test", []), ("others", [])):
        write_directory(out / name, [*read_directory(one / name), *more])


def error_rate(model: TrainedModel, path: Path) -> dict[str, object]:
    """Static EER in %, its interval, and the squared error of reconstruction, of a store."""
    store = Store.read(path)
    found = embeddings.embed(model, store, model.device)
    s = found.static / np.linalg.norm(found.static, axis=1, keepdims=True)
    one, two = np.triu_indices(len(s), 1)
    scores, spk = (s[one] * s[two]).sum(1), np.array(store.spks)
    same = spk[one] == spk[two]
    pairs = np.stack([spk[one], spk[two]], 1)[~same]
    eer = speechdis.eer(scores[same], scores[~same], speakers=(spk[one][same], pairs))
    mean, low, high = (round(100 * value, 1) for value in (eer.value, *(eer.interval or (np.nan, np.nan))))
    return {"static EER": mean, "interval": [low, high], "squared error": round(found.squared_error, 3)}


def heard(model: TrainedModel, data: Path, words: Path) -> dict[str, object]:
    """Cosines, by an outside judge, with the new voices' own held-out recordings, means over `SWAPS` swaps.

    A swap is given half of a voice's test recordings, at most three, and is compared with others of them.
    """
    own: dict[str, list[Path]] = {}
    for utterance in read_directory(data / "test"):
        own.setdefault(utterance.spk, []).append(utterance.path)
    files = [u.path for u in read_directory(words)]
    contents = [files[k] for k in np.random.default_rng(0).permutation(len(files))]
    rows = []
    for found in own.values():
        given, kept = found[: min(3, len(found) // 2)], found[min(3, len(found) // 2) :][:5]
        target = _mean([_voice(file) for file in kept])
        another = float(_mean([_voice(file) for file in given]) @ target)
        for _ in range(max(1, SWAPS // len(own))):
            content = contents.pop()
            swap = voice.embed(np.asarray(model.swap(voice=given, content=content).wave))
            rows.append((float(swap @ target), float(_voice(content) @ target), another))
    mean, spread = np.mean(rows, 0), 1.96 * np.std(rows, 0) / len(rows) ** 0.5
    names = ("swap", "words as they were", "another recording of the voice")
    found_of = {
        name: [round(float(m), 3), round(float(s), 3)] for name, m, s in zip(names, mean, spread, strict=True)
    }
    return found_of | {"swaps": len(rows)}


def _voice(file: Path) -> np.ndarray:
    return voice.embed(read_audio(file, RATE)[0])


def _mean(vectors: Sequence[np.ndarray]) -> np.ndarray:
    total = np.sum(vectors, 0)
    return np.asarray(total / np.linalg.norm(total))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    data, measure = commands.add_parser("data"), commands.add_parser("measure")
    for name in ("speechocean762", "fsdd", "generated", "out"):
        data.add_argument(f"--{name}", type=Path, required=True)
    measure.add_argument("--checkpoint", required=True)
    for name in ("data", "features", "others", "words"):
        measure.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    if args.command == "data":
        espeak(args.generated, args.out / "espeak")
        fsdd(args.fsdd, args.out / "fsdd")
        speechocean762(args.speechocean762, args.out / "speechocean762")
        mixed(args.speechocean762, args.out / "espeak", args.out / "mixed")
        return
    model = speechdis.load(args.checkpoint)
    new = embeddings.embed(model, Store.read(args.features / "test"), model.device)
    figures = {
        "new voices, squared error": round(new.squared_error, 3),
        "cosine": heard(model, args.data, args.words),
        "others of this kind": error_rate(model, args.features / "others"),
        "speakers of speechocean762": error_rate(model, args.others),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
