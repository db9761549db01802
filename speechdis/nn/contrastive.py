"""Mutual information with the input by contrast: C-DSVAE (Bai, Wang & Gomes 2021), eqs 7-8."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from speechdis.nn import parallel


def contrastive_information(a: Tensor, b: Tensor, temperature: float = 0.5) -> Tensor:
    """Estimate of I(code; x) in nats from two views of every segment; at most log(2 B - 1).

    Row i of `a` and row i of `b`, both (B, D), are codes (posterior means) of two views of segment i. Either
    view is the anchor of the other; all other 2 B - 2 rows are negatives (the SimCLR form). With phi =
    exp(cosine / temperature) this is (C(a) + C(b)) / 2 of eq 8, C of eq 7. A row is never compared with
    itself: the diagonal is masked, not subtracted, which stays right in half precision.
    """
    size = a.shape[0]
    views = functional.normalize(torch.cat([a, b]).float(), dim=-1)
    others = torch.cat([parallel.all_rows(v) for v in views.chunk(2)])  # (2 G, D), G the global batch
    total = others.shape[0] // 2
    here = torch.arange(size, device=a.device) + parallel.rank() * size
    anchors = torch.cat([here, here + total])
    with torch.autocast(a.device.type, enabled=False):
        similarity = views @ others.T / temperature
    similarity = similarity.scatter(1, anchors[:, None], -math.inf)
    positives = torch.cat([here + total, here])
    return math.log(2 * total - 1) - functional.cross_entropy(similarity, positives)
