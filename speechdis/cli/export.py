"""Write a model as ONNX graphs, or speech as manifests of lhotse.

--onnx, for programs without torch: OUT gets encoder.onnx (frames to static and dynamic vectors), decoder.onnx (back to
frames) and model.json, which says how frames are made and recordings cut. Each graph is compared with the model before
it is written.

--lhotse: OUT gets recordings_NAME.jsonl.gz and supervisions_NAME.jsonl.gz for DATA, or for each data directory in it
(train, dev, test). 'speechdis prepare lhotse' reads such manifests, of any corpus.

Example:
    speechdis export --onnx --checkpoint exp/revoice --out exp/revoice/onnx
    speechdis export --lhotse --data data/timit --out manifests
"""

import argparse
import logging
from typing import Any

from speechdis import weights
from speechdis.cli import checkpoint_option, path_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--onnx", action="store_true", help="a model as ONNX graphs")
    form.add_argument("--lhotse", action="store_true", help="a data directory as manifests")
    checkpoint_option(parser, shipped=True)
    path_option(parser, "--data", "data directory, or a folder of them, for --lhotse")
    path_option(parser, "--out", "where the graphs or manifests go", required=True)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Export one checkpoint, or the data directories of one corpus."""
    if args.lhotse:
        return _manifests(args)
    if args.data is not None:
        raise InputError("--data is of --lhotse; --onnx takes --checkpoint")
    from speechdis.pipeline.export import GRAPHS, export

    about = export(args.checkpoint, args.out)
    difference = max(about[name]["largest_difference"] for name in GRAPHS)
    logging.getLogger(__name__).info(
        "%s -> %s; within %.0e of torch", " and ".join(GRAPHS), args.out, difference
    )
    return about


def _manifests(args: argparse.Namespace) -> dict[str, Any]:
    """Two files for each data directory; its name to the number of recordings and supervisions."""
    from speechdis.data.atomic import replacing_folder
    from speechdis.data.directory import find_directories, read_directory
    from speechdis.data.manifests import write_manifests
    from speechdis.data.record import Kind

    if args.data is None:
        raise InputError("--lhotse takes --data, a data directory or a folder of them")
    if args.checkpoint != weights.DEFAULT:
        raise InputError("--checkpoint is of --onnx; --lhotse takes --data")
    made = {}
    with replacing_folder(args.out, Kind("folder of manifests")) as partial:
        for name, folder in find_directories(args.data).items():
            part, utterances = name or folder.absolute().name, read_directory(folder)
            recordings, supervisions = (
                partial / f"{what}_{part}.jsonl.gz" for what in ("recordings", "supervisions")
            )
            count = write_manifests(recordings, supervisions, utterances)
            made[part] = {"recordings": count, "supervisions": len(utterances)}
            logging.getLogger(__name__).info(
                "%-6s %d recordings, %d supervisions -> %s", part, count, len(utterances), args.out
            )
    return made
