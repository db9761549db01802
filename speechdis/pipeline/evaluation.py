"""Every metric of trained models on one protocol, with the floors and ceilings beside them."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from speechdis.data.atomic import replacing
from speechdis.data.text import read_json
from speechdis.errors import InputError
from speechdis.evaluation import attacking, table
from speechdis.evaluation.measure import Budget, model_row, reference_rows
from speechdis.evaluation.outside import table as outside_table
from speechdis.evaluation.results import Results
from speechdis.evaluation.speech import Speech, Split
from speechdis.evaluation.swap_scores import pairs_of
from speechdis.judges import ladder
from speechdis.judges.outside import require
from speechdis.judges.sequences import lacks
from speechdis.synthesis import codes
from speechdis.training import checkpoint
from speechdis.training.distributed import processes
from speechdis.training.provenance import provenance
from speechdis.training.run_directory import RunDirectory

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Protocol:
    """What models are measured on, and how long what measures them is trained.

    Attributes:
        data: holds the data directories train and `split`.
        features: holds their frame stores; those of dev say which attacker is the strongest.
        channel: holds stores of the same recordings through random channels, at least of `split`; or None.
        split: speakers to test on.
        budget: of attackers, probes and swaps.
        references: JSON that keeps floors and ceilings: read, or made and written; or None.
        device: "cpu", "cuda" or "auto".
    """

    data: Path
    features: Path
    channel: Path | None = None
    split: str = "test"
    budget: Budget = field(default_factory=Budget)
    references: Path | None = None
    device: str = "auto"

    def read(self) -> Speech:
        """The speech; a line is logged of what it does not allow to be measured. Raises InputError as `Split.read`."""
        test = {"clean": Split.read(self.features / self.split, self.data / self.split)}
        through = {}
        if self.channel is not None:
            test["channel"] = Split.read(self.channel / self.split, self.data / self.split)
            if (self.channel / "train").exists():
                through["channel"] = Split.read(self.channel / "train", self.data / "train")
        held = {name: Split.read(path, self.data / "dev") for name, path in self.held.items()}
        speech = Speech(Split.read(self.features / "train", self.data / "train"), test, through, held)
        for line in self._unmeasured(speech):
            _LOG.warning("%s", line)
        return speech

    @property
    def held(self) -> dict[str, Path]:
        """Stores of dev, by condition, that are there, where dev is not what is tested on."""
        if self.split == "dev" or not (self.data / "dev").is_dir():
            return {}
        made = {"clean": self.features, "channel": self.channel}
        return {name: of / "dev" for name, of in made.items() if of is not None and (of / "dev").is_dir()}

    def _unmeasured(self, speech: Speech) -> Iterator[str]:
        learnt = self.data / "train"
        for name, split in (("train", speech.train), (self.split, speech.clean)):
            if self.budget.phones and not any(u.text_phone for u in split.utterances):
                timed = any(u.phones for u in split.utterances)
                more = "" if timed else "; nor 'phones' with times, so no phone probe either"
                without = f"{self.data / name}: no 'text_phone'"
                yield f"{without}, so phone errors, the words left in z, are not measured{more}"
                break
        if "channel" in speech.test and not speech.through:
            yield (
                f"{self.channel}/train: not there, so no attacker learns through channels; "
                f"speechdis features --data {learnt} --out {self.channel}/train --channel-seed 0 makes it"
            )
        for name, (train, *_) in speech.attacked.items():
            store = speech.everything[train].store
            if lacking := lacks(store.spks):
                yield f"{store.path}: no attacker, {name}: it {lacking}"

    def asked(self, stores: dict[str, str]) -> dict[str, Any]:
        """What must be the same for figures to be kept; `stores`: digests of the frames."""
        return {
            "digests": stores,
            "attackers": ladder.names(self.budget.attacker),
            "attacker_steps": self.budget.attacker,
            "phone_steps": self.budget.phones,
        }

    def record(self, speech: Speech) -> dict[str, Any]:
        """What figures were measured on: the frames by digest, by whom, and the budgets."""
        tested = speech.clean.store
        asked = self.asked({name: split.store.digest for name, split in speech.everything.items()})
        utterances = "".join(
            f"{utt} {spk}\n" for utt, spk in zip(tested.utts, tested.spks, strict=True)
        ).encode()
        return {
            "split": self.split,
            "trials": "all pairs of different utterances",
            "utterances": hashlib.sha256(utterances).hexdigest(),
            **asked,
            "resamples": self.budget.resamples,
        }


@dataclass(frozen=True)
class Evaluated:
    """What `evaluate` found of a model.

    Attributes:
        row: its figures.
        references: of floors and ceilings.
        content: what was written, as JSON.
        out: where.
    """

    row: Results
    references: list[Results]
    content: dict[str, Any]
    out: Path

    def log(self, beside: Sequence[Results] = ()) -> None:
        """The table, with the systems `beside` between the references and this one; all attackers; two EERs."""
        _show([*self.references, *beside, self.row])
        for condition, found in (self.row.attackers or {}).items():
            _LOG.info("\nattackers on z, %s:\n%s", condition, attacking.markdown({condition: found}))
        if self.row.swaps is not None:
            _LOG.info("\n%s", table.swaps(self.row.swaps, table.upright))
        if self.row.outside is not None:
            _LOG.info("\n%s", outside_table.about(self.row.outside, table.upright))
        _LOG.info(
            "static EER %.1f%%, dynamic EER %.1f%%: every figure -> %s",
            *(100 * self.row.verified[code]["clean"]["raw"].eer for code in ("static", "dynamic")),
            self.out,
        )


def evaluate(model: Path, protocol: Protocol, out: Path | None = None) -> Evaluated:
    """Measure the checkpoint `model`, and write its figures to `out` (None: results.json of its experiment).

    Raises:
        InputError: no such checkpoint, speech that is not its own, swaps of a model without factors, or an output
            that cannot be written; before any work.
    """
    directory = RunDirectory.around(checkpoint.resolve(model))
    out = out or directory.new_results
    with processes(protocol.device) as device:
        made = provenance(device)
        trained = checkpoint.load(model, device)
        if protocol.budget.swaps:
            codes.check_recordings(trained)
            if protocol.budget.outside:
                require()
        speech = protocol.read()
        _check(trained, protocol, speech)
        for path in filter(None, (out, protocol.references)):
            if path.is_dir():
                raise InputError(f"{path}: a folder, where a file is to be written")
            path.parent.mkdir(parents=True, exist_ok=True)
        references = _references(protocol, speech, device)
        row = replace(model_row(trained, speech, protocol.budget, device), system=directory.name)
    content = {
        "row": row.as_dict(),
        "references": [one.as_dict() for one in references],
        "protocol": protocol.record(speech),
        "made": made,
    }
    _write(out, content)
    return Evaluated(row, references, content, out)


def floors(protocol: Protocol) -> list[Results]:
    """Floors and ceilings, which do not depend on a model: read or measured, and logged. Errors as of `evaluate`."""
    with processes(protocol.device) as device:
        rows = _references(protocol, protocol.read(), device)
    _show(rows)
    _LOG.info("%d floors and ceilings -> %s", len(rows), protocol.references)
    return rows


def read_results(path: Path, holds: str = "row") -> tuple[dict[str, Any], list[Results]]:
    """Protocol and figures of what `evaluate` ("row") or `floors` ("rows") wrote. Raises InputError for other files."""
    content = read_json(path)
    if not isinstance(content, dict) or not {holds, "protocol"} <= content.keys():
        raise InputError(f"{path}: not what 'speechdis evaluate' writes: expected '{holds}' and 'protocol'")
    rows = content[holds] if isinstance(content[holds], list) else [content[holds]]
    return content["protocol"], [Results.read(row, str(path)) for row in rows]


def _show(rows: Sequence[Results]) -> None:
    _LOG.info("\n%s", table.markdown(rows, table.upright))


def _check(trained: checkpoint.Checkpoint, protocol: Protocol, speech: Speech) -> None:
    """Refuse, before any work, what would fail after it."""
    for split in speech.everything.values():
        trained.check(split.store)
    budget, speakers = protocol.budget, len(set(speech.train.store.spks))
    if budget.lda >= speakers:
        raise InputError(f"--lda {budget.lda}: {speakers} training speakers allow 1 to {speakers - 1}")
    if budget.swaps:
        pairs_of(speech.clean.utterances, budget.swaps)


def _references(protocol: Protocol, speech: Speech, device: torch.device) -> list[Results]:
    """The reference rows of `references` where they were made on the same frames, else made (and kept) now."""
    record = protocol.record(speech)
    if protocol.references is not None and protocol.references.exists():
        before, kept = read_results(protocol.references, "rows")
        if before == record:
            return kept
    rows = reference_rows(speech, protocol.budget, device)
    if protocol.references is not None:
        _write(protocol.references, {"protocol": record, "rows": [row.as_dict() for row in rows]})
    return rows


def _write(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as partial:
        partial.write_text(json.dumps(content, indent=1) + "\n")
