"""The command line as a whole: quick to answer, every option documented, exit codes as promised."""

import subprocess
import sys

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


@pytest.mark.parametrize("option", ["--jobs", "--versions"])
@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_a_count_is_one_or_more(option: str, number: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["augment", "--data", "d", "--out", "o", option, number])
    assert stop.value.code == 2
    assert f"argument {option}: " in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "--json" in text


def test_usage_errors_exit_with_2(capsys: pytest.CaptureFixture) -> None:
    for words in (["nonsense"], ["train"], ["eer", "--trials"]):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 2
