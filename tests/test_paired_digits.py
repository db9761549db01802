"""Spoken and written digits from stores to tables and grids: training, its resume, judges, generation, bad input."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from speechdis.cli import main
from speechdis.corpora.digits import ENGLISH
from speechdis.data.audio import write_audio
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.features import settings_of
from speechdis.features.images import write_images
from speechdis.features.store import Store, write_store
from speechdis.judges.digit_judge import DigitJudge
from speechdis.plots.png import write_png
from speechdis.training.config import Training
from speechdis.training.paired_batches import PairBatches, _in_batches, paired, spoken, written

DIGITS, RATE, BINS = (0, 1, 2), 8000, 24
SETTINGS = settings_of("fbank", rate=RATE, bins=BINS)
CPU = torch.device("cpu")
RECIPE = {
    "model": {"name": "pvae", "semantic_size": 3, "style_size": 2, "hidden_size": 12},
    "training": {"steps": 12, "batch": 6, "validate_every": 4},
}


@dataclass(frozen=True)
class Tree:
    """Where things are; `words` are the options that name them."""

    root: Path

    @property
    def words(self) -> list[str]:
        return [
            "--features", str(self.root / "features"), "--data", str(self.root / "data"),
            "--images", str(self.root / "images"),
        ]  # fmt: skip


def spoken_part(root: Path, part: str, count: int, rng: np.random.Generator) -> None:
    """`count` utterances of each digit, whose bands of loud bins tell them apart, of 9 to 16 frames."""
    rows, utterances = [], []
    for digit in DIGITS:
        for k in range(count):
            frames = rng.normal(size=(int(rng.integers(9, 17)), BINS)).astype(np.float32) + 8
            frames[:, 8 * digit : 8 * digit + 8] += 4
            utt = f"s{k % 2}-{digit}-{k}"
            rows.append((utt, f"s{k % 2}", frames))
            path = root / "wav" / f"{utt}.wav"
            utterances.append(Utterance(utt, f"s{k % 2}", path, text=ENGLISH[digit]))
    write_store(root / "features" / part, sorted(rows), SETTINGS)
    write_directory(root / "data" / part, utterances)


def written_part(root: Path, part: str, count: int, rng: np.random.Generator) -> None:
    """`count` images of each digit: a bar in a place of its own, of some width."""
    labels = np.repeat(DIGITS, count)
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for image, digit in zip(images, labels, strict=True):
        image[8 * digit + 2 : 8 * digit + 2 + rng.integers(3, 7)] = 200 + rng.integers(50)
    write_images(root / "images" / part, images, labels, range(len(labels)))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root, rng = tmp_path_factory.mktemp("digits"), np.random.default_rng(0)
    for part, count in (("train", 8), ("dev", 4), ("test", 7)):
        spoken_part(root, part, count, rng)
        written_part(root, part, 3 * count, rng)
    for part in ("dev", "test"):
        words = ["--speech", str(root / "data" / part), "--images", str(root / "images" / part)]
        assert main(["pair", *words, "--out", str(root / "data" / part / "pairs")]) == 0
    (root / "pvae.yaml").write_text(yaml.safe_dump(RECIPE))
    return Tree(root)


def train(tree: Tree, out: Path, *more: str) -> int:
    config = str(tree.root / "pvae.yaml")
    return main(["train", "--config", config, *tree.words, "--out", str(out), "--device", "cpu", *more])


@pytest.fixture(scope="module")
def exp(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exp") / "pvae"
    assert train(tree, out) == 0
    return out


def batches(tree: Tree) -> tuple[PairBatches, PairBatches]:
    root = tree.root
    return paired(Training(batch=6), root / "features", root / "data", root / "images", CPU)


def test_an_epoch_says_every_digit_once_with_an_image_of_it(tree: Tree) -> None:
    drawn, _ = batches(tree)
    seen = []
    for step in range(8):
        drawn.enter(step)
        seen.append(drawn.pairs[6 * drawn.next : 6 * drawn.next + 6])
        batch = drawn.draw(torch.Generator())
        speech, images = batch.views["speech"], batch.views["image"]
        for i, (utterance, image) in enumerate(seen[-1]):
            assert drawn.speech.digits[utterance] == drawn.images.digits[image]
            frames = (drawn.speech.store[utterance] - drawn.speech.store.mean) / drawn.speech.store.std
            np.testing.assert_allclose(speech.x[i, : len(frames)], frames, atol=1e-5)
            assert not speech.x[i, len(frames) :].any() and speech.lengths[i] == len(frames)
            np.testing.assert_array_equal(images.x[i], drawn.images.store[image])
    first, second = np.concatenate(seen[:4]), np.concatenate(seen[4:])
    assert sorted(first[:, 0]) == sorted(second[:, 0]) == list(range(24))
    assert not np.array_equal(first, second)
    drawn.enter(1)  # any step can be gone back to
    np.testing.assert_array_equal(drawn.pairs[6:12], seen[1])


def test_further_modalities_are_further_samples_of_the_digit(tree: Tree) -> None:
    """Drawn anew in every epoch, as images are; the first two are what they are without them."""
    root, names = tree.root, ("speech", "image", "speech2", "image2")
    folders = root / "features", root / "data", root / "images"
    two = paired(Training(batch=6), *folders, CPU)
    four = paired(Training(batch=6), *folders, CPU, names)
    for few, many in zip(two, four, strict=True):
        for step in (0, 3, 4):
            if few.pairing is not None:  # those of validation are fixed
                few.enter(step)
                many.enter(step)
            np.testing.assert_array_equal(many.pairs[:, :2], few.pairs)
            said, written = many.speech.digits, many.images.digits
            for column, digits in zip(many.pairs.T, (said, written, said, written), strict=True):
                np.testing.assert_array_equal(digits[column], said[many.pairs[:, 0]])
    anew, looks = four
    anew.enter(0)
    first = anew.pairs
    assert not np.array_equal(first[:, 0], first[:, 2]) and not np.array_equal(first[:, 1], first[:, 3])
    anew.enter(4)
    assert not np.array_equal(first[np.argsort(first[:, 0]), 2], anew.pairs[np.argsort(anew.pairs[:, 0]), 2])
    (batch, *_) = looks.tile(torch.Generator())
    assert {*batch.views} == {*names}
    chosen = looks.pairs[:6, 3]
    np.testing.assert_array_equal(batch.views["image2"].x, np.stack([looks.images.store[k] for k in chosen]))


def trained_and_measured(tree: Tree, folder: Path, model: dict) -> tuple[Path, dict]:
    """The experiment, after two steps, and what `clusters` writes of it."""
    recipe, out = folder / "recipe.yaml", folder / "exp"
    recipe.write_text(yaml.safe_dump({"model": model, "training": {"steps": 2, "batch": 6}}))
    assert main(["train", "--config", str(recipe), *tree.words, "--out", str(out), "--device", "cpu"]) == 0
    command = ["clusters", "--checkpoint", str(out), *tree.words, "--judge-steps", "2", "--device", "cpu"]
    assert main(command) == 0
    return out, json.loads((out / "digits.json").read_text())


@pytest.mark.parametrize("name", ["pvae", "jmvae"])
def test_more_than_two_modalities_from_training_to_clusters(tree: Tree, tmp_path: Path, name: str) -> None:
    model = {"name": name, "modalities": "speech image speech2", "hidden_size": 8}
    _, result = trained_and_measured(tree, tmp_path, model)
    assert set(result["clusters"]) == {"speech", "image", "speech2"}


def test_batches_of_like_length_hold_every_sample_once_and_little_padding() -> None:
    rng = np.random.default_rng(0)
    counts = rng.gamma(9, 5, 2_400).astype(int) + 1
    order = _in_batches(counts, 64, rng)
    assert sorted(order) == list(range(2_400))
    longest = counts[order][: 2_400 // 64 * 64].reshape(-1, 64).max(1)
    assert longest.mean() < 1.2 * counts.mean() < counts[rng.permutation(2_368)].reshape(-1, 64).max(1).mean()
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.4  # no curriculum


def test_validation_pairs_are_those_of_the_file(tree: Tree) -> None:
    _, looks = batches(tree)
    lines = (tree.root / "data" / "dev" / "pairs").read_text().splitlines()
    found = [(looks.speech.store.utts[i], looks.images.store.utts[j]) for i, j in looks.pairs]
    assert [" ".join(pair) for pair in found] == lines
    assert [len(b.views["image"].x) for b in looks.tile(torch.Generator())] == [6, 6]


def test_a_broken_run_ends_as_an_unbroken_one(
    tree: Tree, exp: Path, tmp_path: Path, broken_at: Callable
) -> None:
    with broken_at(8):
        assert train(tree, tmp_path / "broken") != 0
    assert train(tree, tmp_path / "broken", "--resume") == 0
    for name in ("metrics.jsonl", "checkpoints/best.safetensors", "checkpoints/last.safetensors"):
        assert (tmp_path / "broken" / name).read_bytes() == (exp / name).read_bytes()
    lines = [json.loads(line) for line in (exp / "metrics.jsonl").read_text().splitlines()]
    assert set(lines[0]["train"]) == {
        "reconstruction", "kl_semantic", "kl_style", "coherence", "contrast", "loss",
    }  # fmt: skip


def test_judges_tell_separable_digits_apart(tree: Tree) -> None:
    store = Store.read(tree.root / "features" / "train")
    for part in ("train", "test"):
        data = tree.root / "data" / part
        speech = spoken(tree.root / "features" / part, data, store.mean, store.std, CPU)
        images = written(tree.root / "images" / part, CPU)
        if part == "train":
            judges = {n: DigitJudge.train(n, s, steps=40) for n, s in (("speech", speech), ("image", images))}
    assert judges["speech"].accuracy(speech) == judges["image"].accuracy(images) == 1.0


def test_clusters_and_what_is_made(tree: Tree, exp: Path, tmp_path: Path) -> None:
    command = ["clusters", *tree.words, "--judge-steps", "5", "--device", "cpu"]
    assert main([*command, "--checkpoint", str(exp), "--out", str(tmp_path / "a")]) == 0
    assert main([*command, "--checkpoint", str(exp), "--out", str(tmp_path / "b")]) == 0
    names = {"digits.json", "inertia.png", "tsne.png", "tsne-pooled.png"}
    assert {f.name for f in (tmp_path / "a").glob("*.*")} == names | {".speechdis"}
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    result = json.loads((tmp_path / "a" / "digits.json").read_text())
    for modality in ("speech", "image"):
        assert set(result["clusters"][modality]) == {"semantic", "style"}
        assert len(result["inertia"][modality]) == 19
    assert set(result["generation"]) == {
        "speech to image", "image to image",
        *(f"{m} to speech, {d} length" for m in ("speech", "image") for d in ("reference", "predicted")),
    }  # fmt: skip
    for row in result["generation"].values():
        assert 0 <= row["right_digit"] <= 1 and 0 < row["chance"] <= 1


@pytest.mark.parametrize("content", ["{", "[1]", '{"clusters": {}}', '{"clusters": [1], "system": 2}'])
def test_a_bad_earlier_result_is_named_before_the_work(
    tree: Tree, exp: Path, tmp_path: Path, content: str, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "bad.json").write_text(content)
    words = ["--checkpoint", str(exp), "--out", str(tmp_path / "a"), "--beside", str(tmp_path / "bad.json")]
    assert main(["clusters", *tree.words, *words]) == 2
    assert f"{tmp_path / 'bad.json'}: not " in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("settings", [["name=jmvae"], ["name=vae", "modality=image"]], ids=str)
def test_the_baselines(tree: Tree, tmp_path: Path, settings: list[str]) -> None:
    model = {"latent_size": 4, "hidden_size": 8, **dict(s.split("=") for s in settings)}
    out, result = trained_and_measured(tree, tmp_path, model)
    both = settings == ["name=jmvae"]
    assert set(result["existence"]) == ({"speech to image", "image to speech"} if both else set())
    assert set(result["clusters"]) == ({"speech", "image"} if both else {"image"})
    drawn = {file.name for file in out.glob("*.png")} - {"tsne.png", "inertia.png"}
    assert drawn == ({"tsne-pooled.png", "decoded-speech.png", "decoded-image.png"} if both else set())
    assert "same_style" not in result["generation"]["image to image"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A recording and an image."""
    noise = np.random.default_rng(0).normal(size=3000) / 10
    write_audio(tmp_path / "a.wav", noise.astype(np.float32), RATE)
    write_png(tmp_path / "b.png", np.eye(28))
    return str(tmp_path / "a.wav"), str(tmp_path / "b.png")


class TestCrossmodal:
    def test_each_way(self, exp: Path, files: tuple[str, str], tmp_path: Path) -> None:
        wav, png = files
        both = ["--speech", wav, "--image", png]
        for words in (both, ["--speech", wav, "--style", wav]):
            out = str(tmp_path / "made.wav")
            command = ["crossmodal", "--checkpoint", str(exp), *words, "--out", out, "--length", "reference"]
            assert main([*command, "--json", str(tmp_path / "made.json")]) == 0
            made = json.loads((tmp_path / "made.json").read_text())
            assert made["rate"] == RATE and made["seconds"] == pytest.approx(3000 / RATE, abs=0.02)
        for words in (both, ["--image", png, "--style", png]):
            out = str(tmp_path / "made.png")
            assert main(["crossmodal", "--checkpoint", str(exp), *words, "--out", out]) == 0
        again = ["--image", out, "--style", png, "--out"]
        assert main(["crossmodal", "--checkpoint", str(exp), *again, str(tmp_path / "again.png")]) == 0
        assert main(["crossmodal", "--checkpoint", str(exp), *again, out]) == 2  # its own input

    def test_grids(self, tree: Tree, exp: Path, tmp_path: Path) -> None:
        parts = [str(Path(w) / "test") if not w.startswith("--") else w for w in tree.words]
        command = [
            "crossmodal",
            "--checkpoint",
            str(exp),
            *parts,
            "--styles",
            "1",
            "--out",
            str(tmp_path / "g"),
        ]
        assert main(command) == 0
        made = {
            str(f.relative_to(tmp_path / "g"))
            for f in (tmp_path / "g").rglob("*.*")
            if f.name != ".speechdis"
        }
        ways = [f"{a}-to-{b}" for a in ("speech", "image") for b in ("speech", "image")]
        spoken_ones = {f"{a}-to-speech/style0-digit{d}.wav" for a in ("speech", "image") for d in DIGITS}
        assert made == {f"{way}.png" for way in ways} | spoken_ones


class TestBadInput:
    """One line, exit code 2."""

    @pytest.fixture
    def line(self, capsys: pytest.CaptureFixture[str]) -> Callable[[list[str]], str]:
        def run(words: list[str]) -> str:
            assert main(words) == 2
            lines = [t for t in capsys.readouterr().err.splitlines() if t.startswith("speechdis")]
            assert len(lines) == 1
            return lines[0]

        return run

    def test_training(self, tree: Tree, tmp_path: Path, line: Callable[[list[str]], str]) -> None:
        root = tree.root
        head = ["train", "--config", str(root / "pvae.yaml"), "--out", str(tmp_path / "e"), "--device", "cpu"]
        features, data = tree.words[:2], tree.words[2:4]
        assert "give --images and --data" in line([*head, *features])
        assert "--images and --data go together" in line([*head, *features, *data])
        assert "not images" in line([*head, *features, *data, "--images", str(root / "features")])
        swapped = ["--features", str(root / "images"), *data, "--images", str(root / "images")]
        assert "holds images; --features are the spoken digits" in line([*head, *swapped])
        (tmp_path / "dsvae.yaml").write_text("model: {name: dsvae}\ntraining: {segment: 5}\n")
        other = [w.replace(str(root / "pvae.yaml"), str(tmp_path / "dsvae.yaml")) for w in head]
        assert "has no use for --images" in line([*other, *tree.words])
        assert "expected different ones" in line([*head, *tree.words, "--set", "model.modalities=taste"])
        assert "fewer than training.batch" in line([*head, *tree.words, "--set", "training.batch=500"])
        images = np.zeros((3, 20, 20), np.uint8)
        for part in ("train", "dev"):
            write_images(tmp_path / "small" / part, images, np.array(DIGITS), range(3))
            write_images(tmp_path / "few" / part, np.zeros((2, 28, 28), np.uint8), np.array([0, 1]), range(2))
        assert "another size than 28 x 28" in line(
            [*head, *features, *data, "--images", str(tmp_path / "small")]
        )
        few = ["--images", str(tmp_path / "few")]
        assert "digit 2 has no written one" in line([*head, *features, *data, *few])
        pairs = root / "data" / "dev" / "pairs"
        text = pairs.read_text()
        try:
            one, *_ = text.splitlines()
            pairs.write_text(one.split()[0] + " 2-00035\n")
            assert "pairs:1: pairs a spoken 0 with a written 2" in line([*head, *tree.words])
            pairs.unlink()
            assert "see 'speechdis pair'" in line([*head, *tree.words])
        finally:
            pairs.write_text(text)
        assert not (tmp_path / "e").exists()

    def test_crossmodal(
        self, exp: Path, files: tuple[str, str], tmp_path: Path, line: Callable[[list[str]], str]
    ) -> None:
        wav, png = files
        head = ["crossmodal", "--checkpoint", str(exp), "--out", str(tmp_path / "x.png")]
        assert "give --image too" in line([*head, "--speech", wav])
        assert "--style goes with one of" in line([*head, "--speech", wav, "--image", png, "--style", png])
        assert "of the other modality" in line([*head, "--image", png, "--style", wav])
        assert "grids need" in line([*head, "--images", str(tmp_path)])
        write_png(tmp_path / "big.png", np.eye(30))
        message = line([*head, "--speech", wav, "--image", str(tmp_path / "big.png")])
        assert "30 x 30 pixels; 28 x 28 are needed" in message
        (tmp_path / "empty.wav").write_bytes(b"")
        assert "empty file" in line([*head, "--speech", str(tmp_path / "empty.wav"), "--image", png])
        (tmp_path / "bad.png").write_bytes(b"nothing")
        assert "cannot be read as PNG" in line([*head, "--speech", wav, "--image", str(tmp_path / "bad.png")])
        assert not (tmp_path / "x.png").exists()
