"""Open a page to play with: another voice on the same words.

Two recordings are dropped or recorded there, swapped or anonymised, heard and seen.

The page is for the browser of this computer alone. It loads nothing from elsewhere, sends nothing anywhere, and nothing
is kept when it ends: Ctrl-C here. It needs the extra: pip install 'speechdis[app]'.

Example:
    speechdis app --checkpoint exp/revoice
"""

import argparse
import logging
import os
import signal
import sys
import tempfile
import threading
import webbrowser
from tempfile import TemporaryDirectory
from typing import Any

from speechdis import weights
from speechdis.cli import checkpoint_option, count, device_option
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser, shipped=True)
    add("--port", type=_port, default=7357, metavar="N", help="of this computer; 0: any that is free")
    add("--no-browser", action="store_true", help="only say the address")
    add("--max-megabytes", type=count, default=50, metavar="MB", help="largest file it takes")
    add("--max-seconds", type=count, default=120, metavar="S", help="longest recording it takes")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Serve the page until Ctrl-C."""
    try:
        from speechdis.app.server import HOST, application, listen, serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
            raise
        raise InputError("the page needs starlette and uvicorn: pip install 'speechdis[app]'") from None
    from speechdis.app.recordings import Limits
    from speechdis.features import spectrum_of
    from speechdis.model import TrainedModel
    from speechdis.synthesis import codes

    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):  # no SIGHUP on Windows
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    with (
        TemporaryDirectory(prefix="speechdis-app-", ignore_cleanup_errors=True) as folder,
        listen(args.port) as listening,
    ):
        tempfile.tempdir = folder  # of whatever this process writes
        model = TrainedModel.load(args.checkpoint, args.device)
        codes.check(model)
        spectrum_of(model.features)
        name = args.checkpoint.stem if args.checkpoint == weights.DEFAULT else str(args.checkpoint)
        port = listening.getsockname()[1]
        address = f"http://{HOST}:{port}/"
        _LOG.info("%s shows the page; Ctrl-C ends it", address)
        if not args.no_browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        busy = serve(application(model, name, Limits(args.max_megabytes, args.max_seconds), port), listening)
    _LOG.info("stopped; nothing of it is kept")
    if busy:  # Python would wait for threads, or abort those that run torch
        sys.stderr.flush()
        os._exit(0)
    return {"address": address}


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number < 1 << 16:
        raise argparse.ArgumentTypeError(f"must be from 0 to 65535, not {number}")
    return number
