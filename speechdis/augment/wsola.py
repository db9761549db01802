"""Time-stretching by waveform similarity overlap-add (WSOLA; Verhelst and Roelands, ICASSP 1993).

Windows of 40 ms are laid down every 20 ms. Each is taken from near its nominal time in the source: where,
within a tolerance, the waveform most resembles what followed the window before it. That keeps pitch and phase.

The search is drawn to the exact continuation, so the offset runs to the edge of its tolerance and jumps back
by a pitch period: drift is what the tolerance allows. With 5 ms no click of a click train is lost or moved by
one 10 ms frame at speeds of 0.75-1.33 (with 6 ms some are). On real speech, against the usual 10 ms, the log
spectral distance falls from 3.7 to 2.55 dB and the periodicity of voices above 100 Hz, a period of which fits
the search, is the same; below, normalised autocorrelation falls by 0.01. With 4 ms it falls by 0.07.
"""

import numpy as np

WINDOW = 0.040  # s; windows overlap by half
TOLERANCE = 0.005  # s
_TIE = 1e-3  # cost of an offset at the edge; decides silence and exact repetitions for offset 0


def wsola(wave: np.ndarray, speed: float, rate: int) -> np.ndarray:
    """`wave` (n,), `speed` times as fast with its pitch kept: (round(n / speed),) float32.

    Time t of the result is time t x speed of the source, to 10 ms; speed 1 gives the input back.

    Args:
        speed: above 1 is faster and shorter.
        rate: Hz.
    """
    hop, search = round(rate * WINDOW / 2), round(rate * TOLERANCE)
    window = 2 * hop
    length = round(len(wave) / speed)
    count = -(-length // hop) + 1
    # Window k of the source is centred on sample k hop speed; the last one, a search and a continuation fit.
    x = np.pad(np.asarray(wave, np.float32), (hop + search, round(hop * speed) + 2 * (window + search)))
    power = np.concatenate([[0.0], np.cumsum(np.square(x, dtype=np.float64))])
    norm = np.sqrt(power[window:] - power[:-window] + 1e-8)  # of the window that begins at each sample
    cost = _TIE * np.linspace(-1, 1, 2 * search + 1) ** 2
    hann = np.hanning(window + 1)[:-1].astype(np.float32)  # halves add up to 1
    y = np.zeros((count + 1) * hop, np.float32)
    best = search
    y[:window] = x[best : best + window] * hann
    for k in range(1, count):
        start, follows = round(k * hop * speed), best + hop
        region = x[start : start + 2 * search + window]
        likeness = np.correlate(region, x[follows : follows + window], "valid")
        likeness = likeness / norm[start : start + 2 * search + 1] - norm[follows] * cost
        best = start + int(likeness.argmax())
        y[k * hop : k * hop + window] += x[best : best + window] * hann
    return y[hop : hop + length]
