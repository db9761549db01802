"""Turn a spoken digit into a written one, and back.

    --speech F.wav --image G.png --out X.png      the digit that F says, in the handwriting of G
    --speech F.wav --image G.png --out X.wav      the digit that G shows, in the voice of F
    --speech F.wav --style H.wav --out X.wav      within a modality: the digit of F, in the voice of H
    --image G.png --style H.png --out X.png       the digit of G, in the handwriting of H

Or, for DATA and the stores FEATURES and IMAGES (a part of each, such as .../test), into the folder OUT: for each
direction a grid of the ten digits in the styles of some references, as PNG, and what is spoken in it as WAV files.

Example:
    speechdis crossmodal --checkpoint exp/pvae --speech seven.wav --image three.png --out seven.png
"""

import argparse
import logging
from pathlib import Path
from typing import Any

from speechdis.cli import checkpoint_option, count, device_option, path_option
from speechdis.data.record import Kind
from speechdis.errors import InputError

GRIDS = Kind(
    "folder of crossed digits",
    ("speech-to-image.png", "image-to-speech.png"),
    r"\w+-to-\w+\.png|\w+-to-speech/style\d+-digit\d\.wav",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser)
    path_option(parser, "--speech", "a spoken digit", "WAV")
    path_option(parser, "--image", "a written digit: 28 x 28 pixels, light ink on a dark ground", "PNG")
    path_option(parser, "--style", "WAV or PNG: style within a modality", "FILE")
    path_option(parser, "--data", "grids: data directory of spoken digits")
    path_option(parser, "--features", "grids: their frame store")
    path_option(parser, "--images", "grids: store of written digits")
    add("--styles", type=count, default=3, metavar="N", help="grids: references of a style")
    path_option(parser, "--out", "PNG or WAV; a folder for grids", "FILE", required=True)
    add(
        "--length",
        default="predicted",
        choices=["predicted", "reference"],
        help="frames of generated speech: likeliest for digit and style, or the style reference's",
    )
    add("--seed", type=int, default=0, help="grids: draws digits and references")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Make one sample, or the grids."""
    from contextlib import nullcontext

    from speechdis.data.atomic import replacing_folder
    from speechdis.data.outputs import check_file
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    parts = (args.features, args.data, args.images)
    grids = any(part is not None for part in parts)
    if grids and (None in parts or args.speech or args.image or args.style):
        raise InputError(
            "grids need --data, --features and --images, and neither --speech, --image nor --style"
        )
    place = replacing_folder(args.out, GRIDS) if grids else nullcontext(check_file(args.out))
    with place as out, processes(args.device) as device:
        trained = checkpoint.load(args.checkpoint, device)
        return _grids(args, out, trained, device) if grids else _one(args, trained)


def _one(args: argparse.Namespace, trained: Any) -> dict[str, Any]:
    from speechdis.data.audio import read_audio, write_audio
    from speechdis.plots.png import write_png
    from speechdis.synthesis.crossmodal import crossed, image_view, speech_view
    from speechdis.synthesis.vocoders.griffin_lim import griffin_lim

    digit, style = _asked(args)
    rate = trained.settings.rate

    def read(path: Path) -> Any:
        if _kind(path) == "image":
            return "image", image_view(trained, path)
        return "speech", speech_view(trained, read_audio(path, rate)[0])

    made = crossed(trained, read(digit), read(style), args.length)[0]
    result: dict[str, Any] = {"digit": digit.name, "style": style.name}
    if _kind(args.out) == "image":
        write_png(args.out, made)
    else:
        wave = griffin_lim(made, trained.features)
        write_audio(args.out, wave, rate)
        result |= {"seconds": len(wave) / rate, "rate": rate}
    logging.getLogger(__name__).info("the digit of %s in the style of %s -> %s", digit, style, args.out)
    return result


def _asked(args: argparse.Namespace) -> tuple[Path, Path]:
    """Which file says the digit and which one the style."""
    given = {"speech": args.speech, "image": args.image}
    target = _kind(args.out)
    if args.style is not None:
        digits = [path for path in given.values() if path is not None]
        if len(digits) != 1:
            raise InputError("--style goes with one of --speech and --image, which says the digit")
        digit, style = digits[0], args.style
    else:
        missing = [name for name, path in given.items() if path is None]
        if missing:
            raise InputError(f"give --{missing[0]} too (or --style, for a style within a modality)")
        style, digit = given[target], given["image" if target == "speech" else "speech"]
    if _kind(style) != target:
        raise InputError(f"{args.out}: the style is that of {style}, which is of the other modality")
    return digit, style


def _kind(path: Path) -> str:
    return "image" if path.suffix.lower() == ".png" else "speech"


def _grids(args: argparse.Namespace, out: Path, trained: Any, device: Any) -> dict[str, Any]:
    """For each direction: ten digits of the source in the styles of some samples of the target."""
    import numpy as np

    from speechdis.data.audio import write_audio
    from speechdis.plots.grid import plot_grid
    from speechdis.synthesis.crossmodal import crossed
    from speechdis.synthesis.vocoders.griffin_lim import griffin_lim
    from speechdis.training.paired_batches import samples_of

    samples = samples_of(trained, args.features, args.data, args.images, device)
    rng = np.random.default_rng(args.seed)
    rows: dict[str, Any] = {}  # for each modality one sample of each digit, and some of any digit
    for name, found in samples.items():
        digits = [rng.choice(np.flatnonzero(found.digits == digit)) for digit in np.unique(found.digits)]
        rows[name] = np.array(digits), rng.permutation(len(found))[: args.styles]
    waves = 0
    for source, (digits, _) in rows.items():
        for target, (_, styles) in rows.items():
            meant, cells = samples[source].view(digits), []
            for number, style in enumerate(styles):
                like = samples[target].view(np.full(len(digits), style))
                cells.append(crossed(trained, (source, meant), (target, like), args.length))
                if target == "speech":
                    for digit, frames in zip(samples[source].digits[digits], cells[-1], strict=True):
                        wave = griffin_lim(frames, trained.features)
                        name = f"{source}-to-speech/style{number}-digit{digit}.wav"
                        write_audio(out / name, wave, trained.settings.rate)
                        waves += 1
            across, down = (
                [samples[source].store[i] for i in digits],
                [samples[target].store[i] for i in styles],
            )
            plot_grid(out / f"{source}-to-{target}.png", across, down, cells, "digit →\nstyle ↓")
    logging.getLogger(__name__).info("%d grids and %d recordings -> %s", len(rows) ** 2, waves, args.out)
    return {"grids": len(rows) ** 2, "recordings": waves}
