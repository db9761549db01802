"""What is at --out already: only what this program wrote is replaced, and what cannot work is said before the work."""

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechdis.cli import main
from speechdis.data import atomic
from speechdis.data.audio import write_audio
from speechdis.data.record import RECORD
from speechdis.errors import InputError
from speechdis.features.store import Store, write_store

Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must be refused in one line, which it gives."""

    def run(*words: object) -> str:
        capsys.readouterr()
        assert main([str(word) for word in words]) == 2
        lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("speechdis ")]
        assert len(lines) == 1, lines
        return lines[0]

    return run


def run(*words: object) -> int:
    return main([str(word) for word in words])


def wave(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 3200), 16000)


@pytest.fixture
def fsdd(tmp_path: Path) -> Path:
    """A corpus as a person has it."""
    root = tmp_path / "fsdd"
    for spk in ("a", "b", "c", "d"):
        for digit in range(2):
            wave(root / "recordings" / f"{digit}_{spk}_0.wav", digit)
    return root


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for utt in ("a-1", "a-2", "b-1", "b-2"):
        wave(folder / "wav" / f"{utt}.wav")
    utts = sorted(file.stem for file in (folder / "wav").iterdir())
    (folder / "wav.scp").write_text("".join(f"{utt} wav/{utt}.wav\n" for utt in utts))
    (folder / "utt2spk").write_text("".join(f"{utt} {utt[0]}\n" for utt in utts))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def features(data: Path, out: Path, *more: str) -> int:
    return run("features", "--data", data, "--out", out, "--jobs", 1, *more)


class TestWhatIsReplaced:
    def test_a_corpus_is_not_its_own_output(self, fsdd: Path, refused: Refused, tmp_path: Path) -> None:
        before = contents(fsdd)
        link = tmp_path / "link"
        link.symlink_to(fsdd)
        for out in (fsdd, link, fsdd / "recordings", tmp_path):
            assert (
                "--out" in refused("prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out)
                or out == tmp_path
            )
            assert contents(fsdd) == before

    def test_one_file_of_the_user_is_enough(self, fsdd: Path, refused: Refused, tmp_path: Path) -> None:
        out = tmp_path / "kaldi"
        assert run("prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out) == 0
        first = contents(out)
        assert run("prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out) == 0
        assert contents(out) == first
        for place in ("notes.txt", "train/lexicon", "more/a.wav", ".hidden"):
            (out / place).parent.mkdir(exist_ok=True)
            (out / place).write_text("mine")
            assert f"'{place}'" in refused(
                "prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out
            )
            assert (out / place).read_text() == "mine"
            (out / place).unlink()
        (out / "more").rmdir()
        (out / "train" / "text").write_text("corrected by hand\n")
        assert "'train/text' has been changed" in refused(
            "prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out
        )
        assert (out / "train" / "text").read_text() == "corrected by hand\n"

    def test_outputs_of_version_0_1(self, fsdd: Path, refused: Refused, tmp_path: Path, data: Path) -> None:
        """They have no record: whole ones are replaced, others are not."""
        out, store = tmp_path / "kaldi", tmp_path / "store"
        assert run("prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out) == 0
        assert features(data, store) == 0
        for folder in (out, store):
            (folder / RECORD).unlink()
        assert run("prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out) == 0
        assert features(data, store) == 0
        (out / RECORD).unlink()
        (out / "train" / "spk2utt").unlink()  # as a person's own may be
        assert "not an earlier output" in refused(
            "prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out
        )
        (store / RECORD).unlink()
        (store / "x").mkdir()
        assert "'x'" in refused("features", "--data", data, "--out", store)

    def test_an_output_of_another_command(
        self, fsdd: Path, data: Path, refused: Refused, tmp_path: Path
    ) -> None:
        store = tmp_path / "store"
        assert features(data, store) == 0
        before = contents(store)
        assert "holds a frame store" in refused(
            "prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", store
        )
        assert "would replace" in refused("augment", "--data", data, "--features", store, "--out", store)
        assert contents(store) == before

    def test_segment_does_not_eat_what_it_reads(self, data: Path, refused: Refused, tmp_path: Path) -> None:
        shutil.copytree(data, tmp_path / "all" / "train")
        before = contents(tmp_path / "all")
        for source, out in (
            ("all", "all"),
            ("all", "all/train"),
            ("all/train", "all"),
            ("all/train", "all/train/wav"),
        ):
            refused("segment", "--data", tmp_path / source, "--out", tmp_path / out, "--method", "islands")
            assert contents(tmp_path / "all") == before

    def test_files_that_are_read(self, data: Path, refused: Refused, tmp_path: Path) -> None:
        before = contents(data)
        for out in ("utt2spk", "wav/a-1.wav", "."):
            refused("trials", "--data", data, "--out", data / out)
            refused("trials", "--data", data, "--out", tmp_path / "trials", "--json", data / out)
        trials = tmp_path / "trials"
        assert run("trials", "--data", data, "--out", trials) == 0
        scores = tmp_path / "scores"
        scores.write_text(
            "".join(f"{' '.join(line.split()[:2])} 0.{i}\n" for i, line in enumerate(trials.open()))
        )
        kept = scores.read_text()
        assert "would replace" in refused("eer", "--trials", trials, "--scores", scores, "--json", scores)
        assert scores.read_text() == kept
        assert contents(data) == before
        assert run("trials", "--data", data, "--out", data / "trials") == 0  # a new file there, and again
        assert run("trials", "--data", data, "--out", data / "trials") == 0

    def test_kaldi_features_beside_other_files(self, data: Path, refused: Refused, tmp_path: Path) -> None:
        out = tmp_path / "kaldi"
        out.mkdir()
        (out / "conf").write_text("mine")
        words = ("features", "--data", data, "--out", tmp_path / "s", "--jobs", 1, "--to-kaldi")
        assert run(*words, out) == run(*words, out) == 0
        assert (out / "conf").read_text() == "mine"
        assert {f.name for f in out.iterdir()} == {"conf", "feats.ark", "feats.scp", "utt2spk", RECORD}
        before = contents(data)
        assert "'utt2spk'" in refused(*words, data) or contents(data) == before
        assert contents(data) == before

    def test_an_experiment_of_another_program(self, refused: Refused, tmp_path: Path) -> None:
        for split in ("train", "dev"):
            write_store(tmp_path / "feats" / split, ROWS, {"type": "fbank", "config": {"rate": 16000}})
        recipe = tmp_path / "tiny.yaml"
        recipe.write_text(
            "{model: {name: dsvae, static_size: 2, dynamic_size: 2}, training: {steps: 1, segment: 2}}"
        )
        words = ("train", "--config", recipe, "--features", tmp_path / "feats", "--device", "cpu", "--out")
        for number, place in enumerate(("metrics.jsonl", "run.json", "checkpoints/best.pt")):
            out = tmp_path / f"theirs-{number}"
            (out / place).parent.mkdir(parents=True)
            (out / place).write_text("mine")
            for more in ((), ("--resume",)):
                assert str(out) in refused(*words, out, *more)
                assert contents(out) == {place: b"mine"}

    def test_what_another_command_adds_belongs_to_it(self, fsdd: Path, tmp_path: Path) -> None:
        """As `pair` writes into a data directory that `prepare` replaces when it is run again."""
        out = tmp_path / "kaldi"
        assert run("prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out) == 0
        assert run("trials", "--data", fsdd / "none", "--out", out / "train" / "trials") == 2
        with atomic.replacing(out / "train" / "pairs") as partial:
            partial.write_text("a b\n")
        assert run("prepare", "fsdd", "--split", "speakers", "--root", fsdd, "--out", out) == 0
        assert not (out / "train" / "pairs").exists()


class TestStoresOfOtherFrames:
    def test_other_settings_or_data_need_a_word(self, data: Path, refused: Refused, tmp_path: Path) -> None:
        out = tmp_path / "store"
        assert features(data, out) == features(data, out) == 0
        before = contents(out)
        assert "config.bins was 80, now 40" in refused("features", "--data", data, "--out", out, "--bins", 40)
        assert "channel" in refused("features", "--data", data, "--out", out, "--channel-seed", 1)
        less = tmp_path / "less"
        shutil.copytree(data, less)
        for name in ("wav.scp", "utt2spk"):
            (less / name).write_text("".join((less / name).open().readlines()[:2]))
        assert "'b-1' is in it" in refused("features", "--data", less, "--out", out)
        assert contents(out) == before
        assert features(less, out, "--bins", "40", "--overwrite") == 0
        assert Store.read(out).utts == ("a-1", "a-2")
        assert features(data, out, "--bins", "40") == 0  # more utterances of the same settings

    def test_nothing_is_made_where_one_of_several_is_refused(
        self, data: Path, refused: Refused, tmp_path: Path
    ) -> None:
        for split in ("dev", "train"):
            shutil.copytree(data, tmp_path / "all" / split)
        (tmp_path / "feats" / "train").mkdir(parents=True)
        (tmp_path / "feats" / "train" / "mine").write_text("")
        assert "'mine'" in refused("features", "--data", tmp_path / "all", "--out", tmp_path / "feats")
        assert [f.name for f in (tmp_path / "feats").iterdir()] == ["train"]


class TestPlaces:
    def test_devices_pipes_and_links(self, data: Path, tmp_path: Path) -> None:
        trials, pipe = tmp_path / "trials", tmp_path / "pipe"
        words = ("trials", "--data", data, "--out")
        assert run(*words, trials) == 0
        assert run(*words, "/dev/null", "--json", "/dev/null") == 0
        write_audio("/dev/null", np.zeros(100), 16000)
        assert Path("/dev/null").is_char_device()
        os.mkfifo(pipe)
        heard: list[str] = []
        reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
        reader.start()
        assert run(*words, pipe) == 0
        reader.join()
        assert heard == [trials.read_text()] and pipe.is_fifo()
        link, target = tmp_path / "link", tmp_path / "elsewhere" / "target"
        target.parent.mkdir()
        target.write_text("old")
        link.symlink_to(target)
        assert run(*words, link) == 0
        assert link.is_symlink() and target.read_text() == trials.read_text()

    def test_a_linked_folder_is_followed(self, data: Path, tmp_path: Path) -> None:
        (tmp_path / "disk" / "real").mkdir(parents=True)
        link = tmp_path / "store"
        link.symlink_to(tmp_path / "disk" / "real")
        assert features(data, link) == features(data, link) == 0
        assert link.is_symlink() and len(Store.read(tmp_path / "disk" / "real")) == 4

    def test_standard_output_and_process_substitution(self, data: Path, tmp_path: Path) -> None:
        assert run("trials", "--data", data, "--out", tmp_path / "t") == 0
        command = f"{sys.executable} -m speechdis trials --data {data} --quiet --out"
        for out in ("/dev/stdout", ">(cat)", "/dev/stdout > {file}; cat {file}"):
            line = f"{command} {out}; wait".replace("{file}", str(tmp_path / "f"))
            done = subprocess.run(
                ["bash", "-c", line + "; sleep 0.2"], capture_output=True, text=True, check=True
            )
            assert done.stdout == (tmp_path / "t").read_text()

    @pytest.mark.parametrize("place", ["file/under", "/proc/nothing", "n" * 300, "/dev/null/x"])
    def test_where_nothing_can_be_made(
        self, data: Path, tmp_path: Path, refused: Refused, place: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("speechdis.features.extraction.make_store", None)  # no work is begun
        (tmp_path / "file").write_text("mine")
        for words in (("--out", tmp_path / place), ("--out", tmp_path / "s", "--json", tmp_path / place)):
            assert str(tmp_path / place) in refused("features", "--data", data, *words)
        assert (tmp_path / "file").read_text() == "mine"
        assert not (tmp_path / "s").exists()

    def test_a_file_for_a_folder_and_the_reverse(self, data: Path, tmp_path: Path, refused: Refused) -> None:
        (tmp_path / "file").write_text("mine")
        assert "a file, where a folder" in refused("features", "--data", data, "--out", tmp_path / "file")
        assert "a folder, where a file" in refused("trials", "--data", data, "--out", tmp_path)
        out = ("--out", tmp_path / "t", "--json")
        assert "a folder, where a file" in refused("trials", "--data", data, *out, tmp_path)
        assert (tmp_path / "file").read_text() == "mine" and not (tmp_path / "t").exists()


ROWS = [(f"s-{k}", "s", np.full((3, 2), k, np.float32)) for k in range(3)]
WRITING = """
import sys
import numpy as np
from speechdis.features.store import write_store
for _ in range(60):
    x = np.full((50, 3), int(sys.argv[2]), np.float32)
    write_store(sys.argv[1], [(f"u{k}", sys.argv[2], x) for k in range(5)], {"type": sys.argv[2]})
"""
KILLED = """
import os, sys
from speechdis.data import atomic
from speechdis.features.store import KIND
with atomic.replacing_folder(sys.argv[1], KIND), atomic.replacing(sys.argv[1] + ".json") as file:
    file.write_text("{")
    os.kill(os.getpid(), 9)
"""


class TestRuns:
    def test_the_last_of_two_stays_whole(self, tmp_path: Path) -> None:
        """One run begins while another is at work, and ends after it."""

        def slow() -> Iterator[tuple[str, str, np.ndarray]]:
            yield ROWS[0]
            write_store(tmp_path / "s", [("t", "t", np.ones((5, 4)))], {"type": "b"})
            assert Store.read(tmp_path / "s").utts == ("t",)
            yield from ROWS[1:]

        store = write_store(tmp_path / "s", slow(), {"type": "a"})
        again = Store.read(tmp_path / "s")
        assert again.utts == store.utts == ("s-0", "s-1", "s-2") and again.settings == {"type": "a"}
        assert [f.name for f in tmp_path.iterdir()] == ["s"]

    def test_many_at_a_time(self, tmp_path: Path) -> None:
        runs = [subprocess.Popen([sys.executable, "-c", WRITING, tmp_path / "s", str(n)]) for n in range(4)]
        assert [process.wait() for process in runs] == [0] * 4
        store = Store.read(tmp_path / "s")
        store.validate()
        assert {store.settings["type"]} == set(store.spks) == {str(int(store.frames[0, 0]))}
        assert [f.name for f in tmp_path.iterdir()] == ["s"]

    def test_what_killed_runs_left_goes(self, tmp_path: Path) -> None:
        """Not what a living one writes, nor another machine's."""
        done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "s"], check=False)
        assert done.returncode == -signal.SIGKILL and len(list(tmp_path.iterdir())) == 2
        atomic.forget()
        with atomic.replacing(tmp_path / "living") as living:
            living.write_text("")
            foreign = tmp_path / f".s.another-{os.getpid()}-00000000.partial"
            foreign.write_text("")
            write_store(tmp_path / "s", ROWS, {"type": "a"})
            assert living.exists() and foreign.exists()
        assert {f.name for f in tmp_path.iterdir()} == {"s", "living", foreign.name}

    def test_killed_between_two_renames(self, tmp_path: Path) -> None:
        """The earlier output comes back, and is then replaced."""
        write_store(tmp_path / "s", ROWS, {"type": "a"})
        gone = subprocess.run(
            [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
        )
        name = f".s.{atomic._HOST}-{int(gone.stdout)}-00000000.old"
        (tmp_path / "s").rename(tmp_path / name)
        atomic.forget()
        atomic.clear(tmp_path)
        assert len(Store.read(tmp_path / "s")) == 3

    def test_a_full_disk_is_named_and_leaves_nothing(
        self, tmp_path: Path, data: Path, refused: Refused
    ) -> None:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        try:
            for out, words in (
                (tmp_path / "s", ("features", "--jobs", 1)),
                (tmp_path / "kaldi.json", ("trials", "--out", tmp_path / "t", "--json")),
            ):
                if words[0] == "features":
                    line = refused(*words, "--data", data, "--out", out)
                    assert f"{out}" in line and os.strerror(errno.EFBIG) in line and "partial" not in line
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert not (tmp_path / "s").exists() and not list(tmp_path.glob(".*"))


class TestStores:
    def test_mixed_and_edited_files_are_noticed(self, tmp_path: Path) -> None:
        for name, value in (("a", 1), ("b", 2)):
            rows = [(f"u{k}", "s", np.full((40, 3), value + k, np.float32)) for k in range(3)]
            write_store(tmp_path / name, rows, {"type": "t", "config": {"seed": value}})
        for file in ("frames.npy", "store.yaml"):
            shutil.copytree(tmp_path / "a", tmp_path / f"mixed-{file}")
            shutil.copy(tmp_path / "b" / file, tmp_path / f"mixed-{file}" / file)
            with pytest.raises(InputError, match="do not belong together"):
                Store.read(tmp_path / f"mixed-{file}")
        text = (tmp_path / "a" / "utts.tsv").read_text()
        (tmp_path / "a" / "utts.tsv").write_text(text.replace("u0\ts", "u0\tz"))
        with pytest.raises(InputError, match="do not belong together"):
            Store.read(tmp_path / "a")

    def test_all_frames_are_checked_on_demand(self, tmp_path: Path, refused: Refused) -> None:
        store = write_store(tmp_path / "s", [("u", "s", np.zeros((300_000, 3)))], {"type": "t"})
        store.validate()
        assert run("validate", tmp_path) == 0
        with (tmp_path / "s" / "frames.npy").open("r+b") as file:
            file.seek(128 + 40_000)  # between the blocks that are always looked at
            file.write(b"\x01")
        Store.read(tmp_path / "s")
        assert "not the frames that were written" in refused("validate", tmp_path)
        assert "neither a frame store" in refused("validate", tmp_path / "s" / "none")

    @pytest.mark.parametrize(
        "shape", ["(-6, 3)", "(True, 18)", "(6, 3, 1)", "(10**15, 3)", "(6.0, 3)", "6", "((((", ""]
    )
    @pytest.mark.parametrize("kind", ["<f4", "|O", "<f8"])
    def test_headers_that_claim_anything(self, tmp_path: Path, shape: str, kind: str) -> None:
        write_store(tmp_path / "s", [("u", "s", np.zeros((6, 3)))], {"type": "t"})
        text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
        (tmp_path / "s" / "frames.npy").write_bytes(head + bytes(6 * 3 * 4))
        with pytest.raises(InputError, match=r"frames\.npy"):
            Store.read(tmp_path / "s")

    @pytest.mark.parametrize("count", ["0", "-3", "9" * 30, "9" * 5000, "²", "1e3", ""])
    def test_counts_that_are_none(self, tmp_path: Path, count: str) -> None:
        write_store(tmp_path / "s", [("u", "s", np.zeros((6, 3)))], {"type": "t"})
        (tmp_path / "s" / "utts.tsv").write_text(f"utt\tspk\tfirst\tframes\nu\ts\t0\t{count}\n")
        with pytest.raises(InputError, match=r"utts.tsv:2"):
            Store.read(tmp_path / "s")

    def test_settings_that_are_none(self, tmp_path: Path) -> None:
        write_store(tmp_path / "s", [("u", "s", np.zeros((6, 3)))], {"type": "t"})
        about = {"settings": {"type": "t"}, "digest": "d", "cmvn": {"mean": [0, 0, 0], "std": [1, 1, 1]}}
        for change in (
            {"settings": None}, {"settings": {}}, {"settings": {"type": 3}}, {"digest": 5}, {"cmvn": {"mean": [0]}},
            {"cmvn": {"mean": [0, 0, 0], "std": [0, 1, 1]}}, {"cmvn": {"mean": [0, 0, 1e400], "std": [1, 1, 1]}},
            {"cmvn": {"mean": [[0, 0, 0]], "std": [[1, 1, 1]]}}, {"cmvn": []},
        ):  # fmt: skip
            text = json.dumps(about | change).replace("Infinity", ".inf")
            (tmp_path / "s" / "store.yaml").write_text(text)
            with pytest.raises(InputError, match=r"store\.yaml"):
                Store.read(tmp_path / "s")
        (tmp_path / "s" / "store.yaml").write_text(json.dumps(about))  # as of version 0.1, which had no seal
        assert len(Store.read(tmp_path / "s")) == 1
