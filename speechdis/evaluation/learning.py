"""What sequence models logged as they learnt: figures 2 and 3 of A-VRNN's paper, and their numbers.

Left, per time step: reconstruction and evidence lower bound (figure 2; beside them the importance-weighted bound).
Right: losses of critic and adversary (figure 3). Validation speakers solid, training dotted.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from speechdis.data.atomic import replacing
from speechdis.data.figure import write_figure
from speechdis.data.text import parse_json, read_text, read_yaml
from speechdis.errors import InputError
from speechdis.training.run_directory import RunDirectory

Row = tuple[str, int, str, str, float]  # experiment, step, "train" or "valid", term, value


def logged(experiments: Sequence[Path]) -> list[Row]:
    """Every value of figures 2 and 3: likelihoods in nats a frame, critic's and adversary's losses as logged.

    Raises:
        InputError: not an experiment of a sequence model.
    """
    return [row for experiment in experiments for row in _rows(experiment)]


def _rows(experiment: Path) -> list[Row]:
    directory = RunDirectory(experiment)
    directory.require()
    metrics = directory.metrics
    try:
        config = read_yaml(directory.config)
        texts = read_text(metrics).splitlines()
        lines = [parse_json(text, f"{metrics}:{number}") for number, text in enumerate(texts, 1)]
        segment = config["training"]["segment"]
        if not lines or "elbo" not in lines[0]["valid"]:
            raise InputError(f"{experiment}: logs no 'elbo'; give experiments of vrnn and avrnn")
        return [
            (experiment.name, line["step"], split, term, value)
            for line in lines
            for split in ("train", "valid")
            for term, value in _terms(line[split], segment).items()
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{experiment}: not an experiment ({error!r})") from None


def _terms(values: Mapping[str, float], segment: int) -> dict[str, float]:
    reconstruction, kl = (values[name] / segment for name in ("reconstruction", "kl_dynamic"))
    found = {"reconstruction": -reconstruction, "kl": kl, "elbo": -reconstruction - kl}
    if "iwae" in values:
        found["iwae"] = values["iwae"] / segment
    return found | {name: values[name] for name in ("critic", "adversarial") if name in values}


def write_table(path: Path, rows: Sequence[Row]) -> None:
    """The numbers of the figures, tab-separated."""
    with replacing(path) as partial:
        text = "".join(f"{e}\t{step}\t{split}\t{term}\t{value:.6g}\n" for e, step, split, term, value in rows)
        partial.write_text("experiment\tstep\tsplit\tterm\tvalue\n" + text, "utf-8")


def plot(path: Path, rows: Sequence[Row]) -> None:
    """Draw figures 2 and 3 side by side as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="tight")
    axes = figure.subplots(1, 2)
    names = list(dict.fromkeys(row[0] for row in rows))
    panels = (("reconstruction", "elbo", "iwae"), ("critic", "adversarial"))
    for ax, terms in zip(axes, panels, strict=True):
        for k, (name, term) in enumerate((n, t) for n in names for t in terms):
            for split, line in (("train", ":"), ("valid", "-")):
                points = [(row[1], row[4]) for row in rows if (row[0], row[2], row[3]) == (name, split, term)]
                label = (
                    f"{name}: {term}" if split == ("train" if term == "adversarial" else "valid") else None
                )
                if points:
                    ax.plot(*zip(*points, strict=True), line, color=f"C{k}", label=label)
        ax.set_xlabel("step")
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.15), "ncols": 2, "frameon": False}
        ax.legend(fontsize=7, **below) if ax.get_legend_handles_labels()[0] else ax.set_axis_off()
    axes[0].set(title="reconstruction and bounds", ylabel="nats a frame")
    axes[0].set_ylim(*_span([row[4] for row in rows if row[3] in panels[0]]))
    axes[1].set(title="critic and adversary", ylabel="loss")
    write_figure(path, figure, dpi=100)


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Axis limits that the first few steps, far below the rest, do not set: from the lower 5 % on."""
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 20], ordered[-1]
    return low - 0.05 * (high - low), high + 0.05 * (high - low)
