"""Figures of `digits` as Markdown tables: clusters beside the paper's Table 1, and digits that were made."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from speechdis.evaluation.table import grid

Result = Mapping[str, Any]

PAPER = (  # Hsu & Glass 2018, Table 1: purity in %, speech and image, of TIDIGITS and of SecuVoice with MNIST
    ("VAE-sp, VAE-im", "latent", "45.73 / 76.38", "63.73 / 76.38"),
    ("JMVAE-kl", "latent", "45.48 / 98.16", "64.43 / 98.46"),
    ("PVAE without contrast", "semantic", "65.69 / 97.95", "77.80 / 98.43"),
    ("PVAE", "semantic", "99.77 / 99.10", "99.30 / 99.02"),
    ("PVAE without contrast", "style", "30.88 / 21.73", "33.69 / 22.43"),
    ("PVAE", "style", "24.79 / 20.63", "25.78 / 21.81"),
)


def markdown(results: Sequence[Result]) -> str:
    """Tables of several models: codes should be pure where semantic, and impure (10 % at best) where style."""
    return "\n".join(
        [
            grid(
                ["system", "code", "speech purity", "image purity", "speech NMI / ARI", "image NMI / ARI"],
                [row for result in results for row in _clusters(result)],
            ),
            grid(
                ["the paper, Table 1", "code", "TIDIGITS, speech / image", "SecuVoice, speech / image"],
                [list(row) for row in PAPER],
            ),
            grid(
                ["system", "made", "right digit", "in the reference's style", "(chance)"],
                [row for result in results for row in _made(result)],
            ),
        ]
    )


def _clusters(result: Result) -> Iterator[list[str]]:
    found = result["clusters"]
    for code in dict.fromkeys(code for codes in found.values() for code in codes):
        cells = [found.get(name, {}).get(code) for name in ("speech", "image")]
        yield [
            result["system"],
            code,
            *("" if c is None else f"{100 * c['purity']:.2f}" for c in cells),
            *("" if c is None else f"{c['nmi']:.3f} / {c['ari']:.3f}" for c in cells),
        ]


def _made(result: Result) -> Iterator[list[str]]:
    judges = result["judges"]
    yield [
        result["system"],
        "(the judges on real digits: speech, image)",
        " / ".join(map(_percent, judges.values())),
        "",
        "",
    ]
    for direction, row in result["generation"].items():
        style = [_percent(row[key]) if key in row else "" for key in ("same_style", "chance")]
        yield [result["system"], direction, _percent(row["right_digit"]), *style]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
