"""swap, reconstruct, sample and interpolate as a person uses them: what is written, refused, resumed."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from speechdis import models
from speechdis.cli import main
from speechdis.data.audio import write_audio
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.evaluation.outside.manifest import read_manifest
from speechdis.features import settings_of
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint


def tone(hertz: float, seconds: float, rate: int = 16000) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * k * hertz * t) / k for k in range(1, 12))
    return (0.1 * wave + 1e-3 * np.random.default_rng(0).standard_normal(len(t))).astype(np.float32)


@pytest.fixture(scope="module", params=["dsvae", "fhvae"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that has not learnt anything, on disk."""
    torch.manual_seed(0)
    config = models.load(request.param).Config(static_size=4, dynamic_size=3, hidden_size=8)
    path = tmp_path_factory.mktemp(request.param) / "checkpoints" / "best.safetensors"
    mean, std = np.full(80, 8, np.float32), np.full(80, 3, np.float32)
    model = models.build(request.param, 80, config)
    checkpoint.save(path, Checkpoint(model, request.param, settings_of("fbank"), 20, mean, std, 0))
    return str(path.parent.parent)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    write_audio(folder / "low.wav", tone(110, 0.9), 16000)
    write_audio(folder / "high.flac", tone(220, 1.3, 44100), 44100)
    write_audio(folder / "chord.wav", tone(262, 0.5) + tone(330, 0.5) + tone(392, 0.5), 16000)
    write_audio(folder / "brief.wav", tone(150, 0.1, 8000), 8000)
    write_audio(folder / "instant.wav", tone(150, 0.01), 16000)
    soundfile.write(folder / "silence.wav", np.zeros(16000), 16000)
    soundfile.write(folder / "hush.wav", np.random.default_rng(0).normal(0, 1e-4, 16000), 16000)
    return folder


def swap(trained: str, voice: Path, content: Path, out: Path, *more: str) -> int:
    paths = {"--voice": voice, "--content": content, "--out": out}
    return main(
        ["swap", "--checkpoint", trained, *(str(word) for item in paths.items() for word in item), *more]
    )


@pytest.mark.parametrize(
    ("voice", "content", "seconds"),
    [
        ("low.wav", "high.flac", 1.3),
        ("high.flac", "low.wav", 0.9),
        ("low.wav", "low.wav", 0.9),
        ("chord.wav", "brief.wav", 0.1),
        ("brief.wav", "hush.wav", 1.0),
    ],
)
def test_any_two_recordings(
    trained: str, recordings: Path, tmp_path: Path, voice: str, content: str, seconds: float
) -> None:
    assert swap(trained, recordings / voice, recordings / content, tmp_path / "out.wav") == 0
    wave, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 16000 and len(wave) == pytest.approx(seconds * rate, abs=2)


def test_what_cannot_be_swapped_is_one_line(
    trained: str, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    low = recordings / "low.wav"
    for voice, content, out, says in (
        (recordings / "silence.wav", low, "o.wav", "silence.wav: holds only digital silence"),
        (low, recordings / "instant.wav", "o.wav", "instant.wav: 160 samples, shorter than one window"),
        (low, recordings / "none.wav", "o.wav", "none.wav: no such audio file"),
        (low, low, "o.mp3", "cannot write '.mp3' audio"),
        (low, low, "file/o.wav", "file"),
    ):
        (tmp_path / "file").write_text("a file, no folder")
        assert swap(trained, voice, content, tmp_path / out) == 2
        message = capsys.readouterr().err.strip().splitlines()[-1]
        assert message.startswith("speechdis swap: ") and says in message
        assert not (tmp_path / "o.wav").exists()


def test_names_with_blanks_dashes_and_signs(
    trained: str,
    recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("-a.wav", "--b.wav", "wörd 中 '\"$x.wav"):
        Path(name).write_bytes((recordings / "brief.wav").read_bytes())
    told = ["swap", "--checkpoint", trained, "--voice"]
    assert main([*told, "-a.wav", "wörd 中 '\"$x.wav", "--content", "-a.wav", "--out", "./-c.wav"]) == 0
    assert main([*told, "./--b.wav", "--content", "wörd 中 '\"$x.wav", "--out=-d"]) == 0
    assert Path("-c.wav").exists() and Path("-d.wav").exists()
    with pytest.raises(SystemExit):
        main([*told, "-none.wav", "--content", "-a.wav", "--out", "e.wav"])
    assert "is written ./-name" in capsys.readouterr().err


def test_models_without_the_two_factors_are_one_line(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "checkpoints" / "best.safetensors"
    mean, std = np.zeros(80, np.float32), np.ones(80, np.float32)
    pvae = models.build("pvae", 80, models.load("pvae").Config())
    checkpoint.save(path, Checkpoint(pvae, "pvae", settings_of("fbank"), 20, mean, std, 0))
    low = str(recordings / "low.wav")
    (tmp_path / "pairs.tsv").write_text(f"{low}\t{low}\n")
    common = ["--checkpoint", str(tmp_path), "--out", str(tmp_path / "out")]
    for command in (
        ["swap", "--voice", low, "--content", low],
        ["swap", "--manifest", str(tmp_path / "pairs.tsv")],
        ["reconstruct", "--content", low],
        ["sample", "--content", low],
        ["interpolate", "--voice", low, "--to", low, "--content", low],
    ):
        assert main([*command, *common]) == 2
        (message,) = capsys.readouterr().err.strip().splitlines()
        assert "a 'pvae' has no static and dynamic factors" in message
        assert not (tmp_path / "out").exists()


def test_a_manifest_is_done_once_and_its_bad_pairs_left_out(
    trained: str,
    recordings: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "speechdis")
    manifest, out = recordings / "pairs.tsv", tmp_path / "swaps"
    manifest.write_text(
        "# voice content name\nlow.wav\thigh.flac\nhigh.flac\tlow.wav\tdeep/er.flac\nlow.wav\tsilence.wav\n\n"
    )
    words = ["swap", "--checkpoint", trained, "--manifest", str(manifest), "--out", str(out)]
    report = tmp_path / "count.json"
    assert main([*words, "--json", str(report)]) == 0
    told = json.loads(report.read_text())
    assert (told["made"], told["kept"], told["skipped"]) == (2, 0, 1)
    assert told["seconds"] == pytest.approx(2.2, abs=0.01)
    (failure,) = told["failures"]
    assert failure["name"] == "low_silence.wav" and "holds only digital silence" in failure["reason"]
    assert failure["voice"].endswith("low.wav") and failure["content"].endswith("silence.wav")
    message = caplog.text
    assert "skipped low_silence.wav" in message and "2 swaps, 0 made before, 1 skipped" in message
    assert "2.2 s of speech in " in message
    assert {p.relative_to(out).as_posix() for p in out.rglob("*.*")} == {
        "low_high.wav",
        "deep/er.flac",
        "swaps.json",
    }
    first = (out / "low_high.wav").read_bytes()
    (out / "deep" / "er.flac").unlink()
    (out / "low_high.wav").write_bytes(b"kept as it is")
    assert main([*words, "--json", str(report)]) == 0
    told = json.loads(report.read_text())
    assert (told["made"], told["kept"], told["skipped"]) == (1, 1, 1)
    assert (out / "low_high.wav").read_bytes() == b"kept as it is"
    (out / "low_high.wav").unlink()
    assert main([*words, "--jobs", "2"]) == 0
    assert (out / "low_high.wav").read_bytes() == first
    assert main([*words, "--strict"]) == 2
    assert "silence.wav: holds only digital silence" in capsys.readouterr().err
    assert main([*words, "--vocoder", "griffin-lim"]) == 2
    assert "holds swaps by another vocoder" in capsys.readouterr().err
    assert main([*words, "--slow", "6"]) == 2
    assert "holds swaps by another slow" in capsys.readouterr().err
    assert main([*words, "--slow", "6", "--plain"]) == 2
    assert "--plain says the model's spectra" in capsys.readouterr().err
    note = json.loads((out / "swaps.json").read_text())
    assert note.pop("slow") == 0
    (out / "swaps.json").write_text(json.dumps(note))  # as versions without it wrote it
    assert main(words) == 0


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("a.wav b.wav\n", ":1: expected voice<TAB>content"),
        ("a.wav\tb.wav\tc.mp3\n", ":1: c.mp3: cannot write '.mp3' audio; choose one of .wav, "),
        ("a.wav\tb.wav\tc\td\n", ":1: expected voice<TAB>content"),
        ("a.wav|\tb.wav\n", ":1: expected voice<TAB>content"),
        ("name\tvoice\tcontent\nc\ta.wav\n", ":2: expected voice<TAB>content"),
        ("voice\tcontent\n", ": no pairs"),
        ("a.wav\tb.wav\t../c.wav\n", ":1: '../c.wav' is not inside --out"),
        ("# nothing\n", ": no pairs"),
        ("a.wav\tb.wav\n", "not one usable pair; the last: "),
    ],
)
def test_a_manifest_that_cannot_be_used(
    trained: str, tmp_path: Path, capsys: pytest.CaptureFixture, lines: str, says: str
) -> None:
    (tmp_path / "pairs.tsv").write_text(lines)
    words = ["swap", "--checkpoint", trained, "--manifest", str(tmp_path / "pairs.tsv")]
    assert main([*words, "--out", str(tmp_path / "out")]) == 2
    assert says in capsys.readouterr().err


def test_manifests_as_people_have_them(
    trained: str, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte order mark, CRLF, a header in any order, names without a suffix, paths from the working directory."""
    lists, out = tmp_path / "lists", tmp_path / "out"
    for folder in ("x", "y"):
        (lists / folder).mkdir(parents=True)
        (lists / folder / "low.wav").write_bytes((recordings / "low.wav").read_bytes())
    monkeypatch.chdir(recordings)
    long = "n" * 300
    rows = [
        "name\tContent\tnotes\tVoice",
        "spk.1\tbrief.wav\t\tx/low.wav",
        "same\tbrief.wav\t\tx/low.wav",
        "same\tbrief.wav\t\ty/low.wav",
        "\tbrief.wav\t\tx/low.wav",
        "\tbrief.wav\t\ty/low.wav",
        "\tbrief.wav\t\ty/low.wav",
        f"{long}.flac\tbrief.wav\t\tx/low.wav",
    ]
    manifest = lists / "pairs.tsv"
    manifest.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(rows).encode())
    words = ["swap", "--checkpoint", trained, "--manifest", str(manifest), "--out", str(out)]
    assert main(words) == 0
    made = {p.name for p in out.iterdir()} - {"swaps.json"}
    assert len(made) == 6 and "spk.1.wav" in made
    for start, end, many in (("same-", ".wav", 2), ("low_brief-", ".wav", 2), ("nnn", ".flac", 1)):
        assert sum(name.startswith(start) and name.endswith(end) for name in made) == many
    manifest.write_text("\n".join(rows[:1] + rows[:0:-1]))  # the same names in another order
    assert main(words) == 0
    assert {p.name for p in out.iterdir()} - {"swaps.json"} == made


def test_a_line_has_several_recordings_of_a_voice(trained: str, recordings: Path, tmp_path: Path) -> None:
    """As `swap --voice` has them, and as `judge --swaps` reads the same list."""
    manifest, out = recordings / "several.tsv", tmp_path / "swaps"
    lines = ["low.wav | high.flac\tbrief.wav\tA", "low.wav|silence.wav\tbrief.wav\tA"]
    manifest.write_text("\n".join(["voice\tcontent\tvoice_speaker", *lines]))
    words = ["swap", "--checkpoint", trained]
    report = tmp_path / "count.json"
    assert main([*words, "--manifest", str(manifest), "--out", str(out), "--json", str(report)]) == 0
    (failure,) = json.loads(report.read_text())["failures"]
    assert failure["voice"] == f"{recordings / 'low.wav'}|{recordings / 'silence.wav'}"
    assert "silence.wav: holds only digital silence" in failure["reason"]
    lone = [*words, "--content", str(recordings / "brief.wav"), "--voice", str(recordings / "low.wav")]
    for more, name in (([], "one.wav"), ([str(recordings / "high.flac")], "two.wav")):
        assert main([*lone, *more, "--out", str(tmp_path / name)]) == 0
    takes = read_manifest(manifest, swaps=out).takes
    made = takes[0].path.read_bytes()
    assert made == (tmp_path / "two.wav").read_bytes() != (tmp_path / "one.wav").read_bytes()
    assert [len(take.lent) for take in takes] == [2, 2]


def test_what_can_be_checked_is_checked_before_the_first_swap(
    trained: str, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    low, out = recordings / "low.wav", tmp_path / "out"
    manifest = tmp_path / "pairs.tsv"
    manifest.write_text(f"{low}\t{low}\n{low}\t{tmp_path}/none.wav\n")
    words = ["swap", "--checkpoint", trained, "--manifest", str(manifest), "--out", str(out)]
    assert main([*words, "--strict"]) == 2
    assert "none.wav: no such audio file" in capsys.readouterr().err and not out.exists()
    assert main([*words[:-1], str(low)]) == 2
    assert "low.wav: a file; many swaps go into a folder" in capsys.readouterr().err
    assert main(words) == 0
    for text in ("", "[]", "{", '{"vocoder": "world"}', "\x00"):
        (out / "swaps.json").write_text(text)
        capsys.readouterr()
        assert main(words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "swaps.json: " in line
    assert (
        main(["swap", "--checkpoint", str(tmp_path), "--voice", str(low), "--content", "no", "--out", "o"])
        == 2
    )
    assert (
        "no: no such audio file" in capsys.readouterr().err
    )  # before the checkpoint, which is none, is looked at


def test_one_swap_goes_into_a_folder_or_gets_a_suffix(
    trained: str, recordings: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "speechdis")
    low, brief = recordings / "low.wav", recordings / "brief.wav"
    assert swap(trained, low, brief, tmp_path) == 0
    assert swap(trained, low, brief, tmp_path / "out") == 0
    assert (tmp_path / "low_brief.wav").read_bytes() == (tmp_path / "out.wav").read_bytes()
    assert "out.wav; 0.1 s of speech in " in caplog.text and "times as fast as it is said" in caplog.text
    command = ["reconstruct", "--checkpoint", trained, "--content", str(brief), "--out", str(tmp_path)]
    assert main(command) == 0 and (tmp_path / "brief.wav").exists()


def test_the_other_tasks(trained: str, recordings: Path, tmp_path: Path) -> None:
    low, high = (str(recordings / name) for name in ("low.wav", "high.flac"))
    common = ["--checkpoint", trained, "--out"]
    assert main(["reconstruct", *common, str(tmp_path / "r.wav"), "--content", low]) == 0
    assert soundfile.info(tmp_path / "r.wav").duration == pytest.approx(0.9)

    for seed in ("1", "1", "2"):
        out = str(tmp_path / f"voices-{seed}")
        assert main(["sample", *common, out, "--content", low, "--count", "2", "--seed", seed]) == 0
    ones, twos = ([(tmp_path / f"voices-{s}" / f"{k}.wav").read_bytes() for k in (0, 1)] for s in "12")
    assert len({*ones, *twos}) == 4
    words = ["--voice", low, "--count", "1", "--seconds", "0.7"]
    assert main(["sample", *common, str(tmp_path / "words"), *words]) == 0
    assert soundfile.info(tmp_path / "words" / "0.wav").duration == pytest.approx(0.7)

    ends = ["--voice", low, "--to", high, "--content", low, "--steps", "3"]
    assert main(["interpolate", *common, str(tmp_path / "way"), *ends]) == 0
    for voice, step in ((low, "0.wav"), (high, "2.wav")):
        assert swap(trained, Path(voice), Path(low), tmp_path / "end.wav") == 0
        assert (tmp_path / "way" / step).read_bytes() == (tmp_path / "end.wav").read_bytes()


def test_usage_is_one_line(trained: str, recordings: Path, capsys: pytest.CaptureFixture) -> None:
    low = str(recordings / "low.wav")
    for words, says in (
        (["swap", "--voice", low], "give both --voice and --content"),
        (["swap", "--voice", low, "--manifest", low], "leave out --voice"),
        (["sample", "--voice", low, "--content", low], "either --content"),
        (["interpolate", "--voice", low, "--to", low, "--content", low, "--steps", "1"], "2 or more"),
    ):
        assert main([*words, "--checkpoint", trained, "--out", "unused"]) == 2
        assert says in capsys.readouterr().err


def test_a_data_directory_lends_its_first_utterances_of_two_speakers(
    trained: str, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    low, high = recordings / "low.wav", recordings / "high.flac"
    of_two = [Utterance(u, u[0], low if u[0] == "a" else high) for u in ("a-1", "a-2", "b-1", "b-2")]
    write_directory(tmp_path / "two", of_two)
    write_directory(tmp_path / "one", of_two[:2])
    told = [
        "swap",
        "--checkpoint",
        trained,
        "--out",
        str(tmp_path / "out.wav"),
        "--json",
        str(tmp_path / "made"),
    ]
    assert main([*told, "--data", str(tmp_path / "two")]) == 0
    made = json.loads((tmp_path / "made").read_text())
    assert (made["voice"], made["content"]) == ("b-1", "a-1")
    assert main([*told, "--data", str(tmp_path / "one")]) == 2
    assert "one speaker only" in capsys.readouterr().err
