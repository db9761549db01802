"""`speechdis clips` as a person uses it: what it writes of a model that reads and of one that only draws; refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from speechdis import models
from speechdis.cli import main
from speechdis.corpora.videos import Clip, settings_of
from speechdis.features import settings_of as speech_settings_of
from speechdis.features.videos import write_videos
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

FRAMES, CHANNELS, PIXELS = 2, 1, 64 * 64
RECIPE = {
    "model": {"name": "mocogan", "static_size": 4, "dynamic_size": 3, "hidden_size": 2},
    "training": {"steps": 2, "batch": 2, "segment": FRAMES, "validate_every": 1, "learning_rate": 2e-4},
}
SMALL = {"static_size": 4, "dynamic_size": 3, "hidden_size": 8, "frame_channels": 2, "frames": "dcgan"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Squares, dark or bright, that go left or right."""
    root = tmp_path_factory.mktemp("pictures")

    def clips(part: str) -> list[Clip]:
        made = []
        for shade in (90, 250):
            for way, places in (("left", (30, 10)), ("right", (10, 30))):
                x = np.zeros((FRAMES, CHANNELS, 64, 64), np.uint8)
                for t, place in enumerate(places):
                    x[t, 0, 20:40, place : place + 20] = shade
                made.append(Clip(f"{part}-{shade}-{way}", str(shade), {"way": way, "shade": str(shade)}, x))
        return made

    write_videos(
        root / "feats", {part: clips(part) for part in ("train", "dev", "test")}, settings_of(1), 255
    )
    (root / "tiny.yaml").write_text(yaml.safe_dump(RECIPE))
    return root


def untrained(folder: Path, name: str, settings: dict, bins: int, **config: object) -> Path:
    torch.manual_seed(0)
    model = models.build(name, bins, models.load(name).Config(**config)).eval()
    mean, std = np.zeros(bins, np.float32), np.full(bins, 255, np.float32)
    made = Checkpoint(model, name, settings, FRAMES, mean, std, 0)
    checkpoint.save(folder / "checkpoints" / "best.safetensors", made)
    return folder


def clips(corpus: Path, exp: Path, *more: str) -> int:
    words = ["--checkpoint", exp, "--features", corpus / "feats", "--judge-steps", "2", "--rows", "2"]
    return main(["clips", *map(str, words), "--device", "cpu", *more])


def test_mocogan_from_sequences_to_pictures(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exp = corpus / "mocogan"
    told = ["--config", corpus / "tiny.yaml", "--features", corpus / "feats", "--out", exp, "--device", "cpu"]
    assert main(["train", *map(str, told)]) == 0
    assert clips(corpus, exp) == 0
    found = json.loads((exp / "clips.json").read_text())
    assert list(found["scores"]) == ["real", "motion kept", "content kept"]
    assert set(found["scores"]["real"]) == {"motion", "shade", "content"}
    assert found["scores"]["real"]["motion"]["samples"] == 4
    assert found["classes"] == {"motion": 2, "shade": 2}
    assert not (exp / "swapped.png").exists()
    with Image.open(exp / "drawn.gif") as film:
        assert film.n_frames == FRAMES
    before = (exp / "clips.json").read_bytes()
    assert clips(corpus, exp) == 0  # again, in the same place: the same figures
    again = json.loads((exp / "clips.json").read_text())
    assert again["scores"] == json.loads(before)["scores"]

    assert main(["report", "--exp", str(exp), "--out", str(exp / "report")]) == 0
    page = (exp / "report" / "index.html").read_text()
    assert "<td>motion kept</td><td>motion</td>" in page
    for name in ("drawn.png", "drawn.gif"):
        assert f'src="figures/clips-1-{name}"' in page
        assert (exp / "report" / "figures" / f"clips-1-{name}").read_bytes() == (exp / name).read_bytes()
    (exp / "drawn.gif").write_text("no picture")
    assert main(["report", "--exp", str(exp), "--out", str(exp / "report")]) == 2
    assert "drawn.gif: no picture" in capsys.readouterr().err


def test_a_model_that_reads_also_swaps_and_stands_beside_others(
    corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exp = untrained(tmp_path / "cdsvae", "cdsvae", settings_of(1), PIXELS, **SMALL)
    out = tmp_path / "out"
    assert clips(corpus, exp, "--out", str(out)) == 0
    assert {f.name for f in out.iterdir() if not f.name.startswith(".")} == {
        "clips.json", "swapped.png", "swapped.gif", "drawn.png", "drawn.gif"
    }  # fmt: skip
    assert "reconstruction" in json.loads((out / "clips.json").read_text())["scores"]
    caplog.clear()
    with caplog.at_level("INFO", "speechdis"):
        assert clips(corpus, exp, "--out", str(tmp_path / "b"), "--beside", str(out / "clips.json")) == 0
    assert caplog.text.count("| cdsvae | motion kept | motion |") == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("speech", "a 'dsvae' of 'fbank' frames, not of images; 'speechdis evaluate' judges it"),
        ("size", "the model was trained on"),
        ("table", "no utterance 'train-90-left'"),
        ("class", "no training sequence has motion 'up'"),
        ("none", "labels.tsv"),
        ("beside", "not a clips.json of 'speechdis clips'"),
    ],
)
def test_bad_input_is_one_line(
    change: str, said: str, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, more = settings_of(3 if change == "size" else 1), []
    bins = PIXELS * settings["config"]["channels"]
    exp = untrained(tmp_path / "exp", "mocogan", settings, bins, hidden_size=2)
    if change == "speech":
        exp = untrained(tmp_path / "speech", "dsvae", speech_settings_of("fbank"), 80, hidden_size=8)
    feats = tmp_path / "root" / "feats"
    feats.mkdir(parents=True)
    for part in ("train", "test"):
        (feats / part).symlink_to(corpus / "feats" / part)
    text = (corpus / "feats" / "labels.tsv").read_text()
    if change == "table":
        text = text.replace("train-90-left\ttrain\tleft\t90\n", "")
    if change == "class":
        text = text.replace("test-90-left\ttest\tleft", "test-90-left\ttest\tup")
    if change != "none":
        (feats / "labels.tsv").write_text(text)
    if change == "beside":
        (tmp_path / "a.json").write_text('{"scores": []}')
        more = ["--beside", str(tmp_path / "a.json")]
    assert clips(tmp_path / "root", exp, *more) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and said in error
    assert not (exp / "clips.json").exists()


def test_what_reads_sequences_says_that_mocogan_reads_none(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exp = untrained(tmp_path / "exp", "mocogan", settings_of(1), PIXELS, hidden_size=2)
    words = ["embed", "--checkpoint", exp, "--features", corpus / "feats" / "test", "--out", tmp_path / "e"]
    assert main(list(map(str, words))) == 2
    assert "has no codes of any; use 'speechdis clips'" in capsys.readouterr().err
