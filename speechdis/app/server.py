"""The page and its work over HTTP, for the browser of this computer alone.

Nothing is kept between two requests: the page sends the recordings that a piece of work is about, and keeps what it
gets. The page may load nothing from elsewhere, and no other website may ask for work: requests must name this server
(which DNS rebinding does not) and come from its own page.
"""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from jinja2 import Environment, StrictUndefined
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import speechdis
from speechdis.app import work
from speechdis.app.recordings import Dropped, Limits
from speechdis.errors import InputError
from speechdis.model import TrainedModel
from speechdis.parser import one_line

HOST = "127.0.0.1"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
_FOLDER = Path(__file__).parent
_FILES = {"page.css": "text/css", "page.js": "text/javascript", "recording.js": "text/javascript"}
_WORK = "speechdis app"  # the name of threads that work
_LOG = logging.getLogger(__name__)


class OwnPage:
    """Lets through what the browser of this computer asks for from this page, and adds `HEADERS` to every answer."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        place = "" if port == 80 else f":{port}"  # browsers leave 80 out
        self._hosts = {HOST + place, "localhost" + place}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        own = scope["type"] == "lifespan" or self._is_own(Request(scope))
        refused = PlainTextResponse("speechdis app answers its own page only\n", 403)
        await (self._app if own else refused)(scope, receive, guarded)

    def _is_own(self, request: Request) -> bool:
        host = request.headers.get("host", "")
        if host not in self._hosts:
            return False
        return request.method in ("GET", "HEAD") or request.headers.get("origin") == f"http://{host}"


def application(model: TrainedModel, name: str, limits: Limits, port: int) -> ASGIApp:
    """The page of a model called `name`, at a port of this computer."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    page = environment.from_string((_FOLDER / "page.html").read_text(encoding="utf-8"))
    shown = page.render(model=name, limits=limits, version=speechdis.__version__)
    # One piece of work at a time: each takes all cores, and matplotlib is not for several.
    turn = threading.Lock()

    def worker(task: Callable[..., Iterator[work.Event]], **types: Callable[[str], Any]) -> Route:
        async def answer(request: Request) -> Response:
            try:
                files = await _files(request, limits)
                options = {key: kind(request.query_params[key]) for key, kind in types.items()}
            except (InputError, KeyError, ValueError) as error:
                return _streamed([{"error": one_line(error)}], turn)
            return _streamed(task(model, files, limits, **options), turn)

        return Route(f"/{task.__name__}", answer, methods=["POST"])

    async def draw(request: Request) -> Response:
        return _streamed(work.draw(await request.body()), turn)

    routes = [
        Route("/", lambda request: HTMLResponse(shown)),
        *(Route(f"/{file}", partial(_file, file)) for file in _FILES),
        worker(work.hear),
        worker(work.swap),
        worker(work.anonymise, seed=int),
        Route("/draw", draw, methods=["POST"]),
    ]
    return OwnPage(Starlette(routes=routes), port)


def _file(name: str, request: Request) -> Response:
    return FileResponse(_FOLDER / name, media_type=_FILES[name])


async def _files(request: Request, limits: Limits) -> list[Dropped]:
    """The recordings of a request: names and sizes in its query, and in its body one after the other.

    A body that is too large is read to its end, as a browser does not listen before, but not kept.
    """
    names = request.query_params.getlist("name")
    sizes = [int(size) for size in request.query_params.getlist("size")]
    kept, most = bytearray(), sum(sizes)
    for name, size in zip(names, sizes, strict=True):
        try:
            limits.check_size(name, size)
        except InputError:
            async for _ in request.stream():
                pass
            raise
    async for chunk in request.stream():
        if len(kept) <= most:
            kept += chunk
    if len(kept) != most or min(sizes, default=0) < 0:
        raise InputError("the recordings did not come whole; drop them again")
    ends = [sum(sizes[: k + 1]) for k in range(len(sizes))]
    return [
        Dropped(name, bytes(kept[end - size : end]))
        for name, size, end in zip(names, sizes, ends, strict=True)
    ]


def _streamed(events: Iterable[work.Event], turn: threading.Lock) -> StreamingResponse:
    """Events as lines of JSON, each sent when it happens.

    They happen in a thread which `serve` does not wait for when it ends.
    """

    async def lines() -> AsyncIterator[str]:
        loop, waiting = asyncio.get_running_loop(), asyncio.Queue[work.Event | None]()

        def tell(event: work.Event | None) -> None:
            with suppress(RuntimeError):  # the loop is closed: the program ends
                loop.call_soon_threadsafe(waiting.put_nowait, event)

        threading.Thread(target=_happen, args=(events, turn, tell), name=_WORK, daemon=True).start()
        while (event := await waiting.get()) is not None:
            yield json.dumps(event) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _happen(
    events: Iterable[work.Event], turn: threading.Lock, tell: Callable[[work.Event | None], None]
) -> None:
    try:
        if not turn.acquire(blocking=False):
            tell({"doing": "Waiting for other work of this page"})
            turn.acquire()
        try:
            for event in events:
                tell(event)
        finally:
            turn.release()
    except (InputError, OSError) as error:
        tell({"error": one_line(error)})
    except Exception as error:
        _LOG.exception("this is a fault of speechdis; please report it")
        tell({"error": f"a fault of speechdis ({type(error).__name__}); the terminal says more"})
    finally:
        tell(None)


def listen(port: int) -> socket.socket:
    """A socket at `port` (0: any that is free) of this computer, which no other computer reaches.

    Raises:
        InputError: the port is in use, or not to be had.
    """
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise InputError(
            f"port {port}: {(error.strerror or str(error)).lower()}; choose another with --port"
        ) from None
    return listening


def serve(application: ASGIApp, listening: socket.socket) -> bool:
    """Answer until Ctrl-C or SIGTERM; whether a piece of work is still under way, which nobody waits for."""
    config = uvicorn.Config(
        application, log_config=None, lifespan="off", access_log=False, timeout_graceful_shutdown=1
    )
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
    return any(thread.name == _WORK for thread in threading.enumerate())
