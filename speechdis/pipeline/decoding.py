"""Frame stores as a model decodes them: what a vocoder has to speak where nothing is borrowed from a recording."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from speechdis.data.outputs import check_folder
from speechdis.data.record import digest
from speechdis.features.store import KIND, MARKER, Row, Store, check_replaceable, write_store
from speechdis.synthesis import blocks, codes
from speechdis.synthesis.spectra import decoded_frames
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.distributed import processes

_LOG = logging.getLogger(__name__)


def decode_stores(
    model: Path, features: Path, out: Path, device: str = "auto", overwrite: bool = False
) -> dict[str, Store]:
    """Stores `out/train` and `out/dev` of `features/train` and `features/dev`, or `out` of `features` (name "").

    Each utterance is decoded in its own mean voice, as a swap is in that of another, so row n is frame n again. The
    stores are of the form of voice-converted twins with one version, `<utt>#0`, and say which checkpoint made them.

    Raises:
        InputError: no stores, or frames that the model does not read; an output that must not be replaced.
    """
    names = [""] if (features / MARKER).exists() else ["train", "dev"]
    stores = {name: Store.read(features / name) for name in names}
    mark = digest(checkpoint.resolve(model))
    with processes(device) as place:
        trained = checkpoint.load(model, place)
        codes.check(trained)
        settings = {name: _settings(trained, store, mark) for name, store in stores.items()}
        for name in names:
            check_folder(out / name, KIND, overwrite)
            if not overwrite:
                check_replaceable(out / name, settings[name])
        made = {
            name: write_store(out / name, _rows(trained, store), settings[name], overwrite)
            for name, store in stores.items()
        }
    for name, store in made.items():
        _LOG.info("%d utterances, %d frames, decoded -> %s", len(store), len(store.frames), out / name)
    return made


def _settings(trained: Checkpoint, store: Store, mark: str) -> dict[str, Any]:
    trained.check(store)
    told = {"versions": 1, "decoded": mark, "source": store.digest}
    return {key: store.settings[key] for key in ("type", "config")} | {"augment": told}


def _rows(trained: Checkpoint, store: Store) -> Iterator[Row]:
    for k in blocks.shown(range(len(store)), "decoded", "utt"):
        yield f"{store.utts[k]}#0", store.spks[k], decoded_frames(trained, np.array(store[k]))
