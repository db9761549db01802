"""The command line: every file of this package is one command.

A command is a module with a docstring (its first line is the one-line help), `arguments(parser)` and
`run(args)`, which returns what `--json` shall hold (or None). Heavy imports stay inside `run`.
"""

import argparse
import importlib
import json
import logging
import os
import pkgutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import speechdis
from speechdis.errors import InputError

_LONGEST = 600  # characters of an error line


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 2 bad input or usage (one line says why), 1 a bug (traceback)."""
    # OpenMP's threads would wait for one another at full speed, which on a busy machine takes all its time: a step
    # of training 20 times as long. Read when torch is imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    # In a log, a bar's line every ten seconds, not ten a second. Read when tqdm is imported.
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_MININTERVAL", "10")
    args = command_line().parse_args(argv)
    show_notices()
    try:
        result = args.run(args)
        if args.json is not None:
            _write_json(result, args.json)
    except (InputError, OSError) as error:
        print(f"speechdis {args.command}: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"speechdis {args.command}: interrupted", file=sys.stderr)
        return 130
    return 0


def show_notices() -> None:
    """What this program logs goes to standard error; of libraries', warnings alone."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("speechdis").setLevel(logging.INFO)


def command_line() -> argparse.ArgumentParser:
    """The parser of all commands; what it parses holds the command's `run`."""
    parser = argparse.ArgumentParser(prog="speechdis", description=speechdis.__doc__)
    parser.add_argument("--version", action="version", version=f"speechdis {speechdis.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        command = _described(commands, info.name, module)
        module.arguments(command)
        command.add_argument(
            "--json", metavar="FILE", help="write the result as JSON to FILE ('-': standard output)"
        )
        command.set_defaults(run=module.run)
    return parser


def each_corpus(
    parser: argparse.ArgumentParser,
    dest: str,
    package: ModuleType,
    shared: Callable[[argparse.ArgumentParser, ModuleType], None],
) -> None:
    """Give `parser` a subcommand for every corpus of `package`: with `shared` options, and the corpus's own."""
    names = package.names()
    text = f"{', '.join(names)} ('CORPUS --help' for its options)"
    commands = parser.add_subparsers(dest=dest, required=True, metavar="CORPUS", help=text)
    for name in names:
        module = package.load(name)
        corpus = _described(commands, name, module)
        shared(corpus, module)
        # main() gives --json to the command; here it may also stand after the corpus
        corpus.add_argument(
            "--json", metavar="FILE", default=argparse.SUPPRESS, help="write the counts as JSON"
        )
        module.arguments(corpus)


def count(text: str) -> int:
    """The type of an option that is 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {number}")
    return number


def vocoder_option(parser: argparse.ArgumentParser, what: str = "see 'speechdis swap --help'") -> None:
    """Let `parser` take the name of a vocoder; `what` goes on after its default in the help."""
    from speechdis.synthesis import vocoders

    parser.add_argument(
        "--vocoder",
        default=vocoders.DEFAULT,
        choices=vocoders.names(),
        help=f"default {vocoders.DEFAULT}; {what}",
    )


def _described(commands: Any, name: str, module: ModuleType) -> argparse.ArgumentParser:
    """A subcommand whose help is the docstring of `module`."""
    text = (module.__doc__ or "").strip().replace("%", "%%")
    return commands.add_parser(
        name,
        help=text.splitlines()[0],
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _write_json(result: object, target: str) -> None:
    text = json.dumps(result, indent=2, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    from speechdis.data.atomic import replacing

    with replacing(target) as partial:
        Path(partial).write_text(text)


def _one_line(error: Exception) -> str:
    """The message of `error` on one line a terminal can show: no control characters, at most 600 characters."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = " ".join("".join(c if c.isprintable() or c.isspace() else repr(c)[1:-1] for c in text).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"
