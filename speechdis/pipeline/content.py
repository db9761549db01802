"""Stores of log frames with any frame-level array beside them."""

import logging
from pathlib import Path

from speechdis.data.outputs import check_folder
from speechdis.errors import InputError
from speechdis.features.content import Arrays, rows, width
from speechdis.features.store import KIND, MARKER, Store, check_replaceable, write_store
from speechdis.pipeline.frames import Made

_LOG = logging.getLogger(__name__)


def add_content(
    features: Path, arrays: Path, out: Path, strict: bool = False, overwrite: bool = False
) -> dict[str, Made]:
    """Stores `out/NAME` of `features/NAME` with content frames, or `out` of `features`, whose name is then "".

    Args:
        features: a frame store, or a folder of them.
        arrays: a folder of UTTERANCE.npy, or with Kaldi's feats.scp, or an scp; or a folder of these by split.
        out: a frame store, or a folder of them.
        strict: an utterance without a fitting array is an error; otherwise it is reported and left out.
        overwrite: a store of other settings is replaced.

    Raises:
        InputError: no stores, stores that have content already, no arrays that fit, or an output that must not be
            replaced.
    """
    names = (
        [""] if (features / MARKER).exists() else sorted(p.parent.name for p in features.glob(f"*/{MARKER}"))
    )
    if not names:
        raise InputError(f"{features}: no frame store; make one with 'speechdis features'")
    made = {}
    for name in names:
        store, found = Store.read(features / name), Arrays.find(_of_split(arrays, name))
        if store.content:
            raise InputError(f"{store.path}: has content frames already; give the store without")
        settings = {**store.settings, "content": width(store, found)}
        if overwrite:
            check_folder(out / name, KIND, changed=True)
        else:
            check_replaceable(out / name, settings, store.utts)
        made[name] = _joined(store, found, out / name, settings, strict, overwrite)
    return made


def _of_split(arrays: Path, name: str) -> Path:
    return arrays / name if name and (arrays / name).exists() else arrays


def _joined(store: Store, arrays: Arrays, out: Path, settings: dict, strict: bool, overwrite: bool) -> Made:
    skipped: list[str] = []

    def skip(utt: str, error: InputError) -> None:
        _LOG.warning("skipped %s: %s", utt, error)
        skipped.append(utt)

    made = Made(
        write_store(out, rows(store, arrays, None if strict else skip), settings, overwrite), len(skipped)
    )
    message = "%d utterances, %d frames with %d content columns each, %d utterances skipped -> %s"
    _LOG.info(message, len(made.store), len(made.store.frames), settings["content"], made.skipped, out)
    return made
