"""Whatever a file holds: it is read, its utterance is skipped, or one line says what is wrong.

`python tests/fuzz --inputs 100000` tries more of them; every failure prints the words that make it again.
"""

from pathlib import Path

import pytest
from mutations import mutated
from readers import READERS, check_inputs, make_inputs
from tries import failure

INPUTS = 40  # damaged files a reader


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "in"
    make_inputs(folder)
    return folder


def test_undamaged_files_are_read(inputs: Path, tmp_path: Path) -> None:
    check_inputs(inputs, tmp_path)


def test_a_seed_gives_the_same_damage() -> None:
    good = b"RIFF" + bytes(range(200)) + b"a 12 3.5\n"
    assert [mutated(good, seed) for seed in range(50)] == [mutated(good, seed) for seed in range(50)]
    assert len({mutated(good, seed) for seed in range(50)}) > 40


@pytest.mark.parametrize("reader", READERS)
def test_damaged_files(reader: str, inputs: Path) -> None:
    found = {seed: wrong for seed in range(INPUTS) if (wrong := failure(inputs, reader, seed))}
    assert not found
