"""The page in a browser: a quiet console, images that show, sounds that play, by keyboard, on a phone, in the dark."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the [dev] extra")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield opened
        opened.close()


@pytest.fixture
def shown(browser: Any, page: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page from file://, in a window as the test asks for it; whatever the console says fails the test."""
    options = {"viewport": {"width": 1280, "height": 800}, "offline": True} | getattr(request, "param", {})
    window = browser.new_context(**options)
    tab = window.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("requestfailed", lambda failed: said.append(failed.url))
    tab.goto(f"file://{page}/index.html")
    yield tab
    window.close()
    assert said == []


def test_images_have_size_and_sounds_have_length(shown: Any) -> None:
    widths = shown.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert len(widths) > 40
    assert min(widths) > 0
    shown.wait_for_function("[...document.querySelectorAll('audio')].every(a => a.readyState > 0)")
    lengths = shown.evaluate("[...document.querySelectorAll('audio')].map(a => a.duration)")
    assert min(lengths) > 0.4


def test_a_key_plays_a_swap_and_another_stops_it(shown: Any) -> None:
    buttons = shown.locator(".sound button")
    assert "voice of" in buttons.nth(4).get_attribute("aria-label")
    playing = "[...document.querySelectorAll('audio')].map((a, i) => a.paused ? -1 : i).filter(i => i >= 0)"
    buttons.nth(4).focus()
    shown.keyboard.press("Enter")
    shown.wait_for_function(f"{playing}[0] === 4")
    shown.keyboard.press("Tab")
    shown.keyboard.press("Space")
    shown.wait_for_function(f"{playing}.length === 1 && {playing}[0] === 5")
    shown.wait_for_function(f"{playing}.length === 0")  # to its end
    assert shown.evaluate("document.querySelectorAll('audio')[5].currentTime") > 0.4


def test_tab_reaches_every_part(shown: Any) -> None:
    """From the link that skips the navigation to the last table, in the order of the page."""
    seen = []
    for _ in range(120):
        shown.keyboard.press("Tab")
        place = "(document.activeElement.closest('section') || {}).id || document.activeElement.tagName"
        seen.append(shown.evaluate(place))
    assert seen[:2] == ["A", "A"]
    parts = list(dict.fromkeys(p for p in seen if p.islower()))
    assert parts == ["rates", "swaps", "settings", "made"]


@pytest.mark.parametrize(
    "shown", [{"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2}], indirect=True
)
def test_a_phone_scrolls_down_only(shown: Any) -> None:
    """And a swap matrix of three voices, four columns, is whole on it."""
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wide = shown.evaluate("[...document.querySelectorAll('.matrix')].map(m => m.scrollWidth)")
    room = shown.evaluate("document.querySelector('.matrix').parentElement.clientWidth")
    assert max(wide) <= room


@pytest.mark.parametrize("shown", [{"color_scheme": s} for s in ("light", "dark")], indirect=True)
def test_text_and_ground_stand_apart(shown: Any, request: pytest.FixtureRequest) -> None:
    """Contrast of at least 4.5 (WCAG AA) in either scheme, and figures drawn for it."""
    shades = shown.evaluate(
        "[...document.querySelectorAll('section p, section .soft, a')].map(e => getComputedStyle(e).color)"
    )
    ground = shown.evaluate("getComputedStyle(document.querySelector('section')).backgroundColor")
    assert min(contrast(shade, ground) for shade in set(shades)) >= 4.5
    scheme = request.node.callspec.params["shown"]["color_scheme"]
    figures = shown.evaluate("[...document.images].map(i => i.currentSrc).filter(s => s.endsWith('svg'))")
    assert figures
    assert all(f"-{scheme}.svg" in figure for figure in figures)


def contrast(a: str, b: str) -> float:
    """WCAG 2's ratio of two colours `rgb(r, g, b)`."""

    def luminance(colour: str) -> float:
        channels = [int(c) / 255 for c in colour.strip("rgba()").split(",")[:3]]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)
