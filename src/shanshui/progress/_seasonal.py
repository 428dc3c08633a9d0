"""A level that wanders and a fixed course of the year, from few months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]


def simulate(
    series: Floats, steps: int, *, count: int, harmonics: int, ratio: float, seed: int
) -> Floats:
    """Draw futures of a monthly series (NaN where a month is missing).

    The structural model of `statsmodels`: a local level and a seasonal part of a few harmonics that
    does not change, with an exact diffuse start. Two years do not tell variances of two kinds
    apart, so the ratio of the level's to the noise's is given and only the scale is estimated, from
    the one-step errors; its own uncertainty makes the futures Student's t.

    Returns
    -------
    numpy.ndarray
        `count` rows of `steps` months.
    """
    import numpy as np

    from shanshui.analysis._series import extra

    structural = extra("statsmodels.tsa.statespace.structural")
    model = structural.UnobservedComponents(
        series,
        level="llevel",
        freq_seasonal=[{"period": 12, "harmonics": harmonics}],
        stochastic_freq_seasonal=[False],
        use_exact_diffuse=True,
    )
    found = model.filter([1.0, ratio]).filter_results
    errors = found.standardized_forecasts_error[0][found.nobs_diffuse :]
    errors = errors[~np.isnan(errors)]
    scale = float(np.sqrt(errors @ errors / len(errors)))
    move, see = found.transition[:, :, 0], found.design[0, :, 0]
    shock = found.selection[:, :, 0] @ np.sqrt(found.state_cov[:, :, 0])
    spread = found.predicted_state_cov[:, :, -1]
    # The paths are drawn here, all at once: the library draws them one by one.
    rng = np.random.default_rng(seed)
    values, axes = np.linalg.eigh((spread + spread.T) / 2)
    # The symmetric root: there is one only, whatever signs an eigenvector comes with.
    root = (axes * np.sqrt(np.clip(values, 0, None))) @ axes.T
    middle = found.predicted_state[:, -1]
    apart = rng.standard_normal((count, len(middle))) @ root
    heavy = np.sqrt(len(errors) / rng.chisquare(len(errors), count))[:, None]
    means, drawn = [], []
    for _ in range(steps):
        means.append(see @ middle)
        drawn.append(apart @ see + rng.standard_normal(count))
        middle = move @ middle
        apart = apart @ move.T + rng.standard_normal((count, shock.shape[1])) @ shock.T
    futures: Floats = np.array(means) + np.array(drawn).T * scale * heavy
    return futures
