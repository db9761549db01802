"""Checkpoints of any header: read, or one line that names the file, and never memory for what is only claimed."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from speechdis import models
from speechdis.errors import InputError
from speechdis.training import checkpoint

BINS = 10
SIZES = {"static_size": 4, "dynamic_size": 3, "hidden_size": 8, "frame_size": 8}
HEADER = {
    "model": "dsvae",
    "config": SIZES,
    "features": {"type": "fbank", "config": {"rate": 16000}},
    "segment": 6,
    "step": 3,
    "validation": {"loss": 1.0},
}


def write(file: Path, header: Any, **tensors: torch.Tensor | None) -> Path:
    built = models.build("dsvae", BINS, models.load("dsvae").Config(**SIZES))
    content = {f"model.{key}": value for key, value in built.state_dict().items()}
    content |= {"cmvn.mean": torch.zeros(BINS), "cmvn.std": torch.ones(BINS)}
    content |= {key.replace("_", ".", 1): value for key, value in tensors.items()}
    text = header if isinstance(header, str) else json.dumps(header)
    save_file({k: v for k, v in content.items() if v is not None}, file, metadata={"speechdis": text})
    return file


def test_the_header_as_it_should_be_is_read(tmp_path: Path) -> None:
    read = checkpoint.load(write(tmp_path / "x.safetensors", HEADER))
    assert (read.name, read.segment, read.step, len(read.mean)) == ("dsvae", 6, 3, BINS)


HOSTILE: list[Any] = [
    "{", "[]", "7", '"text"', "[" * 5000, {}, HEADER | {"more": 1},
    *({key: value for key, value in HEADER.items() if key != left} for left in list(HEADER)[:-1]),
    *(HEADER | {key: value} for key in HEADER for value in (None, [], "x", -1, 1.5, True, {"a": []})),
    HEADER | {"segment": 10**9}, HEADER | {"config": SIZES | {"hidden_size": 8192}},
    HEADER | {"config": SIZES | {"hidden_size": 10**12}}, HEADER | {"model": "fhvae", "config": {"rows": 10**9}},
    HEADER | {"features": {"type": "fbank"}}, HEADER | {"features": {"type": "fbank", "config": {"x": 1}}},
    HEADER | {"features": {"type": "fbank", "config": {"rate": "fast"}}},
]  # fmt: skip


@pytest.mark.parametrize("header", HOSTILE, ids=lambda header: str(header)[:60])
def test_another_header_is_refused(header: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "x.safetensors", header)
    with pytest.raises(InputError, match=r"x\.safetensors"):
        checkpoint.load(file)


@pytest.mark.parametrize("name", ["cmvn_mean", "cmvn_std"])
@pytest.mark.parametrize(
    "tensor",
    [None, torch.full((BINS,), torch.nan), torch.ones(BINS, 2), torch.ones(BINS + 1), torch.ones(BINS).int()],
    ids=["none", "nan", "matrix", "longer", "integers"],
)
def test_statistics_are_checked(name: str, tensor: torch.Tensor | None, tmp_path: Path) -> None:
    file = write(tmp_path / "x.safetensors", HEADER, **{name: tensor})
    with pytest.raises(InputError, match=r"x\.safetensors"):
        checkpoint.load(file)


def test_a_deviation_of_nought_or_less_is_none(tmp_path: Path) -> None:
    for value in (0.0, -1.0):
        with pytest.raises(InputError, match="statistics"):
            checkpoint.load(write(tmp_path / "x.safetensors", HEADER, cmvn_std=torch.full((BINS,), value)))
