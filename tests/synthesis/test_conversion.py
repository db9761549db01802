"""Swapping: each model's own way to another voice; overlapping segments; loudness; pitch; any length."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from untrained import Untrained

from speechdis import models
from speechdis.data.audio import read_audio
from speechdis.errors import InputError
from speechdis.features import extract, settings_of
from speechdis.synthesis import codes, pitch, vocoders
from speechdis.synthesis.content import Content, content_of
from speechdis.synthesis.conversion import convert, reconstruct, swap, synthesise, unclipped
from speechdis.synthesis.manner import Manner
from speechdis.synthesis.spectra import converted_frames, swapped_frames
from speechdis.synthesis.voices import voice_of
from speechdis.synthesis.words import Words, words_of
from speechdis.training.checkpoint import Checkpoint

SEGMENT, BINS = 8, 6
RNG = np.random.default_rng(0)
VOICE, WORDS = (RNG.normal(size=(n, BINS)).astype(np.float32) for n in (20, 29))
STARTS = {20: (0, 4, 8, 12), 29: (0, 4, 7, 10, 14, 18, 21), 5: (0,)}


def trained(name: str, **settings: Any) -> Checkpoint:
    torch.manual_seed(0)
    config = models.load(name).Config(static_size=4, dynamic_size=3, hidden_size=7, **settings)
    mean, std = np.full(BINS, 0.5, np.float32), np.full(BINS, 2.0, np.float32)
    return Checkpoint(models.build(name, BINS, config).eval(), name, {}, SEGMENT, mean, std, 0)


def read_plainly(checkpoint: Checkpoint, frames: np.ndarray) -> list[tuple[torch.Tensor, torch.Tensor]]:
    x = torch.from_numpy((frames - checkpoint.mean) / checkpoint.std)
    return [checkpoint.model.embed(x[None, start : start + SEGMENT]) for start in STARTS[len(frames)]]


def averaged(checkpoint: Checkpoint, parts: list[np.ndarray], count: int) -> np.ndarray:
    """The weighted mean of what each segment says of a frame, frame by frame."""
    weights = [1, 2, 3, 4, 4, 3, 2, 1]
    rows = []
    for t in range(count):
        said = [
            (weights[t - s], p[t - s]) for s, p in zip(STARTS[count], parts, strict=True) if 0 <= t - s < 8
        ]
        rows.append(sum(w * frame for w, frame in said) / sum(w for w, _ in said))
    return np.stack(rows) * checkpoint.std + checkpoint.mean


@torch.no_grad()
@pytest.mark.parametrize("name", ["dsvae", "fhvae"])
@pytest.mark.parametrize("words", [WORDS, WORDS[:5]], ids=["long", "shorter than a segment"])
def test_a_swap_is_that_of_a_plain_loop(name: str, words: np.ndarray) -> None:
    """DSVAE replaces s by the voice's mean; FHVAE shifts every z2 by the difference of the s-vectors."""
    checkpoint = trained(name)
    lent = torch.cat([s for s, _ in read_plainly(checkpoint, VOICE)])
    own = torch.cat([s for s, _ in read_plainly(checkpoint, words)])
    shift = lent.sum(0) / (len(lent) + 0.25) - own.sum(0) / (len(own) + 0.25)
    parts = []
    for s, z in read_plainly(checkpoint, words):
        static = s + shift if name == "fhvae" else lent.mean(0, keepdim=True)
        parts.append(checkpoint.model.decode(static, z).mean[0].numpy())
    by_hand = averaged(checkpoint, parts, len(words))
    np.testing.assert_allclose(swapped_frames(checkpoint, VOICE, words), by_hand, atol=1e-5)


@torch.no_grad()
def test_fhvae_in_its_own_voice_is_its_reconstruction() -> None:
    checkpoint = trained("fhvae")
    parts = [checkpoint.model.decode(s, z).mean[0].numpy() for s, z in read_plainly(checkpoint, WORDS)]
    by_hand = averaged(checkpoint, parts, len(WORDS))
    np.testing.assert_allclose(swapped_frames(checkpoint, WORDS, WORDS), by_hand, atol=1e-5)


@pytest.mark.parametrize(("frames", "segment"), [(1, 20), (20, 20), (21, 20), (999, 20), (7, 1), (50, 3)])
def test_segments_cover_every_frame_and_half_of_one_another(frames: int, segment: int) -> None:
    starts = codes.starts_of(frames, segment)
    assert starts[0] == 0 and starts[-1] == max(0, frames - segment)
    assert (np.diff(starts) <= max(1, segment // 2)).all() and (np.diff(starts) > 0).all()


class Perfect(Untrained):
    """A model that loses nothing but tells no voice apart; `edge` is what it adds to a segment's first frame."""

    def __init__(self, edge: float = 0.0) -> None:
        super().__init__()
        self.edge = edge

    def decode(self, static: torch.Tensor, dynamic: torch.Tensor, lengths: Any = None) -> Any:
        mean = dynamic.clone()
        mean[:, 0] += self.edge
        return torch.distributions.Normal(mean, 1.0)


def perfect(kind: str = "fbank", edge: float = 0.0) -> Checkpoint:
    bins = {"fbank": 80, "spectrogram": 200}[kind]
    mean, std = np.full(bins, 9, np.float32), np.full(bins, 3, np.float32)
    return Checkpoint(Perfect(edge), "perfect", settings_of(kind), 20, mean, std, 0)


def test_no_segment_begins_abruptly() -> None:
    """Where each segment is wrong by 1 at its first frame, frames jump by far less where segments overlap."""
    frames = np.zeros((200, 80), np.float32)
    wrong = codes.decode(perfect(edge=1.0), *_own(perfect(edge=1.0), frames))
    jumps = np.abs(np.diff(wrong, axis=0)).max(1)
    assert jumps[1:].max() < 0.15 * 3  # of 3, the standard deviation; the first frame has one segment only


def _own(checkpoint: Checkpoint, frames: np.ndarray) -> tuple[torch.Tensor, codes.Codes]:
    read = codes.encode(checkpoint, frames)
    return read.static, read


def glide(low: float, high: float, seconds: float, rate: int = 16000) -> np.ndarray:
    """A voice-like wave: harmonics of a gliding pitch, under a fixed envelope, with a slow loudness contour."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(np.geomspace(low, high, len(t))) / rate
    wave = sum(np.sin(k * phase) / k * (k * high < rate / 2) for k in range(1, 30))
    noise = 1e-4 * np.random.default_rng(0).standard_normal(len(t))
    return (0.1 * wave * (1.2 + np.sin(2 * np.pi * 3 * t)) + noise).astype(np.float32)


@pytest.mark.parametrize("kind", ["fbank", "spectrogram"])
def test_a_perfect_model_in_its_own_voice_changes_nothing(kind: str) -> None:
    """Source and filter: to the last bit of the samples, for a filter of gain 1 is none."""
    wave = glide(110, 160, 1.3)
    np.testing.assert_allclose(swap(perfect(kind), wave, wave), wave, atol=1e-4)
    np.testing.assert_allclose(
        reconstruct(perfect(kind), content_of(perfect(kind), wave), "filter"), wave, atol=1e-4
    )


class Louder(Perfect):
    """Tells voices by their mean frame and words by what is left, and decodes the sum."""

    def embed(
        self, x: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        mean = x.mean(1)
        return mean, x - mean[:, None]

    def decode(self, static: torch.Tensor, dynamic: torch.Tensor, lengths: Any = None) -> Any:
        return torch.distributions.Normal(dynamic + static[:, None], 1.0)


def ramp(checkpoint: Checkpoint, count: int) -> Content:
    """Frames that grow louder one by one."""
    frames = np.full((count, 80), 9, np.float32) + np.linspace(0, 6, count, dtype=np.float32)[:, None]
    return Content(Words(np.zeros(1, np.float32), frames, 16000), lambda: codes.encode(checkpoint, frames))


def test_a_voice_changes_frames_from_the_mean_voice_of_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words' own s differs from segment to segment: all are changed as the mean of them is."""
    monkeypatch.setattr("speechdis.synthesis.spectra.REREADS", 0)
    checkpoint = replace(perfect(), model=Louder())
    content = ramp(checkpoint, 301)
    own, frames = content.codes.static, content.words.frames
    assert own.std(0).min() > 0.1
    mean = own.mean(0).expand_as(own)
    np.testing.assert_array_equal(converted_frames(checkpoint, content, mean), frames)
    change = converted_frames(checkpoint, content, mean + 1) - frames
    np.testing.assert_allclose(change, 3, atol=1e-4)  # the standard deviation, everywhere


def test_no_voice_is_changed_in_what_is_no_spectrum() -> None:
    checkpoint = replace(perfect(), features=settings_of("waveform"))
    with pytest.raises(InputError, match="'waveform' features are no log spectra"):
        content_of(checkpoint, np.zeros(4000, np.float32))


def test_words_that_a_change_of_voice_cost_are_put_back() -> None:
    """The ramp stays as steep, at the new voice's level."""
    checkpoint = replace(perfect(), model=Louder())
    content = ramp(checkpoint, 20)
    frames = content.words.frames
    change = converted_frames(checkpoint, content, content.codes.static + 1) - frames
    np.testing.assert_allclose(change, change[0] + 0 * frames, atol=1e-4)
    np.testing.assert_allclose(change[0], 3, atol=0.05)


class Mute(Perfect):
    """Decodes nothing but s."""

    def decode(self, static: torch.Tensor, dynamic: torch.Tensor, lengths: Any = None) -> Any:
        return torch.distributions.Normal(0 * dynamic + static[:, None], 1.0)


def test_what_a_model_lacks_of_a_voice_is_lent_at_every_loudness() -> None:
    """A noisier voice: a mute model makes quiet frames louder, loud ones hardly; one that says all changes nothing."""
    hiss = np.random.default_rng(0).standard_normal((3, 32000)) * np.geomspace(1e-4, 0.1, 32000)
    words = hiss[0].astype(np.float32)
    noisy = (hiss[1] + 0.01 * hiss[2] / np.geomspace(1e-4, 0.1, 32000)).astype(np.float32)
    for model in (Perfect(), Mute()):
        checkpoint = replace(perfect(), model=model)
        content, voice = content_of(checkpoint, words), voice_of(checkpoint, noisy)
        static = voice.static.mean(0).expand_as(content.codes.static)
        change = converted_frames(checkpoint, content, static, voice.residual) - content.words.frames
        if isinstance(model, Mute):
            assert change[:20].mean() > 3 and abs(change[-20:].mean()) < 0.75
        else:
            np.testing.assert_allclose(change, 0, atol=1e-4)


def test_silence_stays_alike() -> None:
    """Frames of digital silence are changed all by the same, wherever they stand."""
    words = np.concatenate([np.zeros(8000), 0.1 * glide(110, 160, 0.5), np.zeros(8000)]).astype(np.float32)
    checkpoint = replace(perfect(), model=Mute())
    content, voice = content_of(checkpoint, words), voice_of(checkpoint, glide(100, 100, 0.5))
    static = voice.static.mean(0).expand_as(content.codes.static)
    change = converted_frames(checkpoint, content, static, voice.residual) - content.words.frames
    silent = change[np.ptp(content.words.frames, axis=1) == 0]
    assert len(silent) > 80 and np.ptp(silent, axis=0).max() < 1e-4


@pytest.mark.parametrize("vocoder", vocoders.names())
def test_swaps_are_as_long_as_the_words(vocoder: str) -> None:
    words, voice = glide(110, 160, 1.237), glide(150, 190, 0.4)
    made = swap(perfect(), voice, words, Manner(vocoder))
    assert made.shape == words.shape and made.dtype == np.float32 and np.abs(made).max() <= 1
    np.testing.assert_array_equal(made, swap(perfect(), voice, words, Manner(vocoder)))


@pytest.mark.parametrize("vocoder", ["world", "filter"])
@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_pitch_moves_to_the_voices_level_and_keeps_its_contour(vocoder: str, factor: float) -> None:
    words = glide(120, 180, 1.5)
    voice = glide(120 * factor, 180 * factor, 1.0)
    made = swap(perfect(), voice, words, Manner(vocoder))
    before, after = (pitch.contour(wave, 16000)[0] for wave in (words, made))
    both = (before > 0) & (after > 0)
    both[:10] = both[-10:] = False  # WSOLA may begin and end late
    assert both.mean() > 0.7
    np.testing.assert_allclose(after[both] / before[both], factor, rtol=0.06)
    assert np.corrcoef(np.log(after[both]), np.log(before[both]))[0, 1] > 0.9


def test_a_voice_without_pitch_leaves_that_of_the_words() -> None:
    words = glide(120, 180, 1.0)
    hiss = (0.1 * np.random.default_rng(1).standard_normal(8000)).astype(np.float32)
    voice = voice_of(perfect(), hiss)
    made = convert(perfect(), content_of(perfect(), words), voice._replace(log_f0=float("nan")))
    np.testing.assert_allclose(made, words, atol=1e-4)


def test_a_wave_that_would_clip_is_made_quieter_and_no_other_is_changed() -> None:
    wave = np.array([0.1, -0.2, 0.05, 0.0], np.float32)
    np.testing.assert_array_equal(unclipped(wave), wave)
    np.testing.assert_allclose(unclipped(20 * wave), 5 * wave, rtol=1e-6)
    assert unclipped(np.zeros(0, np.float32)).shape == (0,)


@pytest.mark.parametrize("vocoder", vocoders.names())
def test_a_louder_voice_makes_louder_words(vocoder: str) -> None:
    """Frames of one nat and a half of power more than the words' are heard as so much louder."""
    checkpoint = replace(perfect(), model=Louder())
    content = content_of(checkpoint, 0.1 * glide(120, 160, 1.0))
    own, gain = content.codes.static, 1.5 / 3  # the standard deviation
    made = [synthesise(checkpoint, content, own + more, manner=Manner(vocoder)) for more in (0, gain)]
    powers = [np.square(wave[2000:-2000]).mean() for wave in made]
    assert np.log(powers[1] / powers[0]) == pytest.approx(1.5, abs=0.1)


class Shouts(Perfect):
    """Decodes everything half a standard deviation louder than it is."""

    def decode(self, static: torch.Tensor, dynamic: torch.Tensor, lengths: Any = None) -> Any:
        return torch.distributions.Normal(dynamic + 0.5, 1.0)


def test_detail_leads_in_a_line_from_decoded_frames_to_those_of_the_words() -> None:
    """In log power, which is what frames are."""
    checkpoint = replace(perfect(), model=Shouts())
    content = content_of(checkpoint, 0.02 * glide(120, 160, 1.0))
    powers = []
    for detail in (1, 0.75, 0.5, 0):
        wave = synthesise(checkpoint, content, content.codes.static, manner=Manner(detail=detail))
        powers.append(np.log(np.square(wave[2000:-2000]).mean()))
    # The decoder says half a deviation too much, 1.5 nats. The first step of a fitted code takes 0.2 of it back, and
    # the next would take more than half.
    np.testing.assert_allclose(np.array(powers) - powers[0], [0, 0.225, 0.45, 0.9], atol=0.01)


def test_frames_extracted_piece_by_piece_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speechdis.synthesis.words.PIECE", 30)
    wave = glide(100, 200, 1.111)
    for cut in (len(wave), 400, 559, 560, 400 + 29 * 160, 400 + 30 * 160):
        frames = words_of(wave[:cut], settings_of("fbank")).frames
        np.testing.assert_allclose(frames, extract(wave[:cut], settings_of("fbank")), atol=1e-5)


def test_models_without_factors_are_refused() -> None:
    checkpoint = Checkpoint(torch.nn.Linear(1, 1), "pvae", settings_of("fbank"), 20, VOICE[0], VOICE[0], 0)
    with pytest.raises(InputError, match="a 'pvae' has no static and dynamic factors"):
        swap(checkpoint, glide(100, 200, 0.5), glide(100, 200, 0.5))


@pytest.mark.parametrize("vocoder", vocoders.names())
def test_very_short_recordings(vocoder: str) -> None:
    """0.1 s, and one window; less is an error that says so."""
    for seconds in (0.1, 0.025):
        made = swap(perfect(), glide(100, 100, seconds), glide(200, 200, seconds), Manner(vocoder))
        assert len(made) == round(16000 * seconds) and np.isfinite(made).all()
    with pytest.raises(InputError, match="shorter than one window"):
        swap(perfect(), glide(100, 100, 0.02), glide(100, 100, 0.5), Manner(vocoder))


@pytest.mark.parametrize("vocoder", vocoders.names())
def test_copies_of_speech_keep_spectrum_and_pitch(shared: Path, vocoder: str) -> None:
    """A perfect model: bands within 6 dB; F0 within half a semitone where the vocoder has the words' excitation."""
    file = sorted((shared / "speechocean762" / "test").rglob("*.flac"))[0]
    wave, _ = read_audio(file, 16000)
    copy = reconstruct(perfect(), content_of(perfect(), wave), vocoder)
    frames, again = (extract(w, settings_of("fbank")) for w in (wave, copy))
    loud = frames.mean(1) > np.percentile(frames.mean(1), 40)
    decibels = (again - frames)[loud] * 10 / np.log(10)
    assert np.sqrt(np.square(decibels).mean(1)).mean() < 6
    before, after = (pitch.contour(w, 16000)[0] for w in (wave, copy))
    both = (before > 0) & (after > 0)
    if vocoder != "griffin-lim":
        assert np.median(np.abs(np.log2(after[both] / before[both]))) < 1 / 24
