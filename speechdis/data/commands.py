"""The commands of `wav.scp` that only decode one file, as Kaldi's recipes write them: the file is read, nothing is run.

`flac -c -d -s F |`, `sph2pipe -f wav [-p] [-c N] F |`, `sox F -t wav - |` and `ffmpeg -i F ... -f wav - |`, with the
options that say how samples are stored, at which rate, or that they are mixed to mono. All of that is done here anyway.
"""

import re
import shlex
from pathlib import Path

READ = "flac -c -d -s F |, sph2pipe -f wav F |, sox F -t wav - |, ffmpeg -i F -f wav - |"  # for messages

# A command's words with a NUL between them, which no word holds; here a blank stands for it, and FILE for a name.
_FORMS = (
    r"flac(?=.* (-\w*c\w*|--stdout) )(?=.* (-\w*d\w*|--decode) )"
    r"( -[cds]+| --(stdout|decode|silent|totally-silent))+ FILE",
    r"sph2pipe(?=.* -f wav )( -p| -f wav| -c (?P<channel>[12]))+ FILE",
    r"sox( -q| -V\d?| -R)*( -t \w+)? FILE(?=.* -t wav )"
    r"( -t wav| (-r|--rate) [\d.]+k?| (-b|--bits) \d+| (-c|--channels) 1| (-e|--encoding) signed(-integer)?)+ -",
    r"ffmpeg( -(v|loglevel) \w+| -(nostdin|hide_banner|y))* -i FILE(?=.* -f wav )"
    r"( -f wav| -ar \d+| -ac 1| -(acodec|c:a|codec:a) pcm_\w+| -(v|loglevel) \w+| -vn)+ (-|pipe:1?)",
)
_COMPILED = [re.compile(f.replace(" ", "\0").replace("FILE", r"(?P<file>[^\0|-][^\0]*)")) for f in _FORMS]
_SHELL = re.compile(r"[$`]")  # what a shell puts something else in the place of, even between quotes


def decoded_file(command: str) -> tuple[str, int | None]:
    """The file that a `command |` decodes, and the channel that it takes, from 1 on; None for all of them.

    Raises:
        ValueError: it is no such command, and is not run.

    >>> decoded_file("sph2pipe -f wav -p -c 2 'my call.sph' |")
    ('my call.sph', 2)
    """
    words = _words(command)
    for form in _COMPILED:
        if match := form.fullmatch("\0".join(words)):
            channel = match.groupdict().get("channel")
            return match["file"], int(channel) if channel else None
    raise ValueError(
        f"'{command}' is a command, and none is run; only these are read as the file they name: {READ}; "
        "run any other once and name its output"
    )


def decoding(file: str, channel: int) -> str:
    """The command for one channel of a SPHERE file, as `decoded_file` reads it."""
    return f"sph2pipe -f wav -p -c {channel} {shlex.quote(file)} |"


def _words(command: str) -> list[str]:
    """The words of a command as a shell has them, the program by its bare name; [] where a shell would do more."""
    if not command.endswith("|") or _SHELL.search(command):
        return []
    lexer = shlex.shlex(command[:-1], posix=True, punctuation_chars=True)  # `;`, `>` are words of their own
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:  # a quote that does not end
        return []
    return [Path(words[0]).name, *words[1:]] if words and not any("\0" in word for word in words) else []
