"""lhotse's manifests as a corpus: parts and splits, and what is left out of them."""

import gzip
import json
from pathlib import Path

import pytest

from speechdis.cli import main
from speechdis.corpora import lhotse
from speechdis.data.directory import read_directory, write_directory
from speechdis.data.utterance import Interval, Utterance
from speechdis.errors import InputError
from tests.trees import plant, recording


def write_part(root: Path, name: str, spks: range, packed: bool = True, **changes: object) -> None:
    """Two utterances of each speaker, whose recordings lie beside the manifests."""
    root.mkdir(parents=True, exist_ok=True)
    recordings, supervisions = [], []
    for spk in spks:
        for take in range(2):
            utt = f"s{spk}-{take}"
            plant(root, {f"audio/{utt}.wav": recording()})
            source = {"type": "file", "channels": [0], "source": f"audio/{utt}.wav"}
            recordings.append(
                {"id": utt, "sources": [source], "sampling_rate": 16000, "num_samples": 1600, "duration": 0.1}
            )
            said = {"id": utt, "recording_id": utt, "start": 0.0, "duration": 0.1, "channel": 0}
            supervisions.append(said | {"speaker": f"s{spk}", "text": "a  b", "gender": "Female"})
    recordings[0] |= changes
    for what, records in (("recordings", recordings), ("supervisions", supervisions)):
        text = "".join(json.dumps(record) + "\n" for record in records).encode()
        file = root / f"{name.replace('WHAT', what)}.jsonl{'.gz' * packed}"
        file.write_bytes(gzip.compress(text) if packed else text)


def write_tree(root: Path) -> Path:
    """Two parts of train, none of dev, and a part of neither."""
    write_part(root, "libri_WHAT_train-clean-100", range(4))
    write_part(root, "libri_WHAT_train-other-500", range(4, 6))
    write_part(root, "libri_WHAT_test-clean", range(6, 9), packed=False)
    write_part(root, "libri_WHAT_invalidated", range(9, 10))
    return root


def test_parts_are_splits_and_missing_ones_are_drawn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    splits = lhotse.prepare(write_tree(tmp_path))
    assert {name: len(us) for name, us in splits.items()} == {"train": 10, "dev": 2, "test": 6}
    assert {u.spk for u in splits["test"]} == {"s6", "s7", "s8"}
    assert "libri_recordings_invalidated.jsonl.gz: neither train, dev nor test: left out" in caplog.text
    u = splits["test"][0]
    assert u == Utterance("s6-0", "s6", tmp_path / "audio/s6-0.wav", gender="f", text="a b")


def test_one_pair_of_any_name_is_split(tmp_path: Path) -> None:
    write_part(tmp_path, "WHAT", range(8))
    assert [len({u.spk for u in us}) for us in lhotse.prepare(tmp_path).values()] == [5, 1, 2]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"transforms": [{"name": "Speed", "kwargs": {"factor": 0.9}}]}, "changed when it is read"),
        (
            {"sources": [{"type": "url", "channels": [0], "source": "https://a/b"}]},
            "no file, but of type 'url'",
        ),
        (
            {"sources": [{"type": "command", "channels": [0], "source": "rm -r x"}]},
            "is a command, and none is run",
        ),
        ({"id": "other"}, "'s0-0' is of the recording 's0-0', which is in no manifest"),
    ],
)
def test_a_recording_that_is_no_file_costs_its_supervisions(tmp_path: Path, changes: dict, says: str) -> None:
    write_part(tmp_path, "WHAT_train", range(4), **changes)
    reports: list[InputError] = []
    splits = lhotse.prepare(tmp_path, report=reports.append)
    assert sum(map(len, splits.values())) == 7
    (report,) = reports
    assert says in str(report) and "supervisions_train.jsonl.gz:1: " in str(report)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cuts_train.jsonl.gz", "", "no recordings_.* of cuts, 'lhotse cut decompose' makes some"),
        ("recordings_train.jsonl", "{}", "no supervisions_train.jsonl.gz beside it"),
        (
            "supervisions.jsonl",
            '{"id": 1}\n',
            "supervisions.jsonl:1: no supervision of lhotse .*recording_id",
        ),
        ("supervisions.jsonl", "[1]\n", "supervisions.jsonl:1: no record with an id"),
        ("supervisions.jsonl", "\n{\n", "supervisions.jsonl:2: not JSON"),
        ("supervisions.jsonl", "", "no supervision in its manifests that can be used"),
        ("supervisions.jsonl.gz", "no gzip", "supervisions.jsonl.gz: cannot be read"),
    ],
)
def test_what_is_no_manifest(tmp_path: Path, name: str, content: str, says: str) -> None:
    if name.startswith("supervisions"):
        write_part(tmp_path, "WHAT", range(4), packed=False)
        (tmp_path / "supervisions.jsonl").unlink()
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=says):
        lhotse.prepare(tmp_path)


def directories(root: Path) -> dict[str, list[Utterance]]:
    """Whole recordings, parts of one, one of two channels, times of words and phones, and a session."""
    import numpy as np
    import soundfile

    rng = np.random.default_rng(0)
    for name, channels in (("long.wav", 1), ("call.wav", 2), ("whole.flac", 1)):
        soundfile.write(root / name, 0.1 * rng.standard_normal((16000, channels)), 16000)
    words = (Interval(0.05, 0.2, "hi"), Interval(0.2, 0.25, "é"))
    train = [
        Utterance("a-1", "a", root / "long.wav", end=0.4, gender="f", text="hi é", words=words),
        Utterance(
            "a-2",
            "a",
            root / "long.wav",
            start=0.5,
            gender="f",
            phones=words,
            session="x y".replace(" ", "-"),
        ),
        Utterance("b-1", "b", root / "whole.flac", text_phone="HH AY"),
    ]
    test = [Utterance(f"c{n}-1", f"c{n}", root / "call.wav", start=0.25, end=0.75, channel=n) for n in (1, 2)]
    for part, utterances in {"train": train, "test": test}.items():
        write_directory(root / "data" / part, utterances)
    return {part: read_directory(root / "data" / part) for part in ("train", "test")}


def test_there_and_back_again(tmp_path: Path) -> None:
    before = directories(tmp_path)
    words = ["export", "--lhotse", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "made")]
    assert main(words) == 0
    first = {file.name: file.read_bytes() for file in (tmp_path / "made").glob("*.gz")}
    assert main(words) == 0
    assert first == {file.name: file.read_bytes() for file in (tmp_path / "made").glob("*.gz")}
    from speechdis.data.manifests import read_manifests

    for part, utterances in before.items():
        files = (tmp_path / f"made/{what}_{part}.jsonl.gz" for what in ("recordings", "supervisions"))
        recordings, supervisions = files
        assert read_manifests(recordings, supervisions, pytest.fail) == utterances


def test_lhotse_hears_the_same(tmp_path: Path) -> None:
    theirs = pytest.importorskip("lhotse", reason="the other side")
    import numpy as np

    from speechdis.data.audio import read_utterance

    before = directories(tmp_path)
    assert (
        main(["export", "--lhotse", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "made")]) == 0
    )
    for part, utterances in before.items():
        recordings = theirs.load_manifest(tmp_path / f"made/recordings_{part}.jsonl.gz")
        supervisions = theirs.load_manifest(tmp_path / f"made/supervisions_{part}.jsonl.gz")
        theirs.validate_recordings_and_supervisions(recordings, supervisions, read_data=True)
        cuts = theirs.CutSet.from_manifests(recordings, supervisions).trim_to_supervisions(
            keep_overlapping=False
        )
        heard = {cut.supervisions[0].id: cut for cut in cuts}
        for u in utterances:
            cut = heard[u.utt]
            np.testing.assert_array_equal(cut.load_audio()[0], read_utterance(u)[0])
            (supervision,) = cut.supervisions
            assert supervision.speaker == u.spk and (supervision.text or "") == u.text
            for kind, intervals in (("word", u.words), ("phone", u.phones)):
                ours = [(i.label, pytest.approx(i.start), pytest.approx(i.end)) for i in intervals]
                found = [
                    (a.symbol, a.start - u.start, a.end - u.start)
                    for a in (supervisions[u.utt].alignment or {}).get(kind, [])
                ]
                assert found == ours


def test_what_lhotse_writes_is_read(tmp_path: Path) -> None:
    theirs = pytest.importorskip("lhotse", reason="the other side")
    from lhotse.supervision import AlignmentItem

    before = directories(tmp_path)
    recordings, supervisions = [], []
    for u in before["train"] + before["test"]:
        recordings.append(theirs.Recording.from_file(u.path, recording_id=u.path.stem))
        word = {"word": [AlignmentItem(i.label, u.start + i.start, i.end - i.start) for i in u.words]}
        supervisions.append(
            theirs.SupervisionSegment(
                u.utt, u.path.stem, u.start, (u.end or 1.0) - u.start, (u.channel or 1) - 1, text=u.text,
                speaker=u.spk, gender=u.gender or None, alignment=word if u.words else None,
            )
        )  # fmt: skip
    unique = {recording.id: recording for recording in recordings}
    theirs.RecordingSet.from_recordings(unique.values()).to_file(tmp_path / "x_recordings_all.jsonl.gz")
    theirs.SupervisionSet.from_segments(supervisions).to_file(tmp_path / "x_supervisions_all.jsonl.gz")
    from speechdis.data.manifests import read_manifests

    found = read_manifests(
        tmp_path / "x_recordings_all.jsonl.gz", tmp_path / "x_supervisions_all.jsonl.gz", pytest.fail
    )
    for u, read in zip(before["train"] + before["test"], found, strict=True):
        same = ("utt", "spk", "path", "start", "end", "gender", "text", "words", "channel")
        assert [getattr(read, name) for name in same] == [getattr(u, name) for name in same]


def test_options_of_one_form_are_not_taken_for_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "o")]
    for words, says in (
        (["--lhotse"], "--lhotse takes --data"),
        (["--lhotse", "--data", "d", "--checkpoint", "c"], "--checkpoint is of --onnx"),
        (["--onnx", "--data", "d"], "--data is of --lhotse"),
    ):
        assert main(["export", *words, *out]) == 2
        assert says in capsys.readouterr().err
