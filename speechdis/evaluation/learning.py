"""What sequence models logged as they learnt: the numbers of figures 2 and 3 of A-VRNN's paper."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from speechdis.data.atomic import replacing
from speechdis.data.text import parse_json, read_text, read_yaml
from speechdis.errors import InputError
from speechdis.plots.learning import Row
from speechdis.training.run_directory import RunDirectory


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
            if line[split]  # a fine-tuned model is looked at before it is trained
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
