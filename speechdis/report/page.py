"""The page: one folder with `index.html`, its figures and its sounds, that needs no network.

Each part that cannot be made says which command makes what it lacks.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

import speechdis
from speechdis.data.atomic import replacing_folder
from speechdis.data.record import Kind
from speechdis.errors import InputError
from speechdis.evaluation.embeddings import embed
from speechdis.evaluation.speech import Split
from speechdis.features import FeatureSettings, Picture, bins_of
from speechdis.models.base import PairedModel, SequenceModel, VocoderModel
from speechdis.plots.colours import colour
from speechdis.plots.det import DetCurve
from speechdis.report import clips, curves, error_rates, maps, swaps, tables, trade
from speechdis.report.experiment import Experiment
from speechdis.report.figures import Figure
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

MARKER = "report.json"
FIGURES = "figures.csv"  # of the page, to download
KIND = Kind(
    "report",
    (MARKER, "index.html"),
    rf"{FIGURES}|figures/[^/]+\.(svg|png|gif)|audio/[^/]+\.flac",
)
EVALUATE = "speechdis evaluate --checkpoint EXP/best --data DIR --features DIR"


@dataclass
class Heard:
    """What models make of the test speech; `missing` says of each part what an experiment lacks for it."""

    curves: dict[str, dict[str, DetCurve]] = field(default_factory=dict)
    maps: dict[str, list[Figure]] = field(default_factory=dict)
    matrices: dict[str, swaps.Matrix] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def write(
    out: Path, experiments: Sequence[Experiment], splits: Sequence[Split], voices: int = 4
) -> dict[str, Any]:
    """Write the page of `experiments` into the folder `out`.

    Args:
        splits: the test set, once a feature type; none leaves out what needs speech.
        voices: recordings of the swap matrix.

    Returns:
        What `out/report.json` holds: version, experiments, parts that are missing.

    Raises:
        InputError: `out` holds something else, a damaged checkpoint, a recording that cannot be read.
    """
    with replacing_folder(out, KIND, changed=True) as partial:
        heard = _hear(partial, experiments, splits, voices)
        about = {
            "speechdis": speechdis.__version__,
            "experiments": [e.name for e in experiments],
            "missing": heard.missing,
        }
        context = _context(partial, experiments, splits, heard)
        (partial / "index.html").write_text(_template().render(context), encoding="utf-8")
        (partial / MARKER).write_text(json.dumps(about, indent=1) + "\n")
    return about


def _hear(out: Path, experiments: Sequence[Experiment], splits: Sequence[Split], voices: int) -> Heard:
    """Everything that needs a checkpoint and speech."""
    heard = Heard()
    chosen = swaps.choose(splits[0], voices) if splits else []
    with tqdm(total=3 * len(experiments), unit="part", desc="report") as progress:
        for k, e in enumerate(experiments, 1):
            model, split, lacks = _ready(e, splits)
            if model is None or split is None:
                heard.missing[e.name] = lacks
                progress.update(3)
                continue
            codes = embed(model, split.store, torch.device("cpu"))
            heard.curves[e.name] = {
                code: error_rates.curve(getattr(codes, code), split.store.spks)  # a dataclass's field
                for code in ("static", "dynamic")
            }
            progress.update()
            heard.maps[e.name] = maps.maps(out, str(k), e.name, codes, split)
            progress.update()
            heard.matrices[e.name] = swaps.matrix(out, str(k), e.name, model, chosen)
            progress.update()
    return heard


def _ready(e: Experiment, splits: Sequence[Split]) -> tuple[Checkpoint | None, Split | None, str]:
    """The model of an experiment and the test set that it can read, or what is missing."""
    if not e.trained:
        return None, None, "no checkpoint yet; speechdis train --resume goes on with it"
    model = checkpoint.load(e.path)
    kind = model.features["type"]
    if Picture.of(model.features):
        lacks = "its frames are pictures, not speech; speechdis clips judges and shows it"
    elif isinstance(model.model, PairedModel):
        lacks = (
            f"a '{model.name}' has no static and dynamic factors; speechdis clusters and crossmodal show it"
        )
    elif isinstance(model.model, SequenceModel):
        lacks = f"a '{model.name}' has no static factor to swap; speechdis bounds and rollout show it"
    elif isinstance(model.model, VocoderModel):
        lacks = f"a '{model.name}' is a vocoder; speechdis swap --vocoder speaks by it"
    elif bins_of(model.features) is None:
        lacks = f"its frames, of type '{kind}', are no spectra to show"
    elif not splits:
        lacks = "no speech was given; speechdis report --data DIR --features DIR shows it"
    elif not (readable := [split for split in splits if _made_alike(model, split)]):
        lacks = f"no --features were made as its own; speechdis features --feature-type {kind} makes them"
    else:
        return model, readable[0], ""
    return None, None, lacks


def _made_alike(model: Checkpoint, split: Split) -> bool:
    try:
        model.check(split.store)
    except InputError:
        return False
    return True


def _context(
    out: Path, experiments: Sequence[Experiment], splits: Sequence[Split], heard: Heard
) -> dict[str, Any]:
    """Everything the template says."""
    colours = {e.name: colour(k) for k, e in enumerate(experiments)}
    groups = tables.measured(experiments)
    plots = [
        error_rates.interval_plot(
            out, f"intervals-{k}", {e.name: e.row for e in of.experiments if e.row}, colours
        )
        for k, of in enumerate(groups)
    ]
    if groups:
        (out / FIGURES).write_text(tables.as_csv(groups), encoding="utf-8")
    speech = _speech(splits)
    det = error_rates.det_plot(out, heard.curves, colours, speech) if heard.curves else None
    return {
        "version": speechdis.__version__,
        "experiments": experiments,
        "colours": colours,
        "speech": speech,
        "shown": min(len(set(splits[0].store.spks)), maps.SHOWN) if splits else 0,
        "measured": list(zip(groups, plots, strict=True)),
        "det": det,
        "download": FIGURES,
        "judges": tables.judges([e for of in groups for e in of.experiments]),
        "unmeasured": [e.name for e in experiments if not (e.results or e.clips)],
        "clips": clips.shown(out, experiments),
        "evaluate": EVALUATE,
        "heard": heard,
        "trade": trade.trade_plot(out, experiments, colours),
        "losses": curves.losses(out, experiments),
        "information": curves.information(out, experiments),
        "unlogged": [e.name for e in experiments if not e.metrics],
        "settings": tables.settings(experiments),
        "provenance": tables.provenance(experiments),
        "commands": tables.commands(experiments),
    }


def _speech(splits: Sequence[Split]) -> str:
    if not splits:
        return ""
    store = splits[0].store
    hours = store.counts.sum() * FeatureSettings.of(store.settings).hop / 3600
    return f"{len(set(store.spks))} {store.path.name} speakers, {len(store)} utterances, {hours:.2f} hours"


def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html")
