"""Commands of wav.scp: those that decode a file are read as it, any other is refused, and none is ever run."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from speechdis.data.audio import read_utterance
from speechdis.data.commands import READ, decoded_file, decoding
from speechdis.data.directory import read_directory, validate, write_directory
from speechdis.errors import InputError


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("flac -c -d -s F |", "F"),  # LibriSpeech
        ("flac -cds F.flac |", "F.flac"),
        ("/usr/bin/flac --decode --stdout --silent F|", "F"),
        ("sph2pipe -f wav F |", "F"),
        ("/kaldi/tools/sph2pipe_v2.5/sph2pipe -p -f wav /a/b.sph |", "/a/b.sph"),
        ("sox F -t wav - |", "F"),
        ("sox -t sph 'my file' -t wav -r 16k -b 16 -c 1 -e signed-integer - |", "my file"),
        ("ffmpeg -v 8 -i F -f wav -acodec pcm_s16le -|", "F"),  # VoxCeleb2
        ('ffmpeg -loglevel error -nostdin -i "a \'b.m4a" -ac 1 -ar 16000 -f wav pipe:1 |', "a 'b.m4a"),
        (r"flac -c -d -s a\ b.flac |", "a b.flac"),
    ],
)
def test_the_fixed_forms_name_a_file(command: str, file: str) -> None:
    assert decoded_file(command) == (file, None)


@pytest.mark.parametrize("channel", [1, 2])
def test_a_channel_is_part_of_the_form(channel: int) -> None:
    assert decoded_file(f"sph2pipe -f wav -p -c {channel} F |") == ("F", channel)
    assert decoded_file(decoding("/a b/it's.sph", channel)) == ("/a b/it's.sph", channel)


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf x |",
        "flac -c -d -s $(x) |",
        'flac -c -d -s "`x`" |',
        "flac -c -d -s $HOME/x |",
        "sox a b -t wav -; rm",
        "sox a -t wav -; rm x |",
        "sox a -t wav - | rm x |",
        "sox a -t wav - && rm x |",
        "sox '|rm x' -t wav - |",  # sox itself would run it
        "sox - -t wav - |",
        "sox a -t wav - trim 0 3 |",  # not the whole file
        "flac -c -d -s a > b |",
        "flac -c -d -s a b |",
        "flac -s a |",  # encodes
        "flac -c -d -s 'a |",
        "flac -c -d -s -a |",
        "flac -c -d -s (a) |",
        "ffmpeg -i a -ss 3 -f wav - |",
        "ffmpeg -i a -i b -f wav - |",
        "ffmpeg -i a -f wav b.wav |",
        "sph2pipe -f wav -c 3 a |",
        "sph2pipe -f wav -t 0:3 a |",
        "| flac -c -d -s a |",
        "flac -c -d -s a\0b |",
        "a b.flac |",
        "|",
    ],
)
def test_any_other_command_is_refused_in_one_line(command: str) -> None:
    with pytest.raises(ValueError, match="none is run") as caught:
        decoded_file(command)
    assert READ in str(caught.value) and "\n" not in str(caught.value)


def _never(*given: object, **options: object) -> None:
    raise AssertionError(f"something was run: {given}")


_words = st.sampled_from(
    [
        *(
            "flac",
            "-c",
            "-d",
            "-s",
            "sox",
            "-t",
            "wav",
            "-",
            "sph2pipe",
            "-f",
            "ffmpeg",
            "-i",
            "rm",
            "-rf",
            "x",
            "y",
        ),
        *("$(touch y)", "`touch y`", ";", "|", "||", "&", "&&", ">", "<", "'", '"', "\\", "touch y", "\t"),
    ]
)


@settings(max_examples=300)
@given(command=st.one_of(st.lists(_words, max_size=12).map(" ".join), st.text(max_size=40)))
def test_whatever_the_line_says_nothing_is_run(command: str) -> None:
    """And what is accepted holds no character by which a shell would do more, unless a quote takes its meaning."""
    with pytest.MonkeyPatch.context() as patch:
        for module, names in (
            (subprocess, ("Popen",)),
            (os, ("system", "popen", "execv", "posix_spawn", "fork")),
        ):
            for name in names:
                patch.setattr(module, name, _never)
        try:
            file, _ = decoded_file(command + " |")
        except ValueError:
            return
    assert "$" not in command and "`" not in command
    assert command.count(";") == file.count(";") and command.count(">") == file.count(">")


def test_a_directory_of_commands_is_read_and_kept(tmp_path: Path) -> None:
    """Two speakers in two channels of one call, a file with a blank, and one that no command names."""
    t = np.arange(8000) / 16000
    one, other = 0.3 * np.sin(2 * np.pi * 200 * t), 0.2 * np.sin(2 * np.pi * 300 * t)
    soundfile.write(tmp_path / "call.sph", np.stack([one, other], 1), 16000, format="NIST", subtype="PCM_16")
    soundfile.write(tmp_path / "a b.flac", one, 16000)
    call = "sph2pipe -f wav -p -c {} call.sph |"
    lines = [f"u1 {call.format(1)}", f"u2 {call.format(2)}", "u3 flac -c -d -s 'a b.flac' |", "u4 a b.flac"]
    (tmp_path / "wav.scp").write_text("\n".join(lines))
    (tmp_path / "utt2spk").write_text("u1 s\nu2 t\nu3 s\nu4 s\n")
    utterances = read_directory(tmp_path)
    for utterance, wave in zip(utterances, (one, other, one, one), strict=True):
        np.testing.assert_allclose(read_utterance(utterance)[0], wave, atol=1e-4)
    write_directory(tmp_path / "kept", utterances)
    assert read_directory(tmp_path / "kept") == utterances
    assert validate(tmp_path / "kept", audio=True).utterances == 4
    (tmp_path / "wav.scp").write_text("u1 sph2pipe -f wav -p -c 2 'a b.flac' |\n")
    (tmp_path / "utt2spk").write_text("u1 s\n")
    with pytest.raises(InputError, match=r"a b\.flac: channel 2 is asked for; it has 1"):
        validate(tmp_path, audio=True)


def test_a_hostile_directory_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "utt2spk").write_text("u s\n")
    for command in (
        "touch {} |",
        "flac -c -d -s $(touch {}) |",
        "sox a -t wav -; touch {} |",
        "sox '|touch {}' -t wav - |",
    ):
        (tmp_path / "wav.scp").write_text("u " + command.format(tmp_path / "ran"))
        with pytest.raises(InputError, match=r"wav\.scp:1: .* none is run"):
            read_directory(tmp_path)
    assert not (tmp_path / "ran").exists()
