"""Judge a model of image sequences, and draw what it makes.

Reads the stores FEATURES/train and FEATURES/SPLIT and the table FEATURES/labels.tsv, from 'speechdis prepare sprites'
or 'moving-mnist'. A supervised judge is trained on the training sequences; its own accuracy is that on the real
sequences of SPLIT. One factor of each of these is kept, the other is drawn from the model's prior, and the judge says
what it sees: accuracy, inception score, H(y|x) and H(y), as in the C-DSVAE paper's Tables 1 and 3.

Writes to OUT: clips.json (every figure), swapped.png and swapped.gif (the content of each row with the motion of each
column, test sequences around them), drawn.png and drawn.gif (all from the prior; a content a row, a motion a column).

Example:
    speechdis clips --checkpoint exp/sprites-cdsvae --features feats/sprites
"""

import argparse
import json
import logging
from typing import Any

from speechdis.cli import beside_option, checkpoint_option, count, device_option, path_option, split_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser)
    path_option(parser, "--features", "holds the stores and labels.tsv", required=True)
    split_option(parser, "sequences to judge")
    path_option(parser, "--out", "where figures and pictures go (default: the checkpoint's experiment)")
    beside_option(parser, "clips.json")
    add("--judge-steps", type=count, default=1000, metavar="N", help="training of the judge")
    add("--rows", type=count, default=4, metavar="K", help="sequences a side of the pictures")
    add("--seed", type=int, default=0, help="of the judge and of what is drawn")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Judge, print the table, write figures and pictures."""
    from speechdis.data.atomic import replacing_folder
    from speechdis.data.outputs import check_folder
    from speechdis.data.record import Kind
    from speechdis.evaluation import clips, image_table
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes
    from speechdis.training.provenance import provenance
    from speechdis.training.run_directory import RunDirectory

    exp = RunDirectory.around(checkpoint.resolve(args.checkpoint)).path
    out = args.out or exp
    kind = Kind(
        "folder of judged clips", ("clips.json", "drawn.png", "drawn.gif"), r"swapped\.(png|gif)", shared=True
    )
    check_folder(out, kind)
    others = [image_table.read(path) for path in args.beside]
    with processes(args.device) as device:
        made = provenance(device)
        trained = checkpoint.load(args.checkpoint, device)
        corpus = clips.Corpus.read(args.features, args.split, trained)
        result, pictures = clips.measure(trained, corpus, args.judge_steps, args.rows, args.seed)
    result = {"system": exp.name, **result, "made": made}
    with replacing_folder(out, kind) as partial:
        pictures.write(partial)
        (partial / "clips.json").write_text(json.dumps(result, indent=1) + "\n")
    log = logging.getLogger(__name__)
    log.info("\n%s", image_table.markdown([*others, result]))
    log.info("every figure, and pictures -> %s", out)
    return result
