"""Write a static and a dynamic vector per utterance.

OUT gets the Kaldi archives static.ark/.scp and dynamic.ark/.scp: means over segments (and frames) of posterior means.
With --frames it also gets feats.ark/.scp, the dynamic vectors of an utterance's frames, (T, Z).

Examples:
    speechdis embed --checkpoint exp/cdsvae --features feats/test --out exp/cdsvae/embeddings
    speechdis embed --features feats/test --out codes/test --frames --normal-scores
"""

import argparse
import logging
from typing import Any

from speechdis.cli import checkpoint_option, device_option, normal_scores_option, path_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    checkpoint_option(parser, shipped=True)
    path_option(parser, "--features", "frame store", required=True)
    path_option(parser, "--out", "where the archives go", required=True)
    parser.add_argument("--frames", action="store_true", help="also write the dynamic vector of each frame")
    normal_scores_option(parser, "these frames")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Embed every utterance of a store."""
    from speechdis.data.archive import write_matrices, write_vectors
    from speechdis.data.atomic import replacing_folder
    from speechdis.data.record import Kind
    from speechdis.evaluation.embeddings import embed
    from speechdis.features.store import Store
    from speechdis.metrics.normal_scores import normal_scores
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    if args.normal_scores and not args.frames:
        raise InputError("--normal-scores is of the dynamic vectors of frames: give --frames, too")
    files = tuple(f"{name}.{end}" for name in ("static", "dynamic", "feats") for end in ("ark", "scp"))
    with replacing_folder(args.out, Kind("folder of embeddings", files, "|".join(files))) as partial:
        with processes(args.device) as device:
            store = Store.read(args.features)
            codes = embed(checkpoint.load(args.checkpoint, device), store, device)
        write_vectors(partial, "static", zip(store.utts, codes.static, strict=True), home=args.out)
        write_vectors(partial, "dynamic", zip(store.utts, codes.dynamic, strict=True), home=args.out)
        if args.frames:
            own = (codes.frames[a : a + n] for a, n in zip(store.first, store.counts, strict=True))
            said = (normal_scores(one, args.normal_scores) for one in own) if args.normal_scores else own
            write_matrices(partial, "feats", zip(store.utts, said, strict=True), home=args.out)
    logging.getLogger(__name__).info("%d static and dynamic vectors -> %s", len(store.utts), args.out)
    return {"utterances": len(store.utts), "static": codes.static.shape[1], "dynamic": codes.dynamic.shape[1]}
