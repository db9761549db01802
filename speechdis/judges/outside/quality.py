"""How good it sounds: DNSMOS (Reddy et al. 2021, 2022), networks that guess the mean opinion of listeners, 1 to 5."""

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from speechdis.judges.outside import RATE, package


class Quality(NamedTuple):
    """Opinions by P.835 (overall) and by P.808, 1 (bad) to 5 (excellent)."""

    overall: float
    p808: float


def dnsmos(wave: np.ndarray) -> Quality:
    """Of a waveform (n,); one shorter than nine seconds is repeated, as its authors do."""
    found = _networks()(np.clip(np.asarray(wave, np.float32), -1, 1), RATE, False)
    return Quality(float(found["ovrl_mos"]), float(found["p808_mos"]))


@lru_cache(maxsize=1)
def _networks() -> Any:
    """speechmos' own object, whose networks take one core: work goes on side by side in processes."""
    module, runtime = package("speechmos.dnsmos"), package("onnxruntime")
    folder = Path(str(module.__file__)).parent / "dnsmos_models"
    judge = module.DNSMOS.__new__(module.DNSMOS)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    judge.onnx_sess, judge.p808_onnx_sess = (
        runtime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
        for name in ("sig_bak_ovr.onnx", "model_v8.onnx")
    )
    return judge
