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
from collections.abc import Sequence
from pathlib import Path

import speechdis
from speechdis.errors import InputError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 2 bad input or usage (one line says why), 1 a bug (traceback)."""
    # OpenMP's threads would wait for one another at full speed, which on a busy machine takes all its time: a step
    # of training 20 times as long. Read when torch is imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    parser = _parser()
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("speechdis").setLevel(logging.INFO)  # libraries' notices are not for the user
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="speechdis", description=speechdis.__doc__)
    parser.add_argument("--version", action="version", version=f"speechdis {speechdis.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        text = (module.__doc__ or "").strip()
        command = commands.add_parser(
            info.name,
            help=text.splitlines()[0].replace("%", "%%"),
            description=text.replace("%", "%%"),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(command)
        command.add_argument(
            "--json", metavar="FILE", help="write the result as JSON to FILE ('-': standard output)"
        )
        command.set_defaults(run=module.run)
    return parser


def _write_json(result: object, target: str) -> None:
    text = json.dumps(result, indent=2, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    from speechdis.data.atomic import replacing

    with replacing(target) as partial:
        Path(partial).write_text(text)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return " ".join(str(error).split())
