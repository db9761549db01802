"""Write a model as ONNX graphs, for programs without torch.

OUT gets encoder.onnx (frames to static and dynamic vectors), decoder.onnx (back to frames) and model.json, which says
how frames are made and recordings cut. Each graph is compared with the model before it is written.

Example:
    speechdis export --onnx --checkpoint exp/revoice --out exp/revoice/onnx
"""

import argparse
import logging
from typing import Any

from speechdis.cli import checkpoint_option, path_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--onnx", action="store_true", required=True, help="as ONNX, the one form there is")
    checkpoint_option(parser, shipped=True)
    path_option(parser, "--out", "where the graphs go", required=True)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Export one checkpoint."""
    from speechdis.pipeline.export import GRAPHS, export

    about = export(args.checkpoint, args.out)
    difference = max(about[name]["largest_difference"] for name in GRAPHS)
    logging.getLogger(__name__).info(
        "%s -> %s; within %.0e of torch", " and ".join(GRAPHS), args.out, difference
    )
    return about
