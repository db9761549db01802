"""A model of pictures from sequences to codes; and what commands of speech say of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from speechdis.cli import main
from speechdis.corpora.videos import Clip, settings_of
from speechdis.errors import InputError
from speechdis.features.store import Store, write_store
from speechdis.features.videos import read_labels, write_videos
from speechdis.training.batches import Batches
from speechdis.training.config import Training

RECIPE = {
    "model": {
        "name": "cdsvae", "static_size": 4, "dynamic_size": 3, "hidden_size": 8, "frame_size": 6,
        "frames": "dcgan", "frame_channels": 2, "posterior": "smooth",
    },
    "training": {"steps": 4, "batch": 4, "segment": 3, "validate_every": 2, "twin_view": "image"},
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stores of squares of a colour each, which move."""
    root, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)

    def clips(part: str, count: int) -> list[Clip]:
        made = []
        for k in range(count):
            x = np.zeros((4, 3, 64, 64), np.uint8)
            for t, left in enumerate(rng.integers(40, size=4)):
                x[t, k % 3, 20:40, left : left + 20] = 200
            made.append(Clip(f"{part}-{k}", str(k % 3), {"colour": str(k % 3)}, x))
        return made

    parts = {part: clips(part, 6) for part in ("train", "dev", "test")}
    write_videos(root / "feats", parts, settings_of(3), 256)
    (root / "tiny.yaml").write_text(yaml.safe_dump(RECIPE))
    return root


@pytest.fixture(scope="module")
def trained(corpus: Path) -> Path:
    exp = corpus / "exp"
    assert main(command(corpus, exp)) == 0
    return exp


def command(corpus: Path, out: Path, *more: str) -> list[str]:
    words = [
        "--config",
        corpus / "tiny.yaml",
        "--features",
        corpus / "feats",
        "--out",
        out,
        "--device",
        "cpu",
    ]
    return ["train", *map(str, words), *more]


def batches(store: Store, **training: object) -> Batches:
    told = Training(**{"batch": 4, "segment": 3, "twin_view": "image", **training})
    return Batches(store, None, told, store.mean, store.std, torch.device("cpu"))


@pytest.mark.parametrize("pool_gb", [0.0, 0.0003])
def test_pixels_are_bytes_on_the_device_and_scaled_where_they_are_gathered(
    corpus: Path, pool_gb: float
) -> None:
    store = Store.read(corpus / "feats" / "train")
    made = batches(store, pool_gb=pool_gb, pool_precision="bfloat16", steps=10)
    made.enter(0)
    assert made.reader.frames.dtype == torch.uint8
    one, again = (made.draw(torch.Generator().manual_seed(0)) for _ in range(2))
    assert set(one.x.unique().tolist()) == {0.0, 200 / 256}
    assert torch.equal(one.twin, again.twin) and not torch.equal(one.twin, one.x)
    assert sorted(one.static_view[0].sum(-1).tolist()) == sorted(one.x[0].sum(-1).tolist())


def test_image_views_are_of_pictures(tmp_path: Path) -> None:
    rows = [("u", "s", np.zeros((9, 80), np.float32))]
    store = write_store(tmp_path / "store", rows, {"type": "fbank", "config": {"rate": 16000}})
    with pytest.raises(InputError, match="no pictures; set training"):
        batches(store)


def test_a_run_that_goes_on_ends_as_an_unbroken_one(corpus: Path, trained: Path, tmp_path: Path) -> None:
    assert main(command(corpus, tmp_path, "--set", "training.steps=2")) == 0
    assert main(command(corpus, tmp_path, "--resume")) == 0
    name = "checkpoints/last.safetensors"
    assert (tmp_path / name).read_bytes() == (trained / name).read_bytes()


def test_codes_of_pictures(corpus: Path, trained: Path, tmp_path: Path) -> None:
    words = [
        "--checkpoint",
        trained / "best",
        "--features",
        corpus / "feats" / "test",
        "--out",
        tmp_path / "codes",
    ]
    assert main(["embed", *map(str, words)]) == 0
    assert len((tmp_path / "codes" / "static.scp").read_text().splitlines()) == 6
    assert read_labels(corpus / "feats" / "labels.tsv")["test-4"] == {"part": "test", "colour": "1"}


@pytest.mark.parametrize(
    "words",
    [
        "swap --checkpoint {exp} --voice a.wav --content a.wav --out {out}.wav",
        "reconstruct --checkpoint {exp} --content a.wav --out {out}.wav",
        "sample --checkpoint {exp} --content a.wav --out {out}",
        "evaluate --checkpoint {exp} --data data --features {feats} --out {out}",
        "trials --data data --features {feats}/test --out {out}",
    ],
    ids=lambda words: words.split()[0],
)
def test_a_command_of_speech_says_what_the_model_is(
    words: str, corpus: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import soundfile

    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", np.zeros(8000), 16000)
    for part in ("train", "test"):
        folder = Path("data" if words.startswith("trials") else f"data/{part}")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "wav.scp").write_text("u a.wav\n")
        (folder / "utt2spk").write_text("u u\n")
    told = words.format(exp=trained, feats=corpus / "feats", out=tmp_path / "out")
    capsys.readouterr()
    assert main(told.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "of moving pictures, 3 x 64 x 64 pixels each, not of speech" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words", ["embed --out {out}", "evaluate --data data --out {out}"], ids=["embed", "evaluate"]
)
def test_frames_of_speech_are_not_for_a_model_of_pictures(
    words: str,
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import soundfile

    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for part in ("train", "dev", "test"):
        folder = Path("data") / part
        folder.mkdir(parents=True)
        for name in ("a", "b"):
            soundfile.write(f"{part}{name}.wav", 0.1 * rng.normal(size=8000), 16000)
        (folder / "wav.scp").write_text("".join(f"{part}{name} {part}{name}.wav\n" for name in ("a", "b")))
        (folder / "utt2spk").write_text("".join(f"{part}{name} {part}{name}\n" for name in ("a", "b")))
    assert main(["--quiet", "features", "--data", "data", "--out", "feats"]) == 0
    features = "feats/test" if words.startswith("embed") else "feats"
    told = f"{words} --checkpoint {trained} --features {features}".format(out="out")
    capsys.readouterr()
    assert main(told.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "frames of speech, but this 'cdsvae' is of moving pictures, 3 x 64 x 64 pixels each" in line
    assert not Path("out").exists()


def test_a_damaged_store_of_pictures_is_one_line(corpus: Path, tmp_path: Path) -> None:
    for name, old, new in [
        ("store.yaml", "pixels: 12288", "pixels: 99999999999"),
        ("store.yaml", "pixels: 12288", "pixels: no"),
        ("store.yaml", "pixels: 12288", "pixels: 4096"),
        ("frames.npy", "|u1", "<f4"),
    ]:
        shutil.copytree(corpus / "feats" / "train", tmp_path / "store", dirs_exist_ok=True)
        file = tmp_path / "store" / name
        file.write_bytes(file.read_bytes().replace(old.encode(), new.encode(), 1))
        with pytest.raises(InputError, match=str(file.parent)):
            Store.read(tmp_path / "store")
