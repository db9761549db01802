"""The command line: every file of this package is one command.

A command is a module with a docstring (its first line is the one-line help, its last lines an example),
`arguments(parser)` and `run(args)`, which returns what `--json` shall hold (or None). Heavy imports stay inside `run`.
"""

import argparse
import importlib
import json
import logging
import os
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import speechdis
from speechdis import weights
from speechdis.errors import InputError, Interrupted
from speechdis.parser import Help, Parser, nearest, one_line

GROUPS: dict[str, tuple[str, ...]] = {  # of `speechdis --help`; every command stands in one
    "everyday": ("prepare", "features", "train", "swap", "evaluate"),
    "data": ("generate", "combine", "segment", "augment", "content", "validate"),
    "training": ("recipes", "benchmark"),
    "evaluation": ("trials", "eer", "attack", "privacy", "judge", "report"),
    "use": ("app", "anonymise", "embed", "reconstruct", "sample", "interpolate", "export"),
    "digits": ("images", "pair", "clusters", "crossmodal"),
    "sequence models": ("rollout", "bounds"),
    "moving pictures": ("clips",),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 2 bad input or usage (one line says why), 1 a bug (traceback)."""
    # OpenMP's threads would wait for one another at full speed, which on a busy machine takes all its time: a step
    # of training 20 times as long. Read when torch is imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    # In a log, a bar's line every ten seconds, not ten a second. Read when tqdm is imported.
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_MININTERVAL", "10")
    parser = command_line()
    args = parser.parse_args(argv)
    if args.command is None:
        parser.print_help(sys.stderr)
        return 2
    if args.quiet:
        os.environ["TQDM_DISABLE"] = "1"  # for processes that this one starts, too
    show_notices(args.quiet)
    given = sys.argv[1:] if argv is None else argv
    for old, new in getattr(args, "renamed", {}).items():  # of a namespace that not every command fills
        if any(word.split("=")[0] == old for word in given):
            logging.getLogger("speechdis").info("%s: is now called %s", old, new)
    try:
        _check_outputs(args)
        result = args.run(args)
        if args.json is not None:
            _write_json(result, args.json)
    except (InputError, OSError) as error:
        print(f"speechdis {args.command}: {one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"speechdis {args.command}: {stop if str(stop) else 'interrupted'}", file=sys.stderr)
        return stop.code if isinstance(stop, Interrupted) else 130
    return 0


def show_notices(quiet: bool = False) -> None:
    """What this program logs goes to standard error, warnings alone if `quiet`; of libraries', warnings alone."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("speechdis").setLevel(logging.WARNING if quiet else logging.INFO)


def command_line() -> argparse.ArgumentParser:
    """The parser of all commands; what it parses holds the command's `run`."""
    modules = {
        info.name: importlib.import_module(f"{__name__}.{info.name}")
        for info in pkgutil.iter_modules(__path__)
    }
    parser = Parser(
        prog="speechdis",
        usage="speechdis [--version] [--quiet] COMMAND ...",
        description=f"{speechdis.__doc__}\n\n{_listed(modules)}\n\n'speechdis COMMAND --help' says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"speechdis {speechdis.__version__}")
    _add_quiet(parser, False)
    commands = parser.add_subparsers(
        dest="command", prog="speechdis", metavar="COMMAND", help=argparse.SUPPRESS
    )
    for name, module in modules.items():
        command = _described(commands, name, module)
        module.arguments(command)
        command.add_argument(
            "--json", metavar="FILE", help="write the result as JSON to FILE ('-': standard output)"
        )
        _add_quiet(command)
        command.set_defaults(run=module.run)
    return parser


def _listed(modules: Mapping[str, ModuleType]) -> str:
    """Every command in its group, with the first line of its docstring."""
    return "\n\n".join(
        "\n".join([f"{group}:", *(f"  {name:<12} {_summary(modules[name])}" for name in names)])
        for group, names in GROUPS.items()
    )


def _summary(module: ModuleType) -> str:
    """The first line of its docstring."""
    return (module.__doc__ or "").strip().partition("\n")[0]


def _add_quiet(parser: argparse.ArgumentParser, default: Any = argparse.SUPPRESS) -> None:
    """--quiet, which may stand before the command or after it: there it has no default, which would undo the first."""
    parser.add_argument(
        "--quiet",
        action="store_true",
        default=default,
        help="no progress, no notices: warnings and errors only",
    )


def each_corpus(
    parser: argparse.ArgumentParser,
    dest: str,
    packages: Mapping[ModuleType, Callable[[argparse.ArgumentParser, ModuleType], None]],
) -> None:
    """Give `parser` a subcommand for every corpus of `packages`: with a package's options, and the corpus's own."""
    found = {
        name: (package.load(name), shared) for package, shared in packages.items() for name in package.names()
    }
    text = f"{', '.join(found)} ('CORPUS --help' for its options)"
    commands = parser.add_subparsers(dest=dest, required=True, metavar="CORPUS", help=text)
    for name, (module, shared) in found.items():
        corpus = _described(commands, name, module)
        shared(corpus, module)
        # main() gives --json to the command; here it may also stand after the corpus
        corpus.add_argument(
            "--json", metavar="FILE", default=argparse.SUPPRESS, help="write the counts as JSON"
        )
        _add_quiet(corpus)
        module.arguments(corpus)


def count(text: str) -> int:
    """The type of an option that is 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {number}")
    return number


def none_or_more(text: str) -> int:
    """The type of an option that is 0 or more."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, not {number}")
    return number


def attacker_option(parser: argparse.ArgumentParser) -> None:
    """--attacker-steps; see `attacker_steps`."""
    parser.add_argument(
        "--attacker-steps",
        type=none_or_more,
        metavar="N",
        help="of each of three attacking networks, at most; they stop by themselves; 0: no networks (default: 4000 on "
        "a GPU; 0 on a CPU, where they add half an hour to a ladder that takes a minute)",
    )


def attacker_steps(args: argparse.Namespace) -> int:
    """What --attacker-steps says, or what suits --device. Raises InputError where there is no such device."""
    from speechdis.training.distributed import place

    if args.attacker_steps is None:
        return 4000 if place(args.device) == "cuda" else 0
    return int(args.attacker_steps)


def share(text: str) -> float:
    """The type of an option from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1, not {text}")
    return number


def frames(text: str) -> float:
    """The type of an option that says how slow a part of a change is kept."""
    from speechdis.synthesis.slow import checked

    try:
        return checked(float(text))
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def renamed(parser: argparse.ArgumentParser, old: str, new: str, **options: Any) -> None:
    """Declare the option `new`, and take its `old` name for one more release, with a note."""
    action = parser.add_argument(new, **options)
    options |= {"help": argparse.SUPPRESS, "default": argparse.SUPPRESS, "dest": action.dest}
    parser.add_argument(old, **{key: value for key, value in options.items() if key != "required"})
    parser.set_defaults(**{"renamed": {**(parser.get_default("renamed") or {}), old: new}})


def path_option(
    parser: argparse.ArgumentParser, name: str, what: str, metavar: str = "DIR", required: bool = False
) -> None:
    """Let `parser` take a file or a folder, `what` it is or holds."""
    parser.add_argument(name, required=required, type=Path, metavar=metavar, help=what)


def jobs_option(parser: argparse.ArgumentParser, what: str, default: int | None = os.cpu_count()) -> None:
    """Let `parser` take a number of things that are done at a time, `what` they are."""
    parser.add_argument("--jobs", type=count, default=default, metavar="N", help=what)


def set_option(parser: argparse.ArgumentParser, what: str) -> None:
    """Let `parser` take settings that override a recipe's, `what` they do: several at once, or one after another."""
    parser.add_argument("--set", action="extend", nargs="+", default=[], metavar="KEY=VALUE", help=what)


def work_options(parser: argparse.ArgumentParser) -> None:
    """Let `parser` say how the frames of many utterances are made, and where."""
    add = parser.add_argument
    add("--strict", action="store_true", help="fail on an unusable utterance instead of skipping it")
    jobs_option(parser, "threads (default: all cores)")
    add("--scheduler", metavar="ADDRESS", help="Dask scheduler whose workers take the place of threads")
    add(
        "--shards",
        type=_shards,
        metavar="N",
        help="in N shards, which are then joined; K/N makes the K-th alone, as on another machine",
    )
    overwrite_option(parser)


def _shards(text: str) -> object:
    """The type of `--shards`."""
    from speechdis.features.shards import Shards

    try:
        return Shards.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def vocoder_option(parser: argparse.ArgumentParser, what: str = "how spectra become sound") -> None:
    """Let `parser` take the name of a vocoder, or the path of a trained one; `what` it does."""
    from speechdis.synthesis import vocoders

    def known(text: str) -> str:
        if vocoders.known(text):
            return text
        near = (
            nearest(text, vocoders.names()) or f"; there are: {', '.join(vocoders.names())}, or a trained one"
        )
        raise argparse.ArgumentError(None, f"no --vocoder '{text}'{near}")

    choices = f"{', '.join(vocoders.names())}, or the experiment of a trained one"
    parser.add_argument(
        "--vocoder", default=vocoders.DEFAULT, type=known, metavar="NAME", help=f"{what}; {choices}"
    )


def checkpoint_option(
    parser: argparse.ArgumentParser, required: bool = True, shipped: bool = False, several: bool = False
) -> None:
    """Let `parser` take a trained model, or a list of `several`; `shipped`: the one that comes with the package if
    none is named."""
    own = weights.DEFAULT if shipped else None  # its file: a folder of its name is somebody's experiment
    parser.add_argument(
        "--checkpoint",
        required=required and not shipped,
        default=own if not several else [own] if own else [],
        type=Path,
        nargs="+" if several else None,
        metavar="CKPT",
        help="a trained model: an experiment, or its EXP/best or EXP/last"
        + "; or several" * several
        + f"; or one that comes with speechdis, by name (default: {weights.DEFAULT.stem})" * shipped,
    )


def overwrite_option(parser: argparse.ArgumentParser) -> None:
    """Let `parser` replace stores of other data or settings."""
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace an earlier store in --out even if it is of other data or settings, or damaged",
    )


def split_option(parser: argparse.ArgumentParser, what: str) -> None:
    """Let `parser` take the part of a corpus that is measured on; `what` is chosen."""
    parser.add_argument(
        "--split", default="test", choices=["dev", "test"], help=f"{what}; choose settings on dev"
    )


def normal_scores_option(parser: argparse.ArgumentParser, what: str) -> None:
    """Let `parser` bring `what`, codes of frames, to one distribution for all utterances."""
    parser.add_argument(
        "--normal-scores",
        nargs="?",
        const="whole",
        choices=["whole", "by-sound"],
        help=f"{what} of each utterance whitened, and as the normal scores of their ranks: their distribution, which "
        "tells voices apart, is then the same for all; by-sound: so is the mean of each sound, which hides more of "
        "the voice and loses more of the words; alone: whole",
    )


def beside_option(parser: argparse.ArgumentParser, what: str) -> None:
    """Let `parser` take earlier figures, `what` they are, to show beside its own."""
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        type=Path,
        metavar="JSON",
        help=f"earlier {what} to show (repeatable)",
    )


def drawing_options(parser: argparse.ArgumentParser) -> None:
    """Let `parser` say where waveforms go that are drawn, how long they are, and from which seed."""
    add = parser.add_argument
    path_option(parser, "--out", "where the waveforms go", required=True)
    add("--seconds", type=float, default=3.0, metavar="S", help="length of what is new")
    add("--seed", type=int, default=0, help="of the draws")


def device_option(parser: argparse.ArgumentParser) -> None:
    """Let `parser` take the name of a device."""
    parser.add_argument(
        "--device",
        default="auto",
        choices=["auto", "cpu", "cuda"],
        help="where it computes; auto: on a GPU if there is one",
    )


def _described(commands: Any, name: str, module: ModuleType) -> argparse.ArgumentParser:
    """A subcommand whose help is the docstring of `module`."""
    text = (module.__doc__ or "").strip().replace("%", "%%")
    return commands.add_parser(name, help=_summary(module), description=text, formatter_class=Help)


def _check_outputs(args: argparse.Namespace) -> None:
    """What cannot be written, or must not be, is said before the work."""
    from speechdis.data import atomic, outputs

    atomic.forget()
    outputs.check(args.command, vars(args))


def _write_json(result: object, target: str) -> None:
    text = json.dumps(result, indent=2, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    from speechdis.data.atomic import replacing

    with replacing(target) as partial:
        Path(partial).write_text(text)
