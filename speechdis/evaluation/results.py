"""What was measured of one system: a row of every table, and of the file that `speechdis evaluate` writes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias

from speechdis.errors import InputError
from speechdis.metrics.verification import Verification

Rates: TypeAlias = Mapping[str, Mapping[str, Verification]]  # condition (clean, channel), kind (raw, centred)
_RATES = ("static", "dynamic", "flattened", "static_lda", "attacker")


def strongest(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attacker that counts, of a ladder's figures. Raises KeyError for figures from before there were ladders."""
    return next(rung for rung in found["rungs"] if rung["attacker"] == found["strongest"])


@dataclass(frozen=True)
class Results:
    """Figures of one system, or of a floor or ceiling; None where it has none.

    Attributes:
        system: its name.
        step: optimiser steps of its checkpoint.
        static, dynamic, flattened: verification by utterance vectors (see `embeddings.Embeddings`).
        static_lda, lda_dimensions: by static vectors after a supervised discriminant analysis, and its dimensions.
        segments, dynamic_segments: EER of segments, by condition.
        attacker: verification by the strongest attacker on the dynamic sequences.
        attackers: of every attacker, by condition, as `attacking.figures` says.
        probes: what linear maps and a phone recogniser find in the codes, by name.
        reconstruction: squared error, and active dimensions of both codes.
        swaps: scores of swaps and of generation, by judges that were trained here.
        outside: scores of swaps by judges that were not.
        validation: terms of the loss on the validation speakers.
        parameters: how many the model has.
        seconds: of its training.
        label: what it was given besides speech ("supervised"); its name is never shown without it.
    """

    system: str
    step: int | None = None
    static: Rates | None = None
    dynamic: Rates | None = None
    flattened: Rates | None = None
    static_lda: Rates | None = None
    lda_dimensions: int | None = None
    segments: Mapping[str, float] | None = None
    dynamic_segments: Mapping[str, float] | None = None
    attacker: Rates | None = None
    attackers: Mapping[str, Any] | None = None
    probes: Mapping[str, Any] | None = None
    reconstruction: Mapping[str, float] | None = None
    swaps: Mapping[str, Any] | None = None
    outside: Mapping[str, Any] | None = None
    validation: Mapping[str, float] | None = None
    parameters: int | None = None
    seconds: float | None = None
    label: str | None = None

    @property
    def title(self) -> str:
        """Its name in tables."""
        return self.system if self.label is None else f"{self.system} ({self.label})"

    @property
    def verified(self) -> dict[str, Rates]:
        """Verification figures by the code that they are of."""
        found = {
            "static": self.static,
            "dynamic": self.dynamic,
            "flattened": self.flattened,
            "static_lda": self.static_lda,
            "attacker": self.attacker,
        }
        return {code: rates for code, rates in found.items() if rates is not None}

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it: without what it has not."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def read(cls, content: Any, where: str) -> "Results":
        """What `as_dict` gave; `where` names the file.

        Raises:
            InputError: it is not that.
        """
        if not isinstance(content, dict) or not isinstance(content.get("system"), str):
            raise InputError(f"{where}: damaged: expected the figures of a system, with its name")
        known = {field.name for field in fields(cls)}
        try:
            values: dict[str, Any] = {
                name: _rates(value) if name in _RATES else value
                for name, value in content.items()
                if name in known
            }
        except (TypeError, AttributeError, ValueError) as error:
            raise InputError(f"{where}: damaged: no table can be made of its figures ({error!r})") from None
        for name, value in values.items():
            whole = (
                name in ("system", "step", "lda_dimensions", "parameters", "seconds", "label")
                or name in _RATES
            )
            if not whole and not isinstance(value, dict):
                raise InputError(f"{where}: damaged: expected names and values under '{name}'")
        return cls(**values)


def _rates(content: Any) -> Rates:
    return {
        condition: {kind: _verification(figures) for kind, figures in kinds.items()}
        for condition, kinds in content.items()
    }


def _verification(figures: Mapping[str, Any]) -> Verification:
    found = Verification(**figures)
    interval = found.interval
    numbers = [found.eer, *(interval or ())]
    if not all(isinstance(number, int | float) for number in numbers) or (interval and len(interval) != 2):
        raise ValueError("an error rate that is no number, or an interval without two ends")
    return found
