"""Text as people have it: byte order marks, other encodings, pipes, and YAML that means harm."""

import os
from pathlib import Path

import pytest

from speechdis.data.text import read_json, read_table, read_text, read_yaml, require_file, require_id
from speechdis.errors import InputError


def test_a_byte_order_mark_and_carriage_returns_are_not_text(tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_bytes(b"\xef\xbb\xbfa 1\r\nb 2\r\n")
    assert read_text(file) == "a 1\nb 2\n"


def test_other_bytes_are_refused_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_bytes(b"a \xff")
    with pytest.raises(InputError, match=r"list: not UTF-8 text .* at byte 2"):
        read_text(file)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, message in {"": "a folder", "none": "no such file", "pipe": "a pipe or device"}.items():
        with pytest.raises(InputError, match=message):
            require_file(tmp_path / name)
    for name, message in {"n" * 300: "cannot be opened", "a\0b": "cannot be opened"}.items():
        with pytest.raises(InputError, match=message):
            require_file(tmp_path / name)
    with pytest.raises(InputError, match="a pipe or device"):
        require_file("/dev/zero")


def test_a_pipe_that_the_shell_opened_is_read() -> None:
    end, other = os.pipe()
    os.write(other, b"a 1\n")
    os.close(other)
    assert read_text(f"/dev/fd/{end}") == "a 1\n"
    os.close(end)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "the key 'a' stands twice"),
        (BOMB, "anchors"),
        ("[" * 5000, "nested too deeply"),
        ("a: [", "not YAML"),
        ("a: !!python/name:os.system", "not YAML"),
        ("a: 2026-13-45", "not YAML"),
    ],
)
def test_yaml_that_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=rf"recipe.yaml: .*{message}"):
        read_yaml(file)


def test_yaml_and_json_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: {b: 1e-3, c: [1, 2]}\n")
    (tmp_path / "a.json").write_text('{"a": [1, 2]}')
    assert read_yaml(tmp_path / "a.yaml") == {"a": {"b": "1e-3", "c": [1, 2]}}
    assert read_json(tmp_path / "a.json") == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "not JSON"), ("[" * 200_000, "nested too deeply"), ('{"a": ' + "9" * 400 + "}", "not JSON")],
)
def test_json_that_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=f"a.json: {message}"):
        read_json(tmp_path / "a.json")


def test_only_ascii_blanks_separate_and_a_long_line_takes_no_time(tmp_path: Path) -> None:
    file = tmp_path / "table"
    file.write_text(f"a\u00a0b \t c  d \n\n  \ne{' ' * 100_000}f\n")
    rows = list(read_table(file))
    assert rows == [(f"{file}:1", "a\u00a0b", "c  d"), (f"{file}:4", "e", "f")]


@pytest.mark.parametrize("word", ["a\0b", "\x1b[2J", "", "a\tb", "a\x85"])
def test_what_cannot_be_an_id(word: str) -> None:
    with pytest.raises(InputError, match="cannot be an id"):
        require_id(word, "list")
