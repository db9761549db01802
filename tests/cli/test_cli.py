"""The command line as a whole: quick to answer, every option documented, exit codes as promised."""

import argparse
import logging
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from speechdis import cli
from speechdis.cli import main

HEAVY = (
    "torch",
    "torchaudio",
    "numpy",
    "scipy",
    "sklearn",
    "librosa",
    "speechbrain",
    "matplotlib",
    "pyworld",
)
COMMANDS = [i.name for i in cli.pkgutil.iter_modules(cli.__path__)]


def test_help_imports_nothing_heavy() -> None:
    """Which is what makes it answer at once: the slowest part of a short command is what it imports."""
    code = (
        "import sys; from speechdis.cli import command_line; command_line().format_help();"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_help_names_every_command_once_in_a_line_that_a_terminal_holds() -> None:
    grouped = [name for names in cli.GROUPS.values() for name in names]
    assert sorted(grouped) == COMMANDS
    lines = cli.command_line().format_help().splitlines()
    for name in COMMANDS:
        (line,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert line.split(None, 1)[1] and len(line) <= 80


@pytest.mark.parametrize("words", [[], ["--quiet"]])
def test_without_a_command_the_help_is_shown(words: list[str], capsys: pytest.CaptureFixture) -> None:
    """As an error: a script whose command is an empty variable has done nothing."""
    assert main(words) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", cli.command_line().format_help())


@pytest.mark.parametrize("option", ["--jobs", "--versions"])
@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_a_count_is_one_or_more(option: str, number: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["augment", "--data", "d", "--out", "o", option, number])
    assert stop.value.code == 2
    assert f"argument {option}: " in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture) -> None:
    """Its help ends its description with an example that can be typed: this command line takes it."""
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "--json" in text and "--quiet" in text
    examples = [line for line in text.splitlines() if line.startswith(f"    speechdis {command} ")]
    assert examples
    for example in examples:
        assert cli.command_line().parse_args(shlex.split(example)[1:]).command == command


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command
                yield from parsers(command)


def test_defaults_are_told_in_one_form_and_choices_shown() -> None:
    for parser in parsers(cli.command_line()):
        text = " ".join(parser.format_help().split())
        assert not re.search(r"\(default [^:]|(?<!\()default: ", text), parser.prog
        for action in parser._actions:
            has_none = any(action.default is none for none in (None, False, argparse.SUPPRESS))
            if not has_none and action.default != []:
                told = text[text.rindex(f" {action.option_strings[-1]} ") :]
                assert "(default: " in told, (parser.prog, action.option_strings)
            assert not action.choices or action.metavar in (None, "CORPUS"), (parser.prog, action.dest)


def test_the_same_option_has_the_same_default() -> None:
    """But for those whose meaning is their command's own: a swap and a training hold a model in each process."""
    own = {
        "--jobs",
        "--speakers",
        "--dev",
        "--dev-speakers",
        "--test-speakers",
        "--features",
        "--split",
        "--judge-steps",
        "--slow",
        "--help",
    }
    defaults: dict[str, set[str]] = {}
    for parser in parsers(cli.command_line()):
        for action in parser._actions:
            if action.option_strings and action.default is not argparse.SUPPRESS:
                one = isinstance(action.default, list) and len(action.default) == 1
                default = action.default[0] if one else action.default
                defaults.setdefault(action.option_strings[-1], set()).add(str(default))
    for option in defaults.keys() - own:
        assert len({d for d in defaults[option] if d not in ("None", "[]", "False")}) <= 1, option


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["swpa", "--out", "o"], "speechdis: no command 'swpa'; did you mean 'swap'?"),
        (["xyzzy"], "speechdis: no command 'xyzzy'; there are: anonymise, app, "),
        (["swap", "--chekpoint", "a"], "speechdis swap: no option '--chekpoint'; did you mean '--checkpoint'?"),
        (["swap", "--xyzzy"], "speechdis swap: no option '--xyzzy' ("),
        (["--qiet", "swap"], "speechdis: no option '--qiet'; did you mean '--quiet'?"),
        (["swap", "--vocoder=wrold"], "speechdis swap: no --vocoder 'wrold'; did you mean 'world'?"),
        (["prepare", "timti", "--root", "r"], "speechdis prepare: no corpus 'timti'; did you mean 'timit'?"),
        (["prepare", "timit", "--rot", "r"], "speechdis prepare timit: no option '--rot'; did you mean '--root'?"),
        (["train"], "speechdis train: the following arguments are required: "),
        (["eer", "--trials"], "speechdis eer: argument --trials: expected one argument"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_one_line_with_the_nearest_right_one(
    words: list[str], says: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(says)


@pytest.mark.parametrize("words", [["--quiet", "images"], ["images", "--quiet"], ["images"]])
def test_quiet_leaves_warnings_and_errors(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("TQDM_DISABLE", "")
    assert main([*words, "--root", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    quiet = "--quiet" in words
    assert bool(os.environ["TQDM_DISABLE"]) == quiet
    assert logging.getLogger("speechdis").isEnabledFor(logging.INFO) != quiet
    assert logging.getLogger("speechdis").isEnabledFor(logging.WARNING)
