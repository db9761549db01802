"""S3VAE: self-supervised sequential VAE (Zhu, Min, Kadav & Graf, CVPR 2020).

DSVAE's generative model and bound with three terms that need no labels:

    static_consistency   max(0, |s - s_pos| - |s - s_neg| + margin), Euclidean: s_pos is of the same segment with its
                         frames shuffled, s_neg of another segment of the batch
    dynamic_prediction   -sum_t log p(label_t | z_t): the loudness of a frame, told from its dynamic code; of a picture
                         the part in which most moves
    mutual_information   sum_t I(s; z_t) by minibatch-weighted sampling

The paper's weights, margin and audio label are not given in any text at hand, so all are settings whose defaults
are ours: distances are between posterior means (a sample's own noise would be a floor under |s - s_pos|); a frame's
loudness is its mean normalised log energy over bins, cut into `loudness_levels` at quantiles of N(0, 1). Of pictures,
the paper takes the one of 3 x 3 parts with the strongest optical flow; here, that with the greatest change.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, final

import torch
from torch import Tensor
from torch.nn import functional

from speechdis.models import dsvae
from speechdis.models.base import Batch
from speechdis.nn import parallel, sequence
from speechdis.nn.dcgan import grid_of
from speechdis.nn.information import mutual_information
from speechdis.ranges import Range, Size, Weight

PARTS = 3  # of each side of a picture


@dataclass(frozen=True)
class Config(dsvae.Config):
    """DSVAE's sizes and weights, and those of the three terms; every default here is ours.

    Attributes:
        static_consistency, dynamic_prediction, mutual_information: weights; 0 leaves the term out.
        margin: how much nearer the shuffled segment's s must be than another's.
        loudness_levels: labels that are told apart.
        prediction_size: width of the hidden layer that tells them.
        mutual_information_over: "sum" of I(s;z_t) over frames, their "mean", or "joint".
    """

    posterior: Literal["factorised", "full", "nested", "causal", "smooth"] = "causal"
    static_consistency: Weight = 100.0
    dynamic_prediction: Weight = 1.0
    mutual_information: Weight = 1.0
    margin: Weight = 1.0
    loudness_levels: Annotated[int, Range(2, 1000)] = 3
    prediction_size: Size = 64
    mutual_information_over: Literal["sum", "mean", "joint"] = "mean"


@final
class Model(dsvae.Model):
    """S3VAE over segments of `bins`-dimensional frames."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__(bins, config)
        labels = PARTS**2 if config.frames == "dcgan" else config.loudness_levels
        self.predict = sequence.mlp(config.dynamic_size, config.prediction_size, labels)

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per segment, and their weighted sum "loss".

        A term of weight 0, or whose view the batch does not carry, is left out.
        """
        config = self.config
        static_view = batch.static_view if config.static_consistency else None
        posterior, view_static, _ = self.encode_views(batch, static_view, None, generator)
        terms = self.bound(batch, posterior)
        if view_static is not None:
            terms["static_consistency"] = triplet(posterior.static.mean, view_static, config.margin)
        if config.dynamic_prediction:
            terms["dynamic_prediction"] = self.prediction(batch, posterior.dynamic_sample)
        if config.mutual_information:
            over = config.mutual_information_over
            terms["mutual_information"] = mutual_information(*posterior, batch.population, over)
        return self.weighted(terms, batch)

    def prediction(self, batch: Batch, dynamic: Tensor) -> Tensor:
        """Cross-entropy of the frames' labels given samples of z_t (B, T, Z), nats per segment."""
        if self.config.frames == "dcgan":
            labels = motion_labels(batch.x)
        else:
            labels = loudness_labels(batch.x, self.config.loudness_levels)
        entropy = functional.cross_entropy(self.predict(dynamic).movedim(-1, 1), labels, reduction="none")
        return (entropy[..., None] * sequence.mask(batch.lengths, batch.x)).sum((1, 2)).mean()


def triplet(static: Tensor, positive: Tensor, margin: float) -> Tensor:
    """Mean hinge max(0, |s - s_pos| - |s - s_neg| + margin) of codes (B, S) and of their positives.

    s_neg is the code half a batch away: neighbours in a validation batch may share a voice.
    """
    everyone = parallel.all_rows(static)
    negative = parallel.mine(everyone.roll(len(everyone) // 2, 0))
    return functional.triplet_margin_loss(static, positive, negative, margin)


def loudness_labels(x: Tensor, levels: int) -> Tensor:
    """Level of each frame, (B, T) integers below `levels`, of normalised log energies (B, T, F)."""
    share = torch.arange(1, levels, device=x.device, dtype=x.dtype) / levels
    return torch.bucketize(x.mean(-1), torch.special.ndtri(share))


def motion_labels(x: Tensor) -> Tensor:
    """The part of 3 x 3 that has changed most since the frame before, (B, T), of pictures (B, T, C 64 64).

    The first frame has the label of the second.
    """
    pictures = grid_of(x)  # (B, T, C, 64, 64)
    change = (pictures[:, 1:] - pictures[:, :-1]).abs().sum(2)
    parts = functional.adaptive_avg_pool2d(change, PARTS).flatten(2)  # (B, T - 1, 9)
    labels = parts.argmax(-1)
    return torch.cat([labels[:, :1], labels], 1)
