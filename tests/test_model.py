"""A trained model in Python: the vectors and sounds of the commands; files, arrays and lists; what is refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import speechdis
from speechdis import models, weights
from speechdis.cli import main
from speechdis.data.archive import read_matrix, read_scp, read_vectors
from speechdis.data.audio import read_audio, write_audio
from speechdis.data.directory import write_directory
from speechdis.data.samples import as_wave
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.features import settings_of
from speechdis.features.store import Store
from speechdis.metrics import equal_error
from speechdis.model import Codes, TrainedModel
from speechdis.synthesis import voices
from speechdis.synthesis.files import read_voice
from speechdis.synthesis.slow import NOBODYS
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

RATE = 16000


def tone(hertz: float, seconds: float, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * k * hertz * t) / k for k in range(1, 12))
    return (0.1 * wave + 1e-3 * np.random.default_rng(0).standard_normal(len(t))).astype(np.float32)


@pytest.fixture(scope="module", params=["dsvae", "fhvae", "revoice"])
def experiment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has not learnt anything, on disk."""
    torch.manual_seed(0)
    width = "content_channels" if request.param == "revoice" else "hidden_size"
    config = models.load(request.param).Config(static_size=4, dynamic_size=3, **{width: 8})
    path = tmp_path_factory.mktemp(request.param) / "checkpoints" / "best.safetensors"
    mean, std = np.full(80, 8, np.float32), np.full(80, 3, np.float32)
    network = models.build(request.param, 80, config)
    checkpoint.save(path, Checkpoint(network, request.param, settings_of("fbank"), 20, mean, std, 0))
    return path.parent.parent


@pytest.fixture(scope="module")
def model(experiment: Path) -> TrainedModel:
    return speechdis.load(experiment)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("recordings")
    files = [folder / name for name in ("a.wav", "b.wav", "c.wav")]
    for file, hertz, seconds in zip(files, (110, 220, 150), (0.9, 1.31, 0.1), strict=True):
        write_audio(file, tone(hertz, seconds), RATE)
    return files


def test_vectors_are_those_of_the_command(
    model: TrainedModel, experiment: Path, recordings: list[Path], tmp_path: Path
) -> None:
    utterances = [Utterance(file.stem, file.stem, file) for file in recordings]
    write_directory(tmp_path / "data", utterances)
    for words in (
        ["features", "--data", tmp_path / "data", "--out", tmp_path / "feats"],
        [
            "embed",
            "--checkpoint",
            experiment,
            "--features",
            tmp_path / "feats",
            "--out",
            tmp_path / "vectors",
            "--frames",
            "--normal-scores",
        ],
    ):
        assert main([str(word) for word in words]) == 0
    store = Store.read(tmp_path / "feats")
    static, dynamic = (dict(read_vectors(tmp_path / "vectors" / f"{k}.scp")) for k in ("static", "dynamic"))
    together = model.embed(recordings)
    for k, codes in enumerate(together):
        alone = model.embed(str(recordings[k]))
        of_frames = model.encode(np.array(store[store.utts.index(recordings[k].stem)]))
        for found in (codes, alone, of_frames):
            np.testing.assert_allclose(found.static, static[recordings[k].stem], atol=1e-5)
            np.testing.assert_allclose(found.dynamic_mean, dynamic[recordings[k].stem], atol=1e-5)
            assert found.dynamic.shape == (store.counts[k], 3) and found.times.shape == (store.counts[k],)
        np.testing.assert_allclose(np.diff(codes.times), 0.01)
        of_frames = read_matrix(read_scp(tmp_path / "vectors" / "feats.scp")[recordings[k].stem])
        assert np.abs(of_frames - codes.normal_scores()).mean() < 1e-3  # a rank may differ by rounding


def test_a_swap_is_that_of_the_command(
    model: TrainedModel, experiment: Path, recordings: list[Path], tmp_path: Path
) -> None:
    a, b, _ = recordings
    words = ["swap", "--checkpoint", experiment, "--voice", a, "--content", b, "--out", tmp_path / "cli.wav"]
    assert main([str(word) for word in words]) == 0
    speech = model.swap(voice=a, content=b)
    assert speech.save(tmp_path / "python.wav") == tmp_path / "python.wav"
    assert (tmp_path / "python.wav").read_bytes() == (tmp_path / "cli.wav").read_bytes()
    assert speech.rate == RATE and speech.seconds == pytest.approx(1.31)
    again = model.swap(voice=[model.embed(a)], content=model.embed(b))  # codes in place of recordings
    np.testing.assert_array_equal(again.wave, speech.wave)


def test_files_and_arrays_are_the_same_recordings(model: TrainedModel, recordings: list[Path]) -> None:
    wave, rate = read_audio(recordings[0])
    by_file = model.embed(recordings[0])
    for given in (wave, torch.from_numpy(wave), np.stack([wave, wave]), (wave * 32768).astype(np.int16)):
        np.testing.assert_allclose(model.embed(given, rate=rate).static, by_file.static, atol=1e-5)
    assert len(model.embed([wave, recordings[1]], rate=rate)) == 2 and model.embed([]) == []
    assert isinstance(model.embed(tone(110, 0.9, 8000), rate=8000), Codes)


def test_several_recordings_are_one_voice(model: TrainedModel, recordings: list[Path]) -> None:
    """The same recording twice is the voice of it once; of two, what each has counts by its length."""
    a, b, _ = recordings
    once, twice = (model.swap(voice=v, content=b).wave for v in (a, [a, a]))
    np.testing.assert_allclose(once, twice, atol=2e-3)  # FHVAE shrinks the s-vector of few segments
    one, other = (read_voice(model, file) for file in (a, b))
    joined = voices.one_voice([one, other._replace(log_f0=float("nan"))])
    assert len(joined.static) == len(one.static) + len(other.static)
    assert joined.log_f0 == pytest.approx(one.log_f0)
    assert joined.residual is not None and one.residual is not None and other.residual is not None
    (frames,), (first,), (second,) = (
        v.residual.voices for v in (joined, one, other) if v.residual is not None
    )
    np.testing.assert_array_equal(frames.lacking, np.concatenate([first.lacking, second.lacking]))


def test_the_command_takes_several_recordings_of_a_voice(
    model: TrainedModel, experiment: Path, recordings: list[Path], tmp_path: Path
) -> None:
    a, b, c = map(str, recordings)
    out = str(tmp_path / "cli.wav")
    told = ["--checkpoint", str(experiment), "--content", b, "--out", out]
    assert main(["swap", "--voice", a, c, *told]) == 0
    made = model.swap(voice=[a, c], content=b).save(tmp_path / "python.wav")
    assert made.read_bytes() == Path(out).read_bytes()
    assert main(["swap", "--voice", a, str(tmp_path / "none.wav"), *told]) == 2


def test_draws_follow_the_seed_and_reconstructions_are_as_long(
    model: TrainedModel, recordings: list[Path]
) -> None:
    first, again, other = (model.sample_voice(recordings[0], seed=seed).wave for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert model.reconstruct(recordings[0]).seconds == pytest.approx(0.9)


def test_nobodys_voice_follows_the_seed(model: TrainedModel, recordings: list[Path]) -> None:
    a, b, c = recordings
    for known in ((), (b, c)):
        first, again, other = (model.anonymise(a, seed, known).wave for seed in (3, 3, 4))
        np.testing.assert_array_equal(first, again)
        assert len(first) == len(other) == 14400 and not np.array_equal(first, other)
    alone = model.anonymise(a, 3, [b]).wave  # mixed of one, it is that one
    np.testing.assert_allclose(alone, model.swap(b, a, slow=NOBODYS).wave, atol=2e-3)


def test_it_is_a_checkpoint(model: TrainedModel) -> None:
    """Whatever takes a checkpoint takes it."""
    assert isinstance(model, Checkpoint) and model.sample_rate == RATE and model.device.type == "cpu"
    assert model.features == settings_of("fbank")


def test_what_is_refused_says_so(model: TrainedModel, recordings: list[Path], tmp_path: Path) -> None:
    wave = tone(110, 0.5)
    text = tmp_path / "text.wav"
    text.write_text("no sound\n" * 9)
    brief = tmp_path / "brief.wav"
    write_audio(brief, wave[:160], RATE)
    for call, fault in (
        (lambda: model.embed(wave), "add rate="),
        (lambda: model.embed(wave, rate=1), "rate=1: speech is sampled at 4,000 to 384,000 Hz"),
        (lambda: model.embed(wave, rate="16 kHz"), "rate='16 kHz'"),  # type: ignore[call-overload]
        (lambda: model.embed(None), "no recording"),  # type: ignore[call-overload]
        (lambda: model.embed(wave * 0, rate=RATE), "digital silence"),
        (lambda: model.embed(brief), r"^/.*brief\.wav: 160 samples, shorter"),
        (lambda: model.swap(recordings[0], brief), r"^/.*brief\.wav: 160 samples, shorter"),
        (lambda: model.embed(wave * np.nan, rate=RATE), "NaN"),
        (lambda: model.embed(np.zeros((2, 3, 4)), rate=RATE), "no recording"),
        (lambda: model.embed(wave[:10], rate=RATE), "shorter than one"),
        (lambda: model.embed(text), "text.wav"),
        (lambda: model.embed(tmp_path / "none.wav"), "none.wav"),
        (lambda: model.encode(np.zeros((5, 7))), "reads"),
        (lambda: model.swap(voice=[], content=wave, rate=RATE), "empty"),
        (lambda: model.swap(voice=wave, content=model.encode(np.zeros((30, 80))), rate=RATE), "frames"),
        (lambda: model.swap(wave, wave, RATE, vocoder="none"), "vocoder"),
        (lambda: model.swap(wave, wave, RATE, slow=-1), "slow must be from 0"),
        (lambda: model.reconstruct(wave, RATE).save(tmp_path / "x.mp3"), "mp3"),
        (lambda: speechdis.load(tmp_path), "no checkpoint"),
        (lambda: speechdis.load(tmp_path, device="tpu"), "tpu"),
    ):
        with pytest.raises(InputError, match=fault):
            call()
    assert not (tmp_path / "x.mp3").exists()


def test_samples_in_every_form() -> None:
    wave = tone(200, 0.2)
    np.testing.assert_array_equal(as_wave(wave, RATE, RATE), wave)
    np.testing.assert_allclose(as_wave(np.stack([wave, 3 * wave], 1), RATE, RATE), 2 * wave, rtol=1e-6)
    for kind, half in ((np.int16, 2**15), (np.int32, 2**31)):
        np.testing.assert_allclose(as_wave((wave * half).astype(kind), RATE, RATE), wave, atol=1 / 2**15)
    np.testing.assert_allclose(as_wave((wave * 127 + 128).astype(np.uint8), RATE, RATE), wave, atol=1 / 60)
    assert len(as_wave(wave, 8000, RATE)) == 2 * len(wave)
    integers = np.rint(wave * 2**15).astype(np.float32)  # as scipy's readers give them to those who convert
    np.testing.assert_allclose(as_wave(integers, RATE, RATE), wave, atol=1 / 2**15)
    np.testing.assert_array_equal(
        as_wave(np.stack([wave, -wave]), RATE, RATE), wave
    )  # wired the wrong way round


def test_error_rates_with_their_interval() -> None:
    rng = np.random.default_rng(0)
    target, nontarget = rng.normal(1, 1, 400), rng.normal(-1, 1, 4000)
    found = speechdis.eer(target, nontarget)
    known = equal_error.eer(target, nontarget)
    assert (found.value, found.threshold) == (known.value, known.threshold)
    assert found.interval is not None and found.interval[0] < found.value < found.interval[1]
    # Of independent trials near the binomial's, at a rate of 16 %: the slopes of both curves enter, too.
    assert 0.02 < found.interval[1] - found.interval[0] < 0.06
    people = rng.integers(20, size=400), np.stack([np.arange(4000) % 20, (np.arange(4000) + 7) % 20], 1)
    assert speechdis.eer(target, nontarget, people).interval != found.interval
    with pytest.raises(InputError, match="non-target"):
        speechdis.eer([1.0], [])


def test_importing_it_imports_nothing() -> None:
    program = "import sys, speechdis; print([m for m in sys.modules if m in ('torch', 'numpy', 'yaml')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="speechdis"):
        speechdis.nothing  # noqa: B018


def test_a_long_recording_is_embedded_piece_by_piece(model: TrainedModel, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.tile(tone(130, 1.0), 330), RATE)
    codes = model.embed(tmp_path / "long.wav")
    assert len(codes.dynamic) == len(codes.times) == 32998 and codes.times[-1] == pytest.approx(
        329.98, abs=0.01
    )


@pytest.mark.parametrize("recipe", ["dsvae", "revoice"])
def test_training_in_one_call(recipe: str, tmp_path: Path) -> None:
    """From two speakers' tones to a model; a second call finds all done and changes no byte."""
    for split, hertz in (("train", 110), ("dev", 190)):
        files = [tmp_path / f"{split}{k}.wav" for k in range(2)]
        for k, file in enumerate(files):
            write_audio(file, tone(hertz + 10 * k, 1.5), RATE)
        write_directory(tmp_path / "data" / split, [Utterance(f.stem, f.stem, f) for f in files])
    small = ["training.steps=2", "training.batch=4", "training.segment=40"]
    model = speechdis.train(recipe, tmp_path / "data", tmp_path / "exp", small, device="cpu")
    assert model.name == recipe and model.step == 2
    assert (tmp_path / "exp" / "twins" / "dev").exists() == (recipe == "revoice")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "exp").rglob("*.npy")}
    again = speechdis.train(recipe, tmp_path / "data", tmp_path / "exp", small, device="cpu")
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "exp").rglob("*.npy")} == before
    np.testing.assert_array_equal(
        again.embed(tmp_path / "dev0.wav").static, model.embed(tmp_path / "dev0.wav").static
    )
    with pytest.raises(InputError, match="written and spoken"):
        speechdis.train("pvae", tmp_path / "data", tmp_path / "other")


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As written, but for a training of two small steps."""
    monkeypatch.chdir(tmp_path)
    for split, hertz in (("train", 110), ("dev", 190)):
        write_audio(Path(f"{split}.wav"), tone(hertz, 1.5), RATE)
        write_directory(Path("data/mine") / split, [Utterance(split, split, Path(f"{split}.wav").resolve())])
    for name in ("a", "b", "a1", "a2"):
        write_audio(Path(f"{name}.wav"), tone(140, 1.0), RATE)
    text = (Path(__file__).parents[1] / "README.md").read_text()
    block = text.split("```python\n")[1].split("```")[0]
    small = 'settings=["training.steps=2", "training.batch=4", "training.segment=40"]'
    code = block.replace('out="exp/mine")', f'out="exp/mine", {small})', 1)
    assert code != block
    exec(compile(code, "README.md", "exec"), {})
    assert {file.name for file in Path().glob("[cde].wav")} == {"c.wav", "d.wav", "e.wav"}


def test_one_comes_with_the_package(recordings: list[Path], tmp_path: Path) -> None:
    """Without a name; by name; and in the commands."""
    shipped = speechdis.load()
    assert shipped.name == "revoice" and shipped.sample_rate == RATE
    assert sum(p.numel() for p in shipped.model.parameters()) * 2 < weights.DEFAULT.stat().st_size < 5e6
    a, b, _ = recordings
    named = speechdis.load("revoice").embed(a)
    np.testing.assert_array_equal(shipped.embed(a).static, named.static)
    out = tmp_path / "c.wav"
    assert main(["swap", "--voice", str(a), "--content", str(b), "--out", str(out)]) == 0
    by_python = shipped.swap(a, b).save(tmp_path / "d.wav")
    assert out.read_bytes() == by_python.read_bytes()


def test_a_folder_of_its_name_is_not_taken_for_it(
    experiment: Path, recordings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody names a checkpoint, one that lies in the working directory is not meant."""
    (tmp_path / "revoice").symlink_to(experiment)
    monkeypatch.chdir(tmp_path)
    a, b, _ = map(str, recordings)
    assert main(["swap", "--voice", a, "--content", b, "--out", "c.wav"]) == 0
    made = speechdis.load().swap(a, b).save("d.wav")
    assert Path("c.wav").read_bytes() == made.read_bytes()


def test_half_precision_keeps_the_codes(experiment: Path, recordings: list[Path], tmp_path: Path) -> None:
    whole = speechdis.load(experiment)
    checkpoint.save(tmp_path / "half.safetensors", whole, half=True)
    halved = speechdis.load(tmp_path / "half.safetensors")
    assert next(halved.model.parameters()).dtype == torch.float32
    for code in ("static", "dynamic"):
        one, other = (getattr(m.embed(recordings[0]), code) for m in (whole, halved))
        np.testing.assert_allclose(one, other, atol=5e-3)
