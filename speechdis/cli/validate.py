"""Check frame stores and data directories in full.

PATH is a store, a data directory, or a folder that holds some. Opening a store checks its sizes and samples of its
frames; this checks every frame by its digest and decodes every sample.

Example:
    speechdis validate feats/timit
"""

import argparse
import logging
from pathlib import Path
from typing import Any

from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("path", type=Path, metavar="PATH", help="store, data directory or a folder of them")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Check each; what they hold."""
    from dataclasses import asdict

    from speechdis.data.directory import validate
    from speechdis.features.store import MARKER, Store

    folders = [args.path, *sorted(path for path in args.path.glob("*") if path.is_dir())]
    found: dict[str, Any] = {}
    for folder in folders:
        if (folder / MARKER).is_file():
            store = Store.read(folder)
            store.validate()
            found[folder.name] = {"utterances": len(store), "frames": len(store.frames)}
        elif (folder / "wav.scp").is_file():
            found[folder.name] = asdict(validate(folder, audio=True))
    if not found:
        raise InputError(f"{args.path}: neither a frame store nor a data directory, and holds none")
    for name, sizes in found.items():
        logging.getLogger(__name__).info(
            "%s: %s: whole", name, ", ".join(f"{v:g} {k}" for k, v in sizes.items())
        )
    return found
