"""A trained model as ONNX graphs, for programs that have neither torch nor speechdis.

    encoder.onnx    frames (B, T, F) -> static (B, S), dynamic (B, T, Z): posterior means of B whole segments
    decoder.onnx    static (B, S), dynamic (B, T, Z) -> frames (B, T, F)
    model.json      how frames are made, how a recording is cut, names, shapes and digests

B and T are free. Frames are as the features are, natural logarithms: the graphs normalise them. What a recording's
vectors are of its segments' says `evaluation/embeddings.py`, and in numpy `docs/pages/onnx.md`.

Graphs are traced: torch's newer exporter (2.14) unrolls some recurrences, at the length of its example.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import speechdis
from speechdis.data.atomic import replacing_folder
from speechdis.data.record import Kind, digest
from speechdis.errors import InputError
from speechdis.models import dsvae
from speechdis.models.base import StaticDynamicModel
from speechdis.training.checkpoint import Checkpoint, load, resolve

GRAPHS = ("encoder.onnx", "decoder.onnx")
KIND = Kind("folder of ONNX graphs", (*GRAPHS, "model.json"))
TOLERANCE = 1e-4  # of what a graph gives beside what its model gives
OPSET = 17  # the first with layer normalisation
AXES = {"frames": ("batch", "time"), "static": ("batch",), "dynamic": ("batch", "time")}  # that are free


class _Graph(nn.Module):
    """A model with its statistics, and the names of what it takes and gives."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def __init__(self, model: StaticDynamicModel, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.model = model
        self.mean, self.std = torch.as_tensor(checkpoint.mean), torch.as_tensor(checkpoint.std)


class Encoder(_Graph):
    """Frames (B, T, F) to posterior means, (B, S) and (B, T, Z)."""

    inputs, outputs = ("frames",), ("static", "dynamic")

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """See `SegmentModel.embed`."""
        return self.model.embed((frames - self.mean) / self.std)


class Decoder(_Graph):
    """Codes (B, S) and (B, T, Z) to frames (B, T, F)."""

    inputs, outputs = ("static", "dynamic"), ("frames",)

    def forward(self, static: Tensor, dynamic: Tensor) -> Tensor:
        """See `SegmentModel.decode`."""
        return self.model.decode(static, dynamic).mean * self.std + self.mean


@torch.no_grad()
def export(path: str | Path, out: Path) -> dict[str, Any]:
    """Write the graphs of a checkpoint into the folder `out`; returns what its `model.json` says.

    Raises:
        InputError: no such checkpoint, a model that has no such graphs, or no onnx and onnxruntime.
    """
    try:
        import onnx  # noqa: F401 (torch.onnx.export does)
        import onnxruntime  # noqa: F401
    except ImportError:
        raise InputError("export --onnx needs onnx and onnxruntime: pip install 'speechdis[onnx]'") from None
    file = resolve(path)
    checkpoint = load(file)
    model = _exportable(checkpoint)
    encoder, decoder = Encoder(model, checkpoint).eval(), Decoder(model, checkpoint).eval()
    frames = _examples(checkpoint, model)
    codes = [encoder(x) for x in frames]
    sizes = {"frames": len(checkpoint.mean)}
    sizes |= {name: code.shape[-1] for name, code in zip(encoder.outputs, codes[0], strict=True)}
    shapes = {name: [*AXES[name], size] for name, size in sizes.items()}
    about = _about(checkpoint, model, file)
    with replacing_folder(out, KIND) as partial:
        about["encoder.onnx"] = _write(partial / "encoder.onnx", encoder, [(x,) for x in frames], shapes)
        about["decoder.onnx"] = _write(partial / "decoder.onnx", decoder, codes, shapes)
        (partial / "model.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return about


def _exportable(checkpoint: Checkpoint) -> StaticDynamicModel:
    """The model. Raises InputError for one that no graph holds at every length."""
    model = checkpoint.model_of(StaticDynamicModel, "has no static and dynamic factors to export")
    if isinstance(model, dsvae.Model) and model.config.posterior == "nested":
        raise InputError(
            f"a '{checkpoint.name}' with model.posterior=nested reads each frame with the code of the one before, "
            "by a loop that a traced graph fixes at one length; only models of another posterior are exported"
        )
    return model


def _about(checkpoint: Checkpoint, model: StaticDynamicModel, file: Path) -> dict[str, Any]:
    """What a program must know that uses the graphs."""
    return {
        "speechdis": speechdis.__version__,
        "model": checkpoint.name,
        "checkpoint_sha256": digest(file),
        "features": checkpoint.features,
        "training_frames": {"mean": checkpoint.mean.tolist(), "std": checkpoint.std.tolist()},
        "segment": checkpoint.segment,
        "static_segment": model.static_frames or checkpoint.segment,
        "shrinkage": model.shrinkage,
        "dynamic_of_segment": model.dynamic_of_segment,
    }


def _examples(checkpoint: Checkpoint, model: StaticDynamicModel) -> list[Tensor]:
    """Noise (B, T, F) as loud as the training frames: short, of one frame, of a segment, and longer ones."""
    generator = torch.Generator().manual_seed(0)
    longer = max(model.static_frames, checkpoint.segment + 5)
    shapes = ((2, 7), (1, 1), (3, checkpoint.segment), (1, longer))
    drawn = [torch.randn(*shape, len(checkpoint.mean), generator=generator) for shape in shapes]
    return [x * torch.as_tensor(checkpoint.std) + torch.as_tensor(checkpoint.mean) for x in drawn]


def _write(
    file: Path, graph: _Graph, examples: list[tuple[Tensor, ...]], shapes: dict[str, list[Any]]
) -> dict[str, Any]:
    """Write a graph; its digest, its inputs and outputs, and how far it is from the model on `examples`.

    Raises:
        InputError: too far.
    """
    _trace(graph, examples[0], file)
    difference = max(_difference(file, graph, example) for example in examples)
    if not difference <= TOLERANCE:
        raise InputError(f"{file.name} would differ from its model by {difference:.1g}; nothing is written")
    return {
        "sha256": digest(file),
        "inputs": {name: shapes[name] for name in graph.inputs},
        "outputs": {name: shapes[name] for name in graph.outputs},
        "largest_difference": difference,
    }


def _trace(graph: _Graph, example: tuple[Tensor, ...], file: Path) -> None:
    """Write the graph as ONNX, for any number and length of segments."""
    names = graph.inputs + graph.outputs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that other shapes may go wrong, which `export` looks at
        torch.onnx.export(
            graph,
            example,
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes={name: dict(enumerate(AXES[name])) for name in names},
        )


def _difference(file: Path, graph: _Graph, example: tuple[Tensor, ...]) -> float:
    """The largest between outputs of the ONNX file and of the model."""
    from onnxruntime import InferenceSession

    expected = graph(*example)
    expected = (expected,) if isinstance(expected, Tensor) else expected
    feeds = {name: x.numpy() for name, x in zip(graph.inputs, example, strict=True)}
    given = InferenceSession(file).run(list(graph.outputs), feeds)
    return max(float(np.abs(a - b.numpy()).max()) for a, b in zip(given, expected, strict=True))
