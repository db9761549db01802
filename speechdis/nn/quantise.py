"""Codes from a book of K (vector quantisation, van den Oord et al. 2017), each the moving mean of what it stands for.

A vector becomes the nearest code of the book, and its gradient passes as if it had not (straight through); a commitment
pulls it to its code. Each code is the mean of the vectors that it was nearest to (appendix A.1). One that hardly any
vector is near to is put where a vector of the batch is, so that the book begins with the data and stays in use
(Dhariwal et al. 2020, Jukebox, B.1).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechdis.nn import parallel
from speechdis.nn.divergence import squared_distances

DECAY = 0.99  # of what a code stands for, a step
UNUSED = 0.03  # of the vectors that a code has on average: below, it is moved


class Quantised(NamedTuple):
    """Vectors as codes (..., Z), the codes' numbers (...), and squared distances (...) that pull the vectors alone."""

    codes: Tensor
    number: Tensor
    distance: Tensor


class Quantiser(nn.Module):
    """A book of `count` codes of `size` dimensions."""

    __call__: Callable[..., Quantised]  # nn.Module's gives Any
    book: Tensor
    uses: Tensor
    sums: Tensor

    def __init__(self, count: int, size: int) -> None:
        super().__init__()
        self.register_buffer("book", torch.randn(count, size))
        self.register_buffer("uses", torch.zeros(count))  # vectors a batch, a moving mean
        self.register_buffer("sums", torch.zeros(count, size))  # of these vectors

    def nearest(self, z: Tensor) -> Tensor:
        """Numbers (...) of the codes that are nearest to vectors (..., Z)."""
        return squared_distances(z.float().flatten(0, -2), self.book).argmin(-1).view(z.shape[:-1])

    def rounded(self, z: Tensor) -> Tensor:
        """The codes (..., Z) nearest to vectors (..., Z)."""
        return functional.embedding(self.nearest(z), self.book)

    def through(self, z: Tensor) -> Tensor:
        """The same codes, with the gradient of the vectors: straight through."""
        return z + (self.rounded(z) - z).detach()

    def forward(self, z: Tensor, generator: torch.Generator) -> Quantised:
        """Vectors (..., Z), quantised; in training the book then moves, and unused codes to vectors that are drawn."""
        index = self.nearest(z)
        codes = functional.embedding(index, self.book)
        found = Quantised(z + (codes - z).detach(), index, (z - codes.detach()).square().sum(-1))
        if self.training:
            self._move(z.detach().float(), generator)
        return found

    @torch.no_grad()
    def _move(self, z: Tensor, generator: torch.Generator) -> None:
        seen = parallel.all_rows(z).flatten(0, -2)  # (N, Z): every rank moves its book by all, alike
        index, mean_use = self.nearest(seen), len(seen) / len(self.book)
        uses = torch.zeros_like(self.uses).index_add_(0, index, torch.ones_like(seen[:, 0]))
        self.uses.lerp_(uses, 1 - DECAY)
        self.sums.lerp_(torch.zeros_like(self.sums).index_add_(0, index, seen), 1 - DECAY)
        drawn = torch.randint(len(seen), self.uses.shape, generator=generator, device=seen.device)
        unused = self.uses < UNUSED * mean_use
        self.uses.copy_(torch.where(unused, mean_use, self.uses))
        self.sums.copy_(torch.where(unused[:, None], mean_use * seen[drawn], self.sums))
        self.book.copy_(self.sums / self.uses[:, None])


class Choice(NamedTuple):
    """Which code of a book (K, Z) follows: probabilities by `logits` (..., K)."""

    logits: Tensor
    book: Tensor

    def nats(self, index: Tensor) -> Tensor:
        """-log p of the codes numbered `index` (...), (...): their divergence from this prior."""
        return functional.cross_entropy(self.logits.movedim(-1, 1), index, reduction="none")

    def sample(self, generator: torch.Generator) -> Tensor:
        """Codes drawn (..., Z)."""
        weights = self.logits.flatten(0, -2).softmax(-1)
        index = torch.multinomial(weights, 1, generator=generator)[:, 0]
        return functional.embedding(index.view(self.logits.shape[:-1]), self.book)
