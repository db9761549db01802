"""Filterbanks against the other libraries that make them: seconds of speech per CPU second, one core.

    python tools/bench/features.py [--data DATA_DIRECTORY]

"Kaldi" says how far the numbers are from kaldi-native-fbank's (mean absolute difference, nats); libraries
with other definitions of "80 log mel" are timed too, and are no substitute.
"""

from collections.abc import Callable

from timing import available, measure, table  # isort: skip (first: it holds numpy and torch to one thread)

import numpy as np
from speech import told

Feature = Callable[[np.ndarray], np.ndarray]


def ours() -> Feature:
    from speechdis.features import fbank

    config = fbank.Config()
    return lambda wave: fbank.extract(wave, config)


def ours_spectrogram() -> Feature:
    from speechdis.features import spectrogram

    config = spectrogram.Config()
    return lambda wave: spectrogram.extract(wave, config)


def kaldi_native_fbank() -> Feature:
    import kaldi_native_fbank as knf

    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = 80

    def extract(wave: np.ndarray) -> np.ndarray:
        computer = knf.OnlineFbank(options)
        computer.accept_waveform(16000, (wave * 32768).tolist())
        return np.stack([computer.get_frame(t) for t in range(computer.num_frames_ready)])

    return extract


def torchaudio_kaldi() -> Feature:
    import torch
    from torchaudio.compliance.kaldi import fbank

    return lambda wave: fbank(torch.from_numpy(wave)[None] * 32768, num_mel_bins=80, dither=0.0).numpy()


def torchaudio_mel() -> Feature:
    import torch
    from torchaudio.transforms import MelSpectrogram

    mel = MelSpectrogram(16000, 512, 400, 160, n_mels=80, center=False)
    return lambda wave: mel(torch.from_numpy(wave)).clamp(min=1e-10).log().T.numpy()


def speechbrain() -> Feature:
    import torch
    from speechbrain.lobes.features import Fbank

    mel = Fbank(n_mels=80, sample_rate=16000)
    return lambda wave: mel(torch.from_numpy(wave)[None])[0].numpy()


def librosa() -> Feature:
    from librosa.feature import melspectrogram

    def extract(wave: np.ndarray) -> np.ndarray:
        mel = melspectrogram(
            y=wave, sr=16000, n_fft=512, win_length=400, hop_length=160, n_mels=80, center=False
        )
        return np.log(np.maximum(mel, 1e-10)).T

    return extract


def lhotse() -> Feature:
    from lhotse.features.fbank import Fbank, FbankConfig

    mel = Fbank(FbankConfig(dither=0.0, snip_edges=True))
    return lambda wave: mel.extract(wave * 32768, 16000)


FEATURES = {
    "speechdis fbank": ours,
    "torchaudio.compliance.kaldi.fbank": torchaudio_kaldi,
    "kaldi-native-fbank": kaldi_native_fbank,
    "torchaudio MelSpectrogram": torchaudio_mel,
    "speechbrain Fbank": speechbrain,
    "librosa melspectrogram": librosa,
    "lhotse Fbank": lhotse,
    "speechdis spectrogram (200 bins)": ours_spectrogram,
}


def distance(frames: np.ndarray, reference: np.ndarray | None) -> str:
    """Mean absolute difference, or why there is none."""
    if reference is None:
        return "?"
    if frames.shape != reference.shape:
        return f"{len(frames)} x {frames.shape[1]} frames"
    return f"{np.abs(frames - reference).mean():.1g}"


def main() -> None:
    """Measure, and print the table."""
    waves, repeat = told(__doc__, 60)
    seconds = sum(map(len, waves)) / 16000
    made = available(FEATURES)
    best = measure(
        {name: lambda f=f: [f(wave) for wave in waves] for name, f in made.items() if f is not None},
        repeat,
    )
    kaldi = made["kaldi-native-fbank"]
    reference = None if kaldi is None else kaldi(waves[0])
    table(
        [
            {
                "features": name,
                "x real time": seconds / best[name] if f else float("nan"),
                "ours is faster by": best[name] / best["speechdis fbank"] if f else float("nan"),
                "Kaldi": distance(f(waves[0]), reference) if f else "",
            }
            for name, f in made.items()
        ]
    )


if __name__ == "__main__":
    main()
