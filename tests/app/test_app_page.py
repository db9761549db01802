"""The page in a browser, with real recordings: swapped, anonymised, recorded, downloaded; bad ones told in a line."""

import re
import shutil
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from served import Served

import speechdis
from speechdis.cli import main

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LENGTHS = "[...document.querySelectorAll('audio')].map(a => a.duration)"


@pytest.fixture(scope="module")
def voices(shared: Path) -> tuple[Path, Path]:
    """A word of one speaker, and another's."""
    folder = shared / "fsdd" / "recordings"
    return folder / "0_george_0.wav", folder / "7_jackson_3.wav"


@pytest.fixture(scope="module")
def browser(voices: tuple[Path, Path]) -> Iterator[Any]:
    """With a microphone that hears the first recording again and again."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the [dev] extra")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    microphone = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={voices[0]}",
    )
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *microphone])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, served: Served, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page in a window as the test asks for it; what the console says, or another host, fails the test."""
    options = {"viewport": {"width": 1280, "height": 900}} | getattr(request, "param", {})
    window = browser.new_context(**options)
    window.set_default_timeout(20_000)
    tab = window.new_page()
    said: list[str] = []
    hosts: set[str] = set()
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    tab.goto(served.address)
    yield tab
    window.close()
    assert said == []
    assert hosts - {""} == {urlsplit(served.address).netloc}  # "": data: and blob:


def give(page: Any, letter: str, *files: Path) -> None:
    """Choose files and wait for what the page makes of them."""
    page.set_input_files(f"#{letter} input[type=file]", files)
    idle(page)


def idle(page: Any) -> None:
    page.wait_for_selector(".progress", state="hidden")


def until(page: Any, expression: str) -> None:
    """Wait for it to be true; not by wait_for_function, which the page's security policy forbids."""
    end = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def make(page: Any, button: str, number: int) -> Any:
    """Press a button, and wait for its result, which is the first of `number`."""
    page.click(button)
    page.wait_for_selector(f"#results li:nth-child({number})", state="attached")
    idle(page)
    return page.locator("#results li").first


def downloaded(page: Any, item: Any, path: Path) -> tuple[str, bytes]:
    """The name that a browser gives it, and what is in it."""
    with page.expect_download() as download:
        item.locator("a").click()
    download.value.save_as(path)
    return download.value.suggested_filename, path.read_bytes()


def test_a_swap_plays_is_drawn_and_is_the_command_s(
    page: Any, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    a, b = voices
    assert page.is_disabled("#swap") and page.is_disabled("#anonymise")
    give(page, "A", a)
    assert page.is_disabled("#swap")
    give(page, "B", b)
    item = make(page, "#swap", 1)
    until(page, "document.querySelector('#results audio').currentTime > 0.1")  # it plays by itself
    expected = [soundfile.info(path).duration for path in (a, b, b)]
    assert page.evaluate(LENGTHS) == pytest.approx(expected, abs=0.02)
    widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert min(widths) > 20 and len(widths) == 4  # three spectrograms, a map
    assert re.fullmatch(
        r"Number 1 lies nearer to [AB] than to [AB]: [\d.]+ from A, [\d.]+ from B\.",
        page.inner_text("#told"),
    )
    name, data = downloaded(page, item, tmp_path / "page.wav")
    assert name == f"{a.stem}_{b.stem}.wav"
    out = tmp_path / "command.wav"
    assert main(["--quiet", "swap", "--voice", str(a), "--content", str(b), "--out", str(out)]) == 0
    assert data == out.read_bytes()


def test_b_is_anonymised_by_seed_without_a(page: Any, voices: tuple[Path, Path], tmp_path: Path) -> None:
    give(page, "B", voices[1])
    sounds = []
    for number, seed in enumerate((3, 4), 1):
        page.fill("#seed", str(seed))
        item = make(page, "#anonymise", number)
        name, data = downloaded(page, item, tmp_path / f"{number}.wav")
        assert name == f"{voices[1].stem}_seed{seed}.wav"
        sounds.append(data)
    assert sounds[0] != sounds[1]
    # The second time it knows how long: -1 says that it does not, 0 that it was done before the clock moved.
    assert page.evaluate("document.querySelector('progress').position") >= 0
    out = speechdis.load().anonymise(voices[1], seed=3).save(tmp_path / "python.wav")
    assert sounds[0] == out.read_bytes()


def test_the_microphone_is_a_recording_as_any_other(page: Any) -> None:
    pytest.importorskip("av", reason="needs the [app] extra")
    button = page.locator("#A .record")
    button.click()
    until(page, "document.querySelector('#A .record').textContent.includes('1 s')")
    button.click()
    page.wait_for_selector("#A .recording")
    assert button.inner_text() == "Record"
    assert 0.8 < page.evaluate(LENGTHS)[0] < 3
    assert page.inner_text("#A .name").startswith("recording A.")


def test_two_files_dropped_at_once_are_a_and_b(page: Any, voices: tuple[Path, Path]) -> None:
    page.evaluate(
        """files => {
          const moved = new DataTransfer();
          for (const [name, bytes] of files) moved.items.add(new File([new Uint8Array(bytes)], name));
          document.querySelector("#A .drop").dispatchEvent(
            new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: moved }));
        }""",
        [[path.name, list(path.read_bytes())] for path in voices],
    )
    page.wait_for_selector("#swap:enabled")
    assert page.inner_text("#A .name") == voices[0].name
    assert page.inner_text("#B .name") == voices[1].name


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, voices: tuple[Path, Path]) -> Path:
    """What people drop into it."""
    av = pytest.importorskip("av", reason="needs the [app] extra")
    folder = tmp_path_factory.mktemp("odd")
    word, rate = soundfile.read(voices[0])
    rng = np.random.default_rng(0)
    (folder / "text.wav").write_text("hello, this is text")
    (folder / "empty.wav").write_bytes(b"")
    (folder / "cut.wav").write_bytes(voices[0].read_bytes()[:30])
    soundfile.write(folder / "short.wav", word[:80], rate)
    soundfile.write(folder / "tenth.wav", word[:800], rate)
    soundfile.write(folder / "silence.wav", np.zeros(rate), rate)
    soundfile.write(folder / "clipped.wav", np.clip(20 * word, -1, 1), rate)
    soundfile.write(folder / "fast.wav", 0.1 * rng.normal(size=192000), 192000)
    soundfile.write(folder / "six.wav", 0.1 * rng.normal(size=(8000, 6)), 16000)
    for name in ("a name.wav", "Grüße 你好.wav", "-dash.wav"):
        soundfile.write(folder / name, word, rate)
    with av.open(str(folder / "mute.mp4"), "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        film.mux([*stream.encode(picture), *stream.encode()])
    return folder


def test_whatever_is_dropped_the_page_says_what_the_command_says(
    page: Any,
    odd: Path,
    voices: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(odd)
    refused = set()
    for file in sorted(odd.iterdir()):
        words = [f"--voice={file.name}", "--content", str(voices[1]), "--out", str(tmp_path / "o.wav")]
        code = main(["--quiet", "swap", *words])
        line = capsys.readouterr().err.strip()
        give(page, "A", file)
        if code:
            assert f"speechdis swap: {page.inner_text('#A .error')}" == line
            refused.add(file.stem)
        else:
            assert page.is_hidden("#A .error")
            assert page.inner_text("#A .name") == file.name
    assert refused == {"text", "empty", "cut", "short", "silence", "mute"}


def test_what_is_too_long_or_too_large_is_refused_before_it_is_read(page: Any, tmp_path: Path) -> None:
    hours, large = tmp_path / "hours.wav", tmp_path / "large.wav"
    with wave.open(str(hours), "wb") as sound:
        sound.setparams((1, 1, 4000, 0, "NONE", ""))
        sound.writeframes(bytes([127, 129]) * (3 * 3600 * 2000))
    with large.open("wb") as file:
        file.truncate(51_000_000)
    give(page, "A", hours)
    assert "hours.wav: 10,800.0 s long; the page takes at most 120 s" in page.inner_text("#A .error")
    give(page, "A", large)
    assert "large.wav: 51.0 MB; the page takes at most 50 MB" in page.inner_text("#A .error")


def test_one_file_may_be_both(page: Any, voices: tuple[Path, Path]) -> None:
    give(page, "A", voices[0], voices[0])
    make(page, "#swap", 1)
    assert page.inner_text("#told").startswith("Number 1 lies ")


def test_all_of_it_is_done_by_keyboard(page: Any, voices: tuple[Path, Path]) -> None:
    """Tab reaches every control in the order of the page; Enter swaps, Space plays."""
    give(page, "A", *voices)
    page.wait_for_selector("#swap:enabled")
    page.locator("#A input").focus()
    seen = []
    for _ in range(9):
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.className || 'play'"))
        page.keyboard.press("Tab")
    assert [name for name in seen if name in ("record", "swap", "anonymise", "seed")] == [
        *("record", "record", "swap", "anonymise", "seed")
    ]
    page.focus("#swap")
    page.keyboard.press("Enter")
    page.wait_for_selector("#results li")
    idle(page)
    assert page.evaluate("document.activeElement.id") == "swap"
    page.locator("#A .sound button").focus()
    page.keyboard.press("Space")
    until(page, "!document.querySelector('#A audio').paused")
    until(page, "document.querySelector('#results audio').paused")
    assert page.evaluate(
        "[...document.querySelectorAll('button, input')].every(e => e.ariaLabel || e.innerText || e.closest('label'))"
    )


@pytest.mark.parametrize(
    "page",
    [
        {"viewport": {"width": 400, "height": 800}, "color_scheme": "dark"},
        {"viewport": {"width": 320, "height": 700}, "color_scheme": "light"},
    ],
    indirect=True,
)
def test_a_phone_scrolls_down_only_and_text_stands_apart(page: Any, odd: Path) -> None:
    give(page, "B", odd / "a name.wav")
    make(page, "#anonymise", 1)
    give(page, "A", odd / "text.wav")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    low = page.evaluate(CONTRASTS)
    assert low == []


CONTRASTS = """() => {
  const part = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = c => c.match(/[\\d.]+/g).slice(0, 3).reduce((s, v, k) => s + [0.2126, 0.7152, 0.0722][k] * part(+v), 0);
  const ground = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor; if (!c.endsWith(", 0)")) return c; } };
  return [...document.querySelectorAll("h1, h2, p, small, a, b, span, label, button:enabled")]
    .filter(e => e.checkVisibility() && e.innerText.trim())
    .map(e => [e.innerText, light(getComputedStyle(e).color), light(ground(e))])
    .map(([text, a, b]) => [text, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)])
    .filter(([, ratio]) => ratio < 4.5);
}"""
