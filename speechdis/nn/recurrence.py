"""A recurrence that draws a latent vector a frame on its way, fast: the time loop of VRNN.

    a_t = drive_t + state_t A                     both of the next two lines' shares of x_t and of the state
    p_t = LReLU(a_t[:P]);  (mean_t, logvar_t) = p_t head + bias;  z_t = mean_t + exp(logvar_t / 2) noise_t
    u_t = LReLU(z_t latent + bias);  state_{t+1}, cell_{t+1} = LSTM(a_t[P:] + u_t feed, cell_t)

`lagged` feeds u_{t-1} instead, with z_{-1} = 0. Whatever does not wait for the last frame is outside: the caller
computes drive (x_t's share), prior and emission over all frames at once. The gradient is written by hand: a loop
backwards over the frames for what depends on them, and then one product over all frames for each weight, where
autograd would add up T of them. Tested against autograd on the plain loop.

Dimension letters: T frames (first, so that a frame is contiguous), B segments, P, U hidden units, H state, Z latent.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import leaky_relu

from speechdis.nn.gaussian import LOGVAR_LIMIT
from speechdis.nn.sequence import SLOPE


class Rolled(NamedTuple):
    """What came of a roll; states[t] is what frame t finds, and states[T] what the last one leaves."""

    states: Tensor  # (T + 1, B, H)
    mean: Tensor  # (T, B, Z)
    logvar: Tensor  # (T, B, Z), `bounded` to +-8
    sample: Tensor  # (T, B, Z)
    cell: Tensor  # (B, H), of the last frame; no gradient


class Weights(NamedTuple):
    """Of the recurrence above, each as it multiplies a row from the right; gates in the order o, i, f, g."""

    state: Tensor  # (H, P + 4 H)
    head: Tensor  # (P, 2 Z)
    head_bias: Tensor
    latent: Tensor  # (Z, U)
    latent_bias: Tensor
    feed: Tensor  # (U, 4 H)


def roll(drive: Tensor, noise: Tensor, weights: Weights, lagged: bool = False) -> Rolled:
    """Run the recurrence from zero states over `drive` (T, B, P + 4 H) with standard normal `noise` (T, B, Z)."""
    with torch.autocast(drive.device.type, enabled=False):
        drive, *tensors = (w.to(noise.dtype) for w in (drive, *weights))
        states, stats, sample, cell = _Roll.apply(drive, noise, lagged, *tensors)
    mean, logvar = stats.chunk(2, -1)
    return Rolled(states, mean, logvar, sample, cell)


class _Roll(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, drive: Tensor, noise: Tensor, lagged: bool, *tensors: Tensor) -> tuple[Tensor, ...]:
        w = Weights(*tensors)
        frames, rows, size = noise.shape
        hidden, state, fed = w.head.shape[0], w.state.shape[0], w.feed.shape[0]
        states, cells, fs = (drive.new_zeros(frames + 1, rows, n) for n in (state, state, fed))
        proposed, stats, gates = (drive.new_empty(frames, rows, n) for n in (hidden, 2 * size, 4 * state))
        sample = torch.empty_like(noise)
        fs[0] = leaky_relu(w.latent_bias, SLOPE)
        for t in range(frames):
            a = torch.addmm(drive[t], states[t], w.state)
            proposed[t] = leaky_relu(a[:, :hidden], SLOPE)
            mean, logvar = torch.addmm(w.head_bias, proposed[t], w.head, out=stats[t]).chunk(2, -1)
            logvar.clamp_(-LOGVAR_LIMIT, LOGVAR_LIMIT)
            z = torch.addcmul(mean, torch.exp(0.5 * logvar), noise[t], out=sample[t])
            leaky_relu(torch.addmm(w.latent_bias, z, w.latent, out=fs[t + 1]), SLOPE, inplace=True)
            g = torch.addmm(a[:, hidden:], fs[t if lagged else t + 1], w.feed, out=gates[t])
            o, i, f = g[:, : 3 * state].sigmoid_().chunk(3, -1)
            n = g[:, 3 * state :].tanh_()
            c = torch.addcmul(f * cells[t], i, n, out=cells[t + 1])
            torch.mul(o, c.tanh(), out=states[t + 1])
        ctx.lagged = lagged
        ctx.save_for_backward(noise, states, cells, fs, proposed, stats, gates, sample, *w)
        ctx.mark_non_differentiable(cell := cells[-1].clone())
        return states, stats, sample, cell

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        noise, states, cells, fs, proposed, stats, gates, sample, *tensors = ctx.saved_tensors
        w, lagged = Weights(*tensors), ctx.lagged
        frames, rows, size = noise.shape
        hidden, state = w.head.shape[0], w.state.shape[0]
        d_states, d_stats, d_sample = gradients[0], gradients[1].clone(), gradients[2]
        # Slopes of every frame at once.
        o, i, f, n = gates.chunk(4, -1)
        tanh = cells[1:].tanh()
        through_o, to_cell = tanh * o * (1 - o), o * (1 - tanh.square())
        through_c = torch.stack([n * i * (1 - i), cells[:-1] * f * (1 - f), i * (1 - n.square())], 2)
        slope_p, slope_f = (torch.where(x > 0, 1.0, SLOPE).to(x.dtype) for x in (proposed, fs))
        logvar = stats[..., size:]
        spread = 0.5 * torch.exp(0.5 * logvar) * noise
        edge = logvar.sign() * (logvar.abs() >= LOGVAR_LIMIT)  # past it only what leads back inside passes
        # What each frame passes to the one before it.
        d_a, d_f = gates.new_empty(frames, rows, hidden + 4 * state), torch.zeros_like(fs)
        d_gates = d_a[..., hidden:]
        d_h, d_c = d_states[frames].clone(), torch.zeros_like(cells[0])
        for t in reversed(range(frames)):
            d_c.addcmul_(d_h, to_cell[t])
            torch.mul(d_h, through_o[t], out=d_gates[t, :, :state])
            torch.mul(d_c[:, None], through_c[t], out=d_gates[t, :, state:].unflatten(-1, (3, state)))
            d_c *= f[t]
            k = t if lagged else t + 1  # which u the gates of frame t read
            torch.mm(d_gates[t], w.feed.T, out=d_f[k]).mul_(slope_f[k])
            d_z = torch.addmm(d_sample[t], d_f[t + 1], w.latent.T)
            d_stats[t, :, :size] += d_z
            d_logvar = d_stats[t, :, size:].addcmul_(d_z, spread[t])
            d_logvar.masked_fill_(d_logvar * edge[t] < 0, 0)
            torch.mul(d_stats[t] @ w.head.T, slope_p[t], out=d_a[t, :, :hidden])
            torch.addmm(d_states[t], d_a[t], w.state.T, out=d_h)
        fed = fs[:-1] if lagged else fs[1:]
        return (
            d_a,
            None,
            None,
            _outer(states[:-1], d_a),
            _outer(proposed, d_stats),
            d_stats.sum((0, 1)),
            _outer(sample, d_f[1:]),
            d_f.sum((0, 1)),
            _outer(fed, d_gates),
        )


def _outer(x: Tensor, y: Tensor) -> Tensor:
    """Sum over frames and rows of the products of x (T, B, X) and y (T, B, Y), (X, Y)."""
    return x.flatten(0, 1).T @ y.flatten(0, 1)
