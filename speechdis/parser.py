"""argparse, but an error is one line with the nearest right word, and a default has one form."""

import argparse
import difflib
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

_LONGEST = 600  # characters of an error line


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the nearest command, option or choice where one is near."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but an option that is not there comes before one that is missing."""
        words = [_as_file(word) for word in (sys.argv[1:] if args is None else args)]
        commands = any(isinstance(action, argparse._SubParsersAction) for action in self._actions)
        for word in words:
            if word == "--" or (commands and not word.startswith("-")):
                break  # what follows a command is the command's to check
            name = word.partition("=")[0]
            if name.startswith("--") and not any(
                known.startswith(name) for known in self._option_string_actions
            ):
                self.error(f"no option '{name}'{nearest(name, self._option_string_actions)}")
        return super().parse_known_args(words, namespace)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """One line with the nearest choice, where argparse lists all in quotes."""
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            what = action.option_strings[-1] if action.option_strings else str(action.metavar).lower()
            near = nearest(str(value), known) or f"; there are: {', '.join(known)}"
            raise argparse.ArgumentError(None, f"no {what} '{value}'{near}")

    def error(self, message: str) -> NoReturn:
        """Exit with 2."""
        if "expected" in message and "argument" in message:
            message += "; a name that begins with a dash is written ./-name"
        self.exit(2, f"{self.prog}: {one_line(ValueError(message))} ('{self.prog} --help' says more)\n")


class Help(argparse.RawDescriptionHelpFormatter):
    """Descriptions as they are written, and each default in one form: (default: VALUE)."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text, default = action.help or "", action.default
        if (
            any(default is none for none in (None, False, argparse.SUPPRESS))
            or default == []
            or "(default" in text
        ):
            return text
        return (
            f"{text} (default: {default:g})" if isinstance(default, float) else f"{text} (default: {default})"
        )


def _as_file(word: str) -> str:
    """`./-name` for a file that is named as if it were an option."""
    dash = word.startswith("-") and not word.startswith("--") and not re.fullmatch(r"-|-h|-[\d.]+", word)
    return f"./{word}" if dash and os.path.exists(word) else word  # noqa: PTH110 (Path.exists raises: too long)


def nearest(word: str, known: Iterable[str]) -> str:
    """ "; did you mean '...'?" for what is written nearly like one of `known`, or ""."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def one_line(error: Exception) -> str:
    """The message of `error` on one line a terminal can show: no control characters, at most 600 characters."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = " ".join("".join(c if c.isprintable() or c.isspace() else repr(c)[1:-1] for c in text).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"
