"""VoxCeleb1 (robots.ox.ac.uk/~vgg/data/voxceleb): interviews of 1,251 speakers from videos, 40 of them for tests.

The test speakers are those that `vox1_meta.csv` puts there, else those of the list VoxCeleb1-O (`veri_test2.txt`,
or the first one, `veri_test.txt`). Some of the others, drawn by seed, become `dev`. The lists that lie in the root,
or in --lists, become `test/trials_o`, `trials_e` and `trials_h`. E and H are of all 1,251 speakers, so a model
trained on VoxCeleb1 cannot be scored on them: --test-only makes all of it one test set, for models trained elsewhere.
"""

import argparse
import logging
from pathlib import Path

from speechdis.corpora import voxceleb
from speechdis.corpora.layout import looks_like
from speechdis.corpora.splits import Report, Trial, fail
from speechdis.corpora.voxceleb import LISTS, Tree
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare voxceleb1`."""
    voxceleb.arguments(parser)
    add = parser.add_argument
    add("--lists", type=Path, metavar="DIR", help="where veri_test2.txt and so on are, if not in the root")
    add("--test-only", action="store_true", help="all speakers as one test set, for the lists E and H")


def prepare(
    root: str | Path,
    lists: str | Path | None = None,
    dev_speakers: int | None = None,
    seed: int = 0,
    test_only: bool = False,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`, or of `test` alone.

    Args:
        root: the folders of the speakers, id10001 and so on, or up to four folders above them.
        lists: another folder of trial lists and `vox1_meta.csv`.
        dev_speakers: how many of the training speakers become `dev`; None for one in 30.
        seed: chooses them.
        test_only: one split, `test`, of all speakers.
        report: called for each speaker's folder without a recording.

    Raises:
        InputError: no speaker's folder, nothing that says who the test speakers are, or none of them there.
    """
    tree = _tree(root, lists)
    table = voxceleb.read_speakers(tree.beside.get("vox1_meta.csv"))
    of = voxceleb.utterances([f for f in tree.speakers if f.name.startswith("id1")], table, report)
    if not of:
        raise InputError(
            f"{root}: no idNNNNN/VIDEO/NNNNN.wav of VoxCeleb1 (id10001 and on){looks_like(root, 'VoxCeleb1')}"
        )
    if test_only:
        return {"test": [u for utterances in of.values() for u in utterances]}
    test = {spk for spk, row in table.items() if row.part == "test"} or _listed(tree)
    if not test:
        raise InputError(
            f"{root}: neither vox1_meta.csv nor veri_test2.txt says which speakers are for tests; put one there, or "
            "name its folder as --lists"
        )
    if not test & of.keys():
        raise InputError(
            f"{root}: none of the {len(test)} test speakers, such as {min(test)}; add vox1_test_wav"
        )
    return voxceleb.split(of, test, dev_speakers, seed)


def trials(
    root: str | Path, splits: dict[str, list[Utterance]], lists: str | Path | None = None
) -> dict[str, list[Trial]]:
    """The lists that are there and are of test speakers alone; a warning names the others."""
    tree, found = _tree(root, lists), {}
    trained = {u.spk for part in splits.keys() - {"test"} for u in splits[part]}
    for name, files in LISTS.items():
        file = next((tree.beside[f] for f in files if f in tree.beside), None)
        if file is None:
            _LOG.info("no list of VoxCeleb1-%s: %s is not there", name.upper(), next(iter(files)))
            continue
        listed, published = voxceleb.read_trials(file), files[file.name.lower()]
        if any(t.enroll[:7] in trained or t.test[:7] in trained for t in listed):
            _LOG.warning(
                "%s: VoxCeleb1-%s has speakers of train and dev: a model trained on VoxCeleb1 cannot be scored on it, "
                "so it is left out; for a model trained elsewhere: --test-only",
                file, name.upper(),
            )  # fmt: skip
            continue
        if len(listed) != published:
            _LOG.warning("%s: %d trials; the published list has %d", file, len(listed), published)
        found[name] = listed
    return found


def _tree(root: str | Path, lists: str | Path | None) -> Tree:
    return voxceleb.look(Path(root), *(() if lists is None else (Path(lists),)))


def _listed(tree: Tree) -> set[str]:
    """The speakers of the list O."""
    file = next((tree.beside[name] for name in LISTS["o"] if name in tree.beside), None)
    return {utt[:7] for t in voxceleb.read_trials(file) for utt in t[:2]} if file else set()
