"""Each test alone, with its figures as arguments: over all values of a frame.

All take the frame, ``by``, ``period`` and ``levels`` of `check` and return its columns. A value
that is missing is spoken of by `missing` alone.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shanshui.quality._levels import FLAGGED
from shanshui.quality._observed import By
from shanshui.quality.check import alone
from shanshui.quality.rules import Rules, meanings, rules
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from narwhals.stable.v2.typing import IntoFrame

_SERIES: By = ("station", "property")


def _one_of(test: str, **figures: float | None) -> None:
    if all(value is None for value in figures.values()):
        raise ShanshuiError(
            f"{test} 需要 {' 或 '.join(figures)} / {test} needs {' or '.join(figures)}"
        )


def missing(
    frame: IntoFrame,
    *,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag values that are not there.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.

    Returns
    -------
    dataframe
        Flags of `check`, level ``missing``: missing is not good.

    Raises
    ------
    SchemaError
        When columns are missing or of the wrong kind.
    """
    return alone("missing", frame, by=by, period=period, levels=levels)


def source_flag(
    frame: IntoFrame,
    *,
    own: Rules | str | Path | Mapping[str, Any] | None = None,
    scheme: str | None = None,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Judge values by the flags of their source: HJ 212, the national network, water stations.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    own : Rules, path or mapping, optional
        Rules with flags of one's own; see `rules`.
    scheme : str, optional
        ``"hj212"``, ``"cnemc"``, ``"water"``; by default all, the worst meaning of a code counts.

    Returns
    -------
    dataframe
        Flags of `check`; a flag that is not known is ``unknown``, none at all passes.

    Raises
    ------
    SchemaError
        When columns are missing or of the wrong kind.
    """
    return alone(
        "source_flag",
        frame,
        by=by,
        period=period,
        levels=levels,
        known=meanings(rules(own).flags, scheme),
    )


def gross_range(
    frame: IntoFrame,
    *,
    low: float | None = None,
    high: float | None = None,
    suspect_low: float | None = None,
    suspect_high: float | None = None,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag values outside a range, in the unit of the property.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    low, high : float, optional
        Values below or above fail.
    suspect_low, suspect_high : float, optional
        Values below or above are suspect.

    Returns
    -------
    dataframe
        Flags of `check`; without any limit every value is ``unknown``.

    Raises
    ------
    SchemaError
        When columns are missing or of the wrong kind.
    """
    return alone(
        "gross_range",
        frame,
        by=by,
        period=period,
        levels=levels,
        low=low,
        high=high,
        suspect_low=suspect_low,
        suspect_high=suspect_high,
    )


def negative(
    frame: IntoFrame,
    *,
    drift: float = 0,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag negative values.

    Those within the drift of the zero are suspect: the reviewer decides whether they stay or
    become zero.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    drift : float
        Size that a negative value may have, in the unit of the property.

    Returns
    -------
    dataframe
        Flags of `check`: within the drift suspect, beyond it fail.

    Raises
    ------
    SchemaError
        When columns are missing or of the wrong kind.
    """
    return alone("negative", frame, by=by, period=period, levels=levels, drift=drift)


def inversion(
    frame: IntoFrame,
    *,
    lower: str,
    upper: str,
    margin: float = 0,
    ratio: float = 1,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag both values where what must be the lower exceeds the upper, as PM2.5 above PM10.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    lower, upper : str
        Names of the two properties, of one unit.
    margin, ratio : float
        Suspect where ``lower > upper x ratio + margin``.

    Returns
    -------
    dataframe
        Flags of `check` with the rule ``<lower>_above_<upper>``; ``unknown`` where the other is
        missing.

    Raises
    ------
    SchemaError
        When columns are missing or of the wrong kind.
    """
    return alone(
        "inversion",
        frame,
        by=by,
        period=period,
        levels=levels,
        lower=lower,
        upper=upper,
        margin=margin,
        ratio=ratio,
    )


def future(
    frame: IntoFrame,
    *,
    now: datetime,
    tolerance: float = 0,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag values of a time that has not come.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    now : datetime
        The moment; naive on the clock of Asia/Shanghai, or with an offset.
    tolerance : float
        Seconds that a clock may be ahead.

    Returns
    -------
    dataframe
        Flags of `check`, level fail.

    Raises
    ------
    SchemaError
        When columns are missing or of the wrong kind.
    """
    return alone("future", frame, by=by, period=period, levels=levels, now=now, tolerance=tolerance)


def off_cadence(
    frame: IntoFrame,
    *,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag times that are no multiple of the period since midnight.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.

    Returns
    -------
    dataframe
        Flags of `check`, suspect; ``unknown`` where the period does not divide a day.

    Raises
    ------
    SchemaError
        When columns are missing or of the wrong kind.
    """
    return alone("off_cadence", frame, by=by, period=period, levels=levels)


def repeated(
    frame: IntoFrame,
    *,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag times that a series has more than once.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.

    Returns
    -------
    dataframe
        Flags of `check`, one a time: suspect where the values agree, fail where they differ.

    Raises
    ------
    SchemaError
        When the frame is lazy: rows are compared with each other.
    """
    return alone("repeated", frame, by=by, period=period, levels=levels)


def unordered(
    frame: IntoFrame,
    *,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag rows that come after a row of a later time of their series.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.

    Returns
    -------
    dataframe
        Flags of `check`, suspect.

    Raises
    ------
    SchemaError
        When the frame is lazy: rows are compared with each other.
    """
    return alone("unordered", frame, by=by, period=period, levels=levels)


def gap(
    frame: IntoFrame,
    *,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag the first period that is missing between two rows of a series.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.

    Returns
    -------
    dataframe
        Flags of `check`, level missing, at the missing time; ``measure`` is the number of periods.

    Raises
    ------
    SchemaError
        When the frame is lazy: rows are compared with each other.
    """
    return alone("gap", frame, by=by, period=period, levels=levels)


def zero_run(
    frame: IntoFrame,
    *,
    suspect: int | None = None,
    fail: int | None = None,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag unbroken runs of zeros.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    suspect, fail : int, optional
        Values in a row, from which all of the run are flagged.

    Returns
    -------
    dataframe
        Flags of `check`; ``measure`` is the length of the run.

    Raises
    ------
    SchemaError
        When the frame is lazy: rows are compared with each other.
    """
    _one_of("zero_run", suspect=suspect, fail=fail)
    return alone("zero_run", frame, by=by, period=period, levels=levels, suspect=suspect, fail=fail)


def stuck(
    frame: IntoFrame,
    *,
    suspect: int | None = None,
    fail: int | None = None,
    above: float | None = None,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag unbroken runs of one value, never across a gap.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    suspect, fail : int, optional
        Values in a row, from which all of the run are flagged.
    above : float, optional
        Only values above it are tested: low values stand still at an instrument's resolution.

    Returns
    -------
    dataframe
        Flags of `check`; ``measure`` is the length of the run.

    Raises
    ------
    SchemaError
        When the frame is lazy: rows are compared with each other.
    """
    _one_of("stuck", suspect=suspect, fail=fail)
    return alone(
        "stuck", frame, by=by, period=period, levels=levels, suspect=suspect, fail=fail, above=above
    )


def step(
    frame: IntoFrame,
    *,
    suspect: float | None = None,
    fail: float | None = None,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag a value that differs from that of the period before by more than a limit.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    suspect, fail : float, optional
        Limits of the difference, in the unit of the property.

    Returns
    -------
    dataframe
        Flags of `check`; ``unknown`` where the period before has no value.

    Raises
    ------
    SchemaError
        When the frame is lazy: rows are compared with each other.
    """
    _one_of("step", suspect=suspect, fail=fail)
    return alone("step", frame, by=by, period=period, levels=levels, suspect=suspect, fail=fail)


def rate_of_change(
    frame: IntoFrame,
    *,
    suspect: float | None = None,
    fail: float | None = None,
    within: int,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag a change an hour above a limit, since the last value not too long before.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    suspect, fail : float, optional
        Limits of the change in an hour, in the unit of the property.
    within : int
        Seconds that the last value may lie back.

    Returns
    -------
    dataframe
        Flags of `check`; ``unknown`` where there is no such value.

    Raises
    ------
    SchemaError
        When the frame is lazy: rows are compared with each other.
    """
    _one_of("rate_of_change", suspect=suspect, fail=fail)
    return alone(
        "rate_of_change",
        frame,
        by=by,
        period=period,
        levels=levels,
        suspect=suspect,
        fail=fail,
        within=within,
    )


def spike(
    frame: IntoFrame,
    *,
    sigmas: float | None = None,
    fail_sigmas: float | None = None,
    least: float = 0,
    half: int = 3,
    points: int | None = None,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag a value far from the median of its window (Hampel identifier).

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    sigmas, fail_sigmas : float, optional
        Distance from the median in standard deviations (1.4826 MAD): suspect, fail.
    least : float
        A distance up to this is never flagged, in the unit of the property.
    half : int
        Periods of the window on each side, never across a gap.
    points : int, optional
        Values that a window needs, the tested one included; by default ``half + 2``.

    Returns
    -------
    dataframe
        Flags of `check`; ``unknown`` where the window has too few values.

    Raises
    ------
    SchemaError
        When the frame is lazy: rows are compared with each other.
    """
    _one_of("spike", sigmas=sigmas, fail_sigmas=fail_sigmas)
    return alone(
        "spike",
        frame,
        by=by,
        period=period,
        levels=levels,
        sigmas=sigmas,
        fail_sigmas=fail_sigmas,
        least=least,
        half=half,
        points=points,
    )


def neighbours(
    frame: IntoFrame,
    *,
    group: str,
    sigmas: float | None = None,
    fail_sigmas: float | None = None,
    least: float = 0,
    stations: int = 4,
    by: By = _SERIES,
    period: int | None = None,
    levels: Collection[str] = FLAGGED,
) -> Any:
    """Flag a value far from the median of its group's stations at the same time.

    Parameters
    ----------
    frame, by, period, levels
        As in `check`.
    group : str
        Column of the group, e.g. ``"city"``.
    sigmas, fail_sigmas : float, optional
        Distance from the median in standard deviations (1.4826 MAD): suspect, fail.
    least : float
        A distance up to this is never flagged, in the unit of the property.
    stations : int
        Values that a group needs at a time.

    Returns
    -------
    dataframe
        Flags of `check`; ``unknown`` where the group has too few values.

    Raises
    ------
    SchemaError
        When the frame is lazy: rows are compared with each other.
    """
    _one_of("neighbours", sigmas=sigmas, fail_sigmas=fail_sigmas)
    return alone(
        "neighbours",
        frame,
        by=by,
        period=period,
        levels=levels,
        more=[group],
        group=group,
        sigmas=sigmas,
        fail_sigmas=fail_sigmas,
        least=least,
        stations=stations,
    )
