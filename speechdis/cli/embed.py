"""Write a static and a dynamic vector per utterance.

OUT gets the Kaldi archives static.ark/.scp and dynamic.ark/.scp: means over segments (and frames) of posterior means.

Example:
    speechdis embed --checkpoint exp/cdsvae --features feats/test --out exp/cdsvae/embeddings
"""

import argparse
import logging
from typing import Any

from speechdis.cli import checkpoint_option, device_option, path_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    checkpoint_option(parser, shipped=True)
    path_option(parser, "--features", "frame store", required=True)
    path_option(parser, "--out", "where the archives go", required=True)
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Embed every utterance of a store."""
    from speechdis.data.archive import write_vectors
    from speechdis.data.atomic import replacing_folder
    from speechdis.data.record import Kind
    from speechdis.evaluation.embeddings import embed
    from speechdis.features.store import Store
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    files = ("static.ark", "static.scp", "dynamic.ark", "dynamic.scp")
    with replacing_folder(args.out, Kind("folder of embeddings", files, "|".join(files))) as partial:
        with processes(args.device) as device:
            store = Store.read(args.features)
            codes = embed(checkpoint.load(args.checkpoint, device), store, device)
        write_vectors(partial, "static", zip(store.utts, codes.static, strict=True), home=args.out)
        write_vectors(partial, "dynamic", zip(store.utts, codes.dynamic, strict=True), home=args.out)
    logging.getLogger(__name__).info("%d static and dynamic vectors -> %s", len(store.utts), args.out)
    return {"utterances": len(store.utts), "static": codes.static.shape[1], "dynamic": codes.dynamic.shape[1]}
