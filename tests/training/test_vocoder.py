"""A vocoder in training: its batches, what it learns of a second of speech, and that a broken run goes on exactly."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import torch
from runs import curve, digests, trains

from speechdis import models
from speechdis.cli import main
from speechdis.data.audio import read_audio
from speechdis.features import extract, settings_of
from speechdis.features.store import Store, write_store
from speechdis.models import vocos
from speechdis.models.base import Sound
from speechdis.nn.spectral import distances
from speechdis.training import checkpoint, config
from speechdis.training.config import Training
from speechdis.training.sound_batches import SoundBatches

CPU = torch.device("cpu")
FBANK, WAVEFORM = settings_of("fbank"), settings_of("waveform")
SMALL = {"name": "vocos", "hidden_size": 8, "block_size": 8, "layers": 1, "adversarial": 0.0}
TRAINING = {"steps": 12, "batch": 4, "segment": 16, "validate_every": 4}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """feats, waves and decoded, each of train and dev, of waveforms of odd lengths."""
    root, rng = tmp_path_factory.mktemp("sound"), np.random.default_rng(0)
    for part in ("train", "dev"):
        waves = {
            f"{part}{k}": (0.1 * rng.normal(size=n)).astype(np.float32) for k, n in enumerate((7001, 6399))
        }
        frames = {utt: extract(wave, FBANK) for utt, wave in waves.items()}
        write_store(root / "feats" / part, ((u, "s", x) for u, x in frames.items()), FBANK)
        rows = ((u, "s", extract(wave, WAVEFORM)) for u, wave in waves.items())
        write_store(root / "waves" / part, rows, WAVEFORM)
        lower = ((f"{u}#0", "s", x - 50) for u, x in frames.items())
        write_store(root / "decoded" / part, lower, FBANK)
    return root


@pytest.fixture
def arguments(stores: Path, tmp_path: Path) -> Callable[..., list[str]]:
    read = ("--features", stores / "feats", "--waveforms", stores / "waves")
    return trains({"model": SMALL, "training": TRAINING}, tmp_path / "small.yaml", *read)


def batches(stores: Path, decoded: bool = False, **settings: int) -> SoundBatches:
    store, waves = (Store.read(stores / name / "train") for name in ("feats", "waves"))
    lower = Store.read(stores / "decoded" / "train") if decoded else None
    zero, one = np.zeros(80, np.float32), np.ones(80, np.float32)
    return SoundBatches(store, waves, lower, Training(batch=16, segment=16, **settings), zero, one, CPU)  # type: ignore[arg-type]


def test_frames_are_those_of_the_samples_beside_them(stores: Path) -> None:
    of_parts = batches(stores)
    for batch in (of_parts.draw(torch.Generator().manual_seed(0)), *of_parts.everything()):
        for x, wave in zip(batch.x, batch.wave, strict=True):
            np.testing.assert_allclose(extract(wave.numpy(), FBANK), x, atol=1e-3)


def test_recorded_and_decoded_frames_take_turns_beside_the_same_samples(stores: Path) -> None:
    mixed = batches(stores, decoded=True).draw(torch.Generator().manual_seed(0))
    lower = 0
    for x, wave in zip(mixed.x, mixed.wave, strict=True):
        apart = float((torch.from_numpy(extract(wave.numpy(), FBANK)) - x).mean())
        assert apart == pytest.approx(50 if apart > 25 else 0, abs=1e-2)
        lower += apart > 25
    assert 4 <= lower <= 12  # of 16


def test_a_second_of_speech_is_learnt(shared: Path) -> None:
    """The distance of log mel spectra falls to less than a quarter of what it was, in a few seconds."""
    speaker = min((shared / "speechocean762" / "train" / "wav").iterdir())
    file = min(speaker.glob("*.flac"))
    whole = read_audio(file)[0]
    middle = int(np.square(whole).cumsum().searchsorted(np.square(whole).sum() / 2))
    begin = min(max(0, middle - 8000), len(whole) - 16240)
    wave = np.ascontiguousarray(whole[begin : begin + 99 * 160 + 400], np.float32)
    frames = extract(wave, FBANK)
    torch.manual_seed(0)
    model = vocos.Model(80, vocos.Config(hidden_size=64, block_size=128, layers=2, adversarial=0.0))
    x = torch.from_numpy((frames - frames.mean(0)) / frames.std(0))[None]
    batch, (phase,) = Sound(x, torch.from_numpy(wave)[None]), model.phases()
    optimiser = phase.optimiser(phase.parameters, lr=1e-2)
    before = distances(model.speak(x), batch.wave, 16000)[0].item()
    for _ in range(40):
        optimiser.zero_grad()
        phase.terms(batch, torch.Generator())["loss"].backward()
        optimiser.step()
    assert distances(model.speak(x), batch.wave, 16000)[0].item() < before / 4


def test_the_same_seed_gives_the_same_vocoder_and_a_broken_run_goes_on_exactly(
    arguments: Callable[..., list[str]],
    tmp_path: Path,
    broken_at: Callable[[int], AbstractContextManager[None]],
) -> None:
    assert main(arguments(tmp_path / "one")) == main(arguments(tmp_path / "two")) == 0
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    with broken_at(8):
        assert main(arguments(tmp_path / "broken")) == 130
    assert main(arguments(tmp_path / "broken", "--resume")) == 0
    assert digests(tmp_path / "broken") == digests(tmp_path / "one")


class Critic(torch.nn.Module):
    """In the place of HiFi-GAN's discriminators, of 70 million weights: a score, and what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Conv1d(1, 2, 9)

    def forward(self, x: torch.Tensor) -> tuple[list[torch.Tensor], list[list[torch.Tensor]]]:
        seen = self.layer(x)
        return [seen.mean((1, 2))], [[seen]]


def test_discriminators_go_on_exactly_too_and_stay_out_of_checkpoints(
    arguments: Callable[..., list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken_at: Callable[[int], AbstractContextManager[None]],
) -> None:
    monkeypatch.setattr(vocos, "_critic", Critic)
    told = ["--set", "model.adversarial=0.02"]
    assert main(arguments(tmp_path / "one", *told)) == 0
    with broken_at(8):
        assert main(arguments(tmp_path / "broken", *told)) == 130
    assert main(arguments(tmp_path / "broken", *told, "--resume")) == 0
    assert digests(tmp_path / "broken") == digests(tmp_path / "one")
    assert "discriminator" in curve(tmp_path / "one")[-1]["train"]
    loaded = checkpoint.load(tmp_path / "one").model
    assert not any("critic" in name for name in loaded.state_dict())


def test_what_does_not_fit_is_said(
    arguments: Callable[..., list[str]], stores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, words = tmp_path / "exp", arguments(tmp_path / "exp")
    place = words.index("--waveforms")
    for more, told in [
        (words[:place] + words[place + 2 :], "give --waveforms"),
        ([*words, "--waveforms", str(stores / "feats")], "no waveforms"),
        ([*words, "--set", "model.hop=200"], "give --set model.rate=16000 --set model.window=400"),
        ([*words, "--set", "training.pool_gb=1"], "set training.pool_gb=0"),
        ([*words, "--set", "model.fft=320"], "model.fft must be"),
        ([*words, "--config", "dsvae"], "has no use for --waveforms"),
        ([*words, "--augmented", str(stores / "feats")], "not the twins"),
    ]:
        assert main(more) == 2
        assert told in capsys.readouterr().err
        assert not out.exists()


@pytest.mark.parametrize("name", ["vocos/speech", "vocos/cpu"])
def test_recipes_are_of_one_to_three_million_weights(name: str) -> None:
    from speechdis.training import recipes

    recipe = config.read(recipes.find(name))
    sizes = models.shapes(recipe.name, 80, recipe.model).values()
    assert 0.9e6 < sum(size.numel() for size in sizes) < 3e6
