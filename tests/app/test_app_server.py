"""What the page's server answers to whom; how the command begins and ends."""

import builtins
import json
import signal
import socket
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import numpy as np
import pytest
from served import Served

from speechdis.app.server import HEADERS, listen
from speechdis.app.work import flattened
from speechdis.cli import main
from speechdis.data.audio import write_audio


def ask(served: Served, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str, Any]:
    """Status, text and headers of an answer."""
    request = urllib.request.Request(served.address + path, body, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except HTTPError as refused:
        return refused.code, refused.read().decode(), refused.headers


def test_every_answer_forbids_other_hosts_and_frames(served: Served) -> None:
    for path in ("", "page.css", "page.js", "recording.js", "none"):
        headers = ask(served, path)[2]
        assert {key: headers[key] for key in HEADERS} == HEADERS
    assert "default-src 'none'" in HEADERS["content-security-policy"]
    assert "frame-ancestors 'none'" in HEADERS["content-security-policy"]


def test_another_name_of_this_computer_is_refused(served: Served) -> None:
    """DNS rebinding: a website whose name leads to 127.0.0.1."""
    port = urlsplit(served.address).port
    assert ask(served, "", Host=f"localhost:{port}")[0] == 200
    for host in (
        f"evil.example:{port}",
        "127.0.0.1",
        f"127.0.0.1:{port}.evil.example",
        f"127.0.0.1:{port + 1}",
    ):
        assert ask(served, "", Host=host)[0] == 403


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1"]
)
def test_another_site_cannot_ask_for_work(served: Served, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    assert ask(served, "hear?name=a.wav&size=1", b"a", **headers)[0] == 403


def test_only_this_computer_reaches_it() -> None:
    with listen(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("query", "body", "line"),
    [
        ("name=a.wav&size=60000000", b"", "a.wav: 60.0 MB; the page takes at most 50 MB"),
        ("name=a.wav&size=9", b"short", "did not come whole"),
        ("name=a.wav&size=1", b"too long", "did not come whole"),
        ("name=a.wav&size=9&name=b.wav&size=-4", b"short", "did not come whole"),
        ("name=a.wav&size=1&name=b.wav&size=1", b"ab", "2 recordings came; this takes 1"),
        ("name=../../a.wav&size=4", b"text", "a.wav: not audio"),
        ("name=..&size=4", b"text", "..: "),
        ("name=&size=4", b"text", "recording: not audio"),
        (f"name={'n' * 300}&size=4", b"text", "nnn: File name too long"),
    ],
)
def test_a_request_that_is_not_right_is_told_in_a_line(
    served: Served, query: str, body: bytes, line: str
) -> None:
    _, text, _ = ask(served, f"hear?{query}", body, Origin=served.address.rstrip("/"))
    error = json.loads(text.splitlines()[-1])["error"]
    assert line in error
    assert str(served.temporary) not in error


@pytest.mark.parametrize("points", ["", "[]", "3", '[{"static": [1]}]', '[{"static": ["x"], "kind": 1}]'])
def test_a_map_of_nothing_is_told_in_a_line(served: Served, points: str) -> None:
    _, text, _ = ask(served, "draw", points.encode(), Origin=served.address.rstrip("/"))
    assert set(json.loads(text)) == {"error"}


def test_the_map_keeps_the_distances_of_what_is_shown() -> None:
    """Three points lie on a plane; earlier ones, wherever they are, do not turn it."""
    rng = np.random.default_rng(0)
    vectors = np.concatenate([rng.normal(size=(3, 64)), 30 * rng.normal(size=(20, 64))])
    plane = flattened(vectors, np.arange(23) < 3)
    for i, k in ((0, 1), (0, 2), (1, 2)):
        true = np.linalg.norm(vectors[i] - vectors[k])
        assert np.linalg.norm(plane[i] - plane[k]) == pytest.approx(true, rel=0.01)
    assert (flattened(vectors[:1], [True]) == 0).all()


def test_a_busy_port_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["app", "--no-browser", "--port", str(port)]) == 2
        assert capsys.readouterr().err == (
            f"speechdis app: port {port}: address already in use; choose another with --port\n"
        )


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] in ("starlette", "uvicorn"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "speechdis.app.server")
    monkeypatch.setattr(builtins, "__import__", refuse)
    assert main(["app"]) == 2
    assert capsys.readouterr().err == (
        "speechdis app: the page needs starlette and uvicorn: pip install 'speechdis[app]'\n"
    )


def test_sigterm_amid_work_ends_it_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    """A minute of words takes longer than this may."""
    running = Served(tmp_path)
    wave = tmp_path / "long.wav"
    rng = np.random.default_rng(0)
    write_audio(wave, (0.1 * rng.normal(size=60 * 16000)).astype(np.float32), 16000)
    data = wave.read_bytes()
    url = urlsplit(running.address)
    with socket.create_connection((url.hostname, url.port)) as line:
        line.sendall(
            f"POST /anonymise?seed=1&name=long.wav&size={len(data)} HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"Origin: http://{url.netloc}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        heard = b""
        while b"nobody" not in heard:
            heard += line.recv(4096)
        begin = time.monotonic()
        assert "stopped" in running.end(signal.SIGTERM)
        assert time.monotonic() - begin < 5
    assert list(tmp_path.glob("speechdis-*")) == []
