"""The precision that a training computes in: as told, or what its device is fastest in without losing figures."""

from dataclasses import replace
from pathlib import Path

import torch

from speechdis.data.text import read_yaml
from speechdis.errors import InputError
from speechdis.training.config import Precision, Recipe
from speechdis.training.run_directory import RunDirectory

AMPERE = (8, 0)  # compute capability of the first GPUs that multiply in bfloat16


def settled(recipe: Recipe, out: Path, device: torch.device) -> Recipe:
    """`recipe` with what "auto" stands for: the precision that the run in `out` began in, else the device's own.

    So a run goes on in its own precision wherever that is, and its record says which.
    """
    if recipe.training.precision != "auto":
        return recipe
    chosen = _begun(out) or ("bfloat16" if multiplies_bfloat16(device) else "float32")
    return replace(recipe, training=replace(recipe.training, precision=chosen))


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the device has instructions for products in bfloat16: without them mixed precision is slower."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= AMPERE
    if device.type == "cpu":
        has = torch.cpu.get_capabilities()
        return bfloat16_on_cpu() and bool(has.get("avx512_bf16") or has.get("amx_bf16"))
    return False


def judges_in_bfloat16(device: torch.device) -> bool:
    """Whether attackers and probes train in mixed precision: on a GPU their figures were not compared, so not there."""
    return device.type == "cpu" and multiplies_bfloat16(device)


def bfloat16_on_cpu() -> bool:
    """Whether this CPU trains in mixed precision: oneDNN has recurrences in bfloat16 for AVX-512 alone."""
    return "AVX512" in torch.backends.cpu.get_cpu_capability()


def _begun(out: Path) -> Precision | None:
    """The precision of the run in `out`; None where there is none, or it does not say."""
    try:
        said = read_yaml(RunDirectory(out).config)["training"]
        return "bfloat16" if said.get("precision") == "bfloat16" else "float32"
    except (InputError, OSError, TypeError, KeyError, AttributeError):
        return None  # a damaged configuration is told of where it is compared
