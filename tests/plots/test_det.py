"""The DET plot against scikit-learn's, and one code for both of ours."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import DetCurveDisplay

from speechdis.metrics.equal_error import eer
from speechdis.metrics.verification import det
from speechdis.plots.det import DetCurve, paint_codes, paint_one


def scores() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=300) + 1.5, rng.normal(size=2000)


def test_a_curve_is_where_scikit_learn_draws_it() -> None:
    miss, fa = det(*scores())
    own, other = Figure().add_subplot(), Figure().add_subplot()
    paint_one(own, miss, fa)
    DetCurveDisplay(fpr=fa, fnr=miss).plot(ax=other)
    np.testing.assert_allclose(own.lines[0].get_xydata(), other.lines[0].get_xydata(), atol=1e-12)
    for side in ("x", "y"):
        shown, expected = (getattr(axes, f"{side}axis") for axes in (own, other))
        np.testing.assert_allclose(shown.get_ticklocs(), expected.get_ticklocs(), atol=1e-12)
        assert [t.get_text() for t in shown.get_ticklabels()] == [
            t.get_text() for t in expected.get_ticklabels()
        ]
    np.testing.assert_allclose(own.get_xlim(), other.get_xlim(), atol=1e-12)


def test_the_curve_of_a_code_passes_through_its_equal_error_rate() -> None:
    found = DetCurve(*det(*scores()), eer(*scores()).value)
    axes = Figure().add_subplot()
    paint_codes(axes, {"model": {"static": found, "dynamic": found}}, {"model": "black"})
    curve, dot = (np.asarray(line.get_xydata()) for line in axes.lines[:2])
    assert dot[0, 0] == dot[0, 1]
    assert np.abs(curve - dot).max(1).min() < 0.05  # in normal deviates
