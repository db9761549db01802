"""Utterance vectors by the protocol: segment by segment, one at a time, as a person would do it by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from speechdis import models
from speechdis.errors import InputError
from speechdis.evaluation.embeddings import embed, in_pieces, segments
from speechdis.evaluation.measure import _segment_eer
from speechdis.features.store import Store, write_store
from speechdis.training.checkpoint import Checkpoint

SETTINGS = {"type": "fbank", "config": {"rate": 16000}}
CPU = torch.device("cpu")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    rng = np.random.default_rng(0)
    lengths = (20, 5, 17, 8, 1)  # whole segments, one short one, whole and partial, one whole, a single frame
    rows = [(f"u{i}", "s", rng.normal(size=(n, 6)).astype(np.float32)) for i, n in enumerate(lengths)]
    return write_store(tmp_path / "store", rows, SETTINGS)


CASES = [("dsvae", {"posterior": "nested"}), ("dsvae", {"posterior": "smooth"}), ("fhvae", {"rows": 2})]


@pytest.fixture(params=CASES, ids=str)
def trained(request: pytest.FixtureRequest) -> Checkpoint:
    return built(*request.param)


def built(name: str, settings: dict[str, Any]) -> Checkpoint:
    torch.manual_seed(0)
    if name != "revoice":
        settings = {"hidden_size": 7, **settings}
    config = models.load(name).Config(static_size=4, dynamic_size=3, **settings)
    mean, std = np.full(6, 0.5, np.float32), np.full(6, 2.0, np.float32)
    return Checkpoint(models.build(name, 6, config).eval(), name, SETTINGS, 8, mean, std, 0)


def test_segments_keep_a_partial_last_one(store: Store) -> None:
    starts, lengths, utterance = segments(store, 8)
    assert list(zip(starts, lengths, utterance, strict=True)) == [
        (0, 8, 0), (8, 8, 0), (16, 4, 0), (20, 5, 1), (25, 8, 2), (33, 8, 2), (41, 1, 2), (42, 8, 3), (50, 1, 4),
    ]  # fmt: skip


@torch.no_grad()
def test_vectors_are_those_of_a_plain_loop(store: Store, trained: Checkpoint) -> None:
    codes = embed(trained, store, CPU, batch=4)
    frames, static_frames, error, of_segments = [], [], 0.0, []
    for i in range(len(store)):
        x = torch.from_numpy((store[i] - trained.mean) / trained.std)
        pieces = [trained.model.embed(part[None]) for part in x.split(8)]
        static = torch.cat([s for s, _ in pieces]).numpy()
        dynamic = [z[0].numpy() for _, z in pieces]
        count = len(static) + (0.25 if trained.name == "fhvae" else 0)  # the s-vector
        np.testing.assert_allclose(codes.static[i], static.sum(0) / count, atol=1e-6)
        np.testing.assert_allclose(codes.dynamic[i], np.mean([z.mean(0) for z in dynamic], 0), atol=1e-6)
        flat = np.zeros((8, 3))
        for t in range(min(8, len(x))):
            flat[t] = np.mean([z[t] for z in dynamic if len(z) > t], 0)
        np.testing.assert_allclose(codes.flattened[i], flat.ravel(), atol=1e-6)
        frames += dynamic
        of_segments += [z.mean(0) for z in dynamic]
        static_frames += [np.repeat(s[None], len(z), 0) for s, z in zip(static, dynamic, strict=True)]
        for part, (s, z) in zip(x.split(8), pieces, strict=True):
            error += float((trained.model.decode(s, z).mean[0] - part).square().sum())
    if trained.name != "fhvae":  # below
        np.testing.assert_allclose(codes.frames, np.concatenate(frames), atol=1e-6)
    np.testing.assert_allclose(codes.static_frames, np.concatenate(static_frames), atol=1e-6)
    np.testing.assert_allclose(codes.dynamic_segments, np.stack(of_segments), atol=1e-6)
    assert codes.squared_error == pytest.approx(error / store.frames.size, rel=1e-5)


@torch.no_grad()
def test_one_vector_a_segment_is_read_around_every_frame(store: Store) -> None:
    """A frame in the middle has as many frames before it as fit; at the ends the segment stays in the utterance."""
    checkpoint = built("fhvae", {"rows": 2})
    codes = embed(checkpoint, store, CPU, batch=4)
    for utterance, frame, begin in ((0, 0, 0), (0, 10, 6), (0, 19, 12), (1, 2, 0), (2, 16, 9), (4, 0, 0)):
        part = store[utterance][begin : begin + 8]
        _, dynamic = checkpoint.model.embed(torch.from_numpy((part - checkpoint.mean) / checkpoint.std)[None])
        row = codes.frames[store.first[utterance] + frame]
        np.testing.assert_allclose(row, dynamic[0, 0], atol=1e-6)


@torch.no_grad()
def test_the_voice_is_read_from_whole_utterances_where_the_model_says_so(store: Store) -> None:
    checkpoint = built("revoice", {"content_channels": 7, "voice_channels": 5, "layers": 2})
    codes, model = embed(checkpoint, store, CPU, batch=30), checkpoint.model
    pieces = in_pieces(checkpoint, store, 15, CPU, batch=30)
    for i in range(len(store)):
        x = torch.from_numpy((store[i] - checkpoint.mean) / checkpoint.std)[None]
        np.testing.assert_allclose(codes.static[i], model.embed(x)[0][0], atol=1e-5)
        mean = torch.cat([model.embed(part)[0] for part in x.split(15, 1)]).mean(0)
        np.testing.assert_allclose(pieces[i], mean, atol=1e-5)


def test_other_features_are_refused(store: Store, trained: Checkpoint, tmp_path: Path) -> None:
    other = write_store(
        tmp_path / "other", [("u", "s", np.ones((9, 6), np.float32))], {**SETTINGS, "type": "spectrogram"}
    )
    with pytest.raises(InputError, match="trained on 'fbank'"):
        embed(trained, other, CPU)


@torch.no_grad()
def test_segments_are_told_apart_by_z_as_by_s(store: Store) -> None:
    """EER over segments by brute force over all thresholds; two segments of one utterance are no trial."""
    codes = embed(built("dsvae", {}), store, CPU)
    voices = ["a", "b", "a", "b", "a"]
    for vectors in (codes.segments, codes.dynamic_segments):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        target, nontarget = [], []
        for i in range(len(unit)):
            for j in range(i):
                if codes.utterance[i] != codes.utterance[j]:
                    same = voices[codes.utterance[i]] == voices[codes.utterance[j]]
                    (target if same else nontarget).append(unit[i] @ unit[j])
        rates = [
            (np.mean(np.array(target) < t), np.mean(np.array(nontarget) >= t)) for t in target + nontarget
        ]
        crossing = [(m, f) for m, f in rates if abs(m - f) == min(abs(m - f) for m, f in rates)]
        found = _segment_eer(codes, vectors, voices)
        assert min(map(min, crossing)) - 0.06 <= found <= max(map(max, crossing)) + 0.06
