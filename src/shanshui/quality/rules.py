"""The rules of quality control: tests with their figures, by property and period, from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shanshui.quality._levels import LEVELS, written
from shanshui.standards.errors import ShanshuiError

if TYPE_CHECKING:
    import polars as pl

FIGURES: dict[str, tuple[str, ...]] = {
    "missing": (),
    "source_flag": (),
    "gross_range": ("low", "high", "suspect_low", "suspect_high"),
    "negative": ("drift",),
    "inversion": ("margin", "ratio"),
    "future": ("tolerance",),
    "off_cadence": (),
    "repeated": (),
    "unordered": (),
    "gap": (),
    "zero_run": ("suspect", "fail"),
    "stuck": ("suspect", "fail", "above"),
    "step": ("suspect", "fail"),
    "rate_of_change": ("suspect", "fail", "within"),
    "spike": ("sigmas", "fail_sigmas", "least", "half", "points"),
    "neighbours": ("sigmas", "fail_sigmas", "least", "stations"),
}
"""Tests and the figures that each takes."""
TESTS = tuple(FIGURES)
"""Names of all tests, in the order in which they are run."""
_NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {  # of each group one at least
    "gross_range": (("low", "high", "suspect_low", "suspect_high"),),
    "zero_run": (("suspect", "fail"),),
    "stuck": (("suspect", "fail"),),
    "step": (("suspect", "fail"),),
    "rate_of_change": (("suspect", "fail"), ("within",)),
    "spike": (("sigmas", "fail_sigmas"), ("half",)),
    "neighbours": (("sigmas", "fail_sigmas"), ("least",)),
}
_WHOLE = {"half", "points", "stations", "within"}
_SIGNED = {"low", "high", "suspect_low", "suspect_high", "above"}
_ORDERED = (("suspect", "fail"), ("low", "high"), ("sigmas", "fail_sigmas"))
_WORDS = ("properties", "periods", "confidence", "reference", "off", "plausible", "lower", "upper")
_OWN = ("common", "air", "water")


@dataclass(frozen=True)
class Rule:
    """A test with its figures, for some properties and periods.

    Attributes
    ----------
    test, code : str
        Name of the test, and of the rule in flags (``pm25_above_pm10`` for an inversion).
    properties : tuple of str or None
        Names of properties; None for all.
    periods : tuple of int or None
        Periods in seconds; None for all.
    figures : mapping
        In the units of the property; runs in values, ``within`` and ``tolerance`` in seconds.
    off : bool
        Whether it turns the test off.
    confidence : str
        A, B or C for a figure of a text; ``"convention"`` for a default of the project or user.
    reference, source : str
        What it stands on; the file that holds it.
    pair : tuple of str or None
        The lower and the upper property of an inversion.
    """

    test: str
    code: str
    properties: tuple[str, ...] | None
    periods: tuple[int, ...] | None
    figures: Mapping[str, float] = field(default_factory=dict)
    off: bool = False
    confidence: str = "convention"
    reference: str = ""
    source: str = ""
    pair: tuple[str, str] | None = None

    def applies(self, name: str, period: int | None) -> bool:
        """Whether the rule is for a property and period."""
        return (self.properties is None or name in self.properties) and (
            self.periods is None or period in self.periods
        )


@dataclass(frozen=True)
class Flag:
    """What a flag of a source means, and what a value that bears it is taken for.

    Attributes
    ----------
    scheme, code, level, zh, en : str
        Scheme (``"hj212"``, ``"cnemc"``, ``"water"``), code, level and meaning.
    confidence, reference : str
        Of the meaning.
    """

    scheme: str
    code: str
    level: str
    zh: str
    en: str
    confidence: str = "convention"
    reference: str = ""


@dataclass(frozen=True)
class Rules:
    """All rules; later ones come before earlier ones.

    Attributes
    ----------
    rules : tuple of Rule
        In the order of the files: the project's, then one's own.
    flags : tuple of Flag
        Flags of sources.
    """

    rules: tuple[Rule, ...]
    flags: tuple[Flag, ...]

    def of(self, name: str, period: int | None) -> dict[str, Rule]:
        """Return the rules in force for a property and period, by code."""
        found: dict[str, Rule] = {}
        for rule in self.rules:
            if rule.applies(name, period):
                found[rule.code] = rule
        return {code: rule for code, rule in found.items() if not rule.off}

    def properties(self) -> tuple[str, ...]:
        """Return the properties that a rule names."""
        named = (p for rule in self.rules for p in rule.properties or ())
        return tuple(dict.fromkeys(named))

    def table(self) -> pl.DataFrame:
        """Return the rules as a table: one row a rule, property and period.

        Returns
        -------
        polars.DataFrame
            test, rule, property, period (seconds; both null for all), figures (text), off,
            confidence, reference, source.
        """
        import polars as pl

        rows = [
            {
                "test": rule.test,
                "rule": rule.code,
                "property": name,
                "period": period,
                "figures": ", ".join(f"{k} {written(v)}" for k, v in rule.figures.items()),
                "off": rule.off,
                "confidence": rule.confidence,
                "reference": rule.reference,
                "source": rule.source,
            }
            for rule in self.rules
            for name in rule.properties or (None,)
            for period in rule.periods or (None,)
        ]
        texts = dict.fromkeys(("test", "rule", "property"), pl.String)
        more = dict.fromkeys(("confidence", "reference", "source"), pl.String)
        schema = {**texts, "period": pl.Int32, "figures": pl.String, "off": pl.Boolean, **more}
        return pl.DataFrame(rows, schema=schema)


def rules(own: str | Path | Mapping[str, Any] | Rules | None = None) -> Rules:
    """Return the rules of quality control, with one's own above those of the project.

    Parameters
    ----------
    own : path, mapping or Rules, optional
        A TOML file, or what one would hold: a list of rules by the name of the test, each with
        ``properties``, ``periods`` (seconds; both may be left out for all) and figures, each a
        number or a table of numbers by property. ``off = true`` turns a test off. ``[[flag]]``
        gives flags of a source: scheme, code, level, zh, en.

    Returns
    -------
    Rules
        `Rules.table` shows them.

    Raises
    ------
    ShanshuiError
        When the file cannot be read, or a rule is not one: the message names the file, the rule
        and what was expected.

    Notes
    -----
    A figure of an official text has its confidence (A, B, C); a default of this project is marked
    ``"convention"`` with what it stands on. Where no figure was found and none could be defended,
    there is no rule, and the test is not run.

    Examples
    --------
    >>> rules().of("pm25", 3600)["step"].figures["suspect"]
    190
    >>> mine = rules({"step": [{"properties": ["pm25"], "suspect": 100, "fail": 300}]})
    >>> mine.of("pm25", 3600)["step"].figures
    {'suspect': 100, 'fail': 300}
    """
    if isinstance(own, Rules):
        return own
    base = _project()
    if own is None:
        return base
    if isinstance(own, Mapping):
        data, name = dict(own), "rules"
    else:
        data, name = _toml(Path(own)), Path(own).name
    extra = data.pop("flag", [])
    found = tuple(_flag(entry, f"{name} [[flag]] {n}") for n, entry in _entries(extra, name))
    replaced = {(flag.scheme, flag.code) for flag in found}
    kept = tuple(f for f in base.flags if (f.scheme, f.code) not in replaced)
    return Rules(base.rules + tuple(_parsed(data, name)), kept + found)


@cache
def _project() -> Rules:
    folder = files("shanshui.quality")
    found: list[Rule] = []
    for name in _OWN:
        text = folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")
        found += _parsed(tomllib.loads(text), f"{name}.toml")
    schemes = tomllib.loads(folder.joinpath("flags.toml").read_text(encoding="utf-8"))
    known = tuple(
        _flag(
            {"scheme": scheme, "reference": body["reference"], "confidence": body["confidence"]}
            | code,
            "flags.toml",
        )
        for scheme, body in schemes.items()
        for code in body["codes"]
    )
    return Rules(tuple(found), known)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ShanshuiError(
            f"规则文件 {path.name} 读不了：{error} / cannot read the rules in {path.name}: {error}"
        ) from error


def _refuse(where: str, zh: str, en: str) -> ShanshuiError:
    return ShanshuiError(f"{where}：{zh} / {where}: {en}")


def _entries(value: Any, where: str) -> Iterable[tuple[int, dict[str, Any]]]:
    listed = [value] if isinstance(value, Mapping) else value
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise _refuse(where, "规则应写作 [[检验名]] 表", "rules are written as [[test]] tables")
    return enumerate((dict(one) for one in listed), 1)


def _parsed(data: Mapping[str, Any], source: str) -> Iterable[Rule]:
    for test, listed in data.items():
        if test not in FIGURES:
            raise _refuse(
                f"{source} [[{test}]]",
                f"没有这个检验；有 {'、'.join(TESTS)}",
                f"no such test; there are {', '.join(TESTS)}",
            )
        for n, entry in _entries(listed, f"{source} [[{test}]]"):
            yield from _rules_of(test, entry, f"{source} [[{test}]] {n}", source)


def _rules_of(test: str, entry: dict[str, Any], where: str, source: str) -> Iterable[Rule]:
    """Give the rules of one entry: one for each property where figures differ by property."""
    unknown = set(entry) - set(_WORDS) - set(FIGURES[test])
    if unknown:
        allowed = (*FIGURES[test], *_WORDS)
        raise _refuse(
            where,
            f"不认识 {'、'.join(sorted(unknown))}；可写 {'、'.join(allowed)}",
            f"unknown {', '.join(sorted(unknown))}; allowed are {', '.join(allowed)}",
        )
    if "plausible" in entry:
        yield from _plausible(test, entry, where, source)
        return
    pair = _pair(test, entry, where)
    periods = _periods(entry.get("periods"), where)
    tables = {k: v for k, v in entry.items() if isinstance(v, Mapping)}
    spelled = _properties(entry.get("properties"), where)
    each = tuple(dict.fromkeys(p for table in tables.values() for p in table))
    if tables and spelled is not None and set(spelled) != set(each):
        raise _refuse(where, "properties 与各表的项目不符", "properties and tables disagree")
    common: dict[str, Any] = {
        "test": test,
        "code": f"{pair[0]}_above_{pair[1]}" if pair else test,
        "periods": periods,
        "off": bool(entry.get("off", False)),
        "confidence": str(entry.get("confidence", "convention")),
        "reference": str(entry.get("reference", "")),
        "source": source,
        "pair": pair,
    }
    for names in [(p,) for p in each] if tables else [pair or spelled]:
        figures = {
            k: v[names[0]] if isinstance(v, Mapping) and names else v
            for k, v in entry.items()
            if k in FIGURES[test] and not (isinstance(v, Mapping) and names and names[0] not in v)
        }
        if not common["off"]:
            _checked(test, figures, where)
        yield Rule(properties=names, figures=figures, **common)


def _pair(test: str, entry: Mapping[str, Any], where: str) -> tuple[str, str] | None:
    named = [entry.get(k) for k in ("lower", "upper")]
    if test != "inversion":
        if any(n is not None for n in named):
            raise _refuse(where, "lower、upper 只用于 inversion", "lower, upper are of inversion")
        return None
    lower, upper = named
    if not (isinstance(lower, str) and isinstance(upper, str) and lower != upper):
        raise _refuse(
            where,
            "需要 lower 和 upper 两个不同的项目",
            "lower and upper must name two properties",
        )
    return lower, upper


def _properties(value: Any, where: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not (isinstance(value, list) and value and all(isinstance(p, str) for p in value)):
        raise _refuse(
            where, "properties 应为项目名的列表", f"properties is a list of names, got {value!r}"
        )
    return tuple(value)


def _periods(value: Any, where: str) -> tuple[int, ...] | None:
    if value is None:
        return None
    whole = isinstance(value, list) and value and all(_is_whole(p) and p > 0 for p in value)
    if not whole:
        raise _refuse(
            where, "periods 应为秒数的列表", f"periods is a list of seconds, got {value!r}"
        )
    return tuple(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _checked(test: str, figures: Mapping[str, Any], where: str) -> None:
    """Refuse figures that are none, that contradict each other, or that are too few."""
    for name, value in figures.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        whole = name in _WHOLE or (test in {"zero_run", "stuck"} and name != "above")
        least = 2 if test in {"zero_run", "stuck"} and name != "above" else 1
        good = number and abs(value) < 1e12
        good = good and (not whole or (_is_whole(value) and value >= least))
        good = good and (whole or name in _SIGNED or value >= 0)
        if not good:
            kind = f"≥ {least} 的整数" if whole else "数值" if name in _SIGNED else "≥ 0 的数值"
            en = f"a whole number ≥ {least}" if whole else "a number"
            raise _refuse(
                where, f"{name} 应为{kind}，得到 {value!r}", f"{name} must be {en}, got {value!r}"
            )
    for group in _NEEDED.get(test, ()):
        if not set(group) & set(figures):
            raise _refuse(where, f"缺少 {' 或 '.join(group)}", f"{' or '.join(group)} is missing")
    for first, second in _ORDERED:
        if first in figures and second in figures and figures[first] > figures[second]:
            raise _refuse(where, f"{first} 大于 {second}", f"{first} is above {second}")


def _plausible(test: str, entry: Mapping[str, Any], where: str, source: str) -> Iterable[Rule]:
    """Give the ranges of a domain's own guard, so that its bounds stand in one file."""
    domain = entry["plausible"]
    if test != "gross_range" or domain not in {"air", "water"}:
        raise _refuse(
            where,
            'plausible 只用于 gross_range，值为 "air" 或 "water"',
            'plausible is for gross_range, "air" or "water"',
        )
    text = files(f"shanshui.{domain}").joinpath("plausible.toml").read_text(encoding="utf-8")
    for name, bound in tomllib.loads(text)["bounds"].items():
        # Below zero an hour of air is judged by `negative`.
        low, high = bound if isinstance(bound, list) else (None, bound)
        figures = {"high": high} if low is None else {"low": low, "high": high}
        yield Rule(
            test=test,
            code=test,
            properties=(name,),
            periods=_periods(entry.get("periods"), where),
            figures=figures,
            confidence=str(entry.get("confidence", "convention")),
            reference=str(entry.get("reference", "")),
            source=source,
        )


def _flag(entry: Mapping[str, Any], where: str) -> Flag:
    fields = {k: entry.get(k) for k in ("scheme", "code", "level", "zh", "en")}
    if not all(isinstance(v, str) and v for v in fields.values()) or (entry["level"] not in LEVELS):
        raise _refuse(
            where,
            f"标识需要 scheme、code、level（{'、'.join(LEVELS)}）、zh、en",
            f"a flag needs scheme, code, level (of {', '.join(LEVELS)}), zh and en",
        )
    return Flag(
        **{k: str(v) for k, v in fields.items()},
        confidence=str(entry.get("confidence", "convention")),
        reference=str(entry.get("reference", "")),
    )


def meanings(flags: Sequence[Flag], scheme: str | None) -> tuple[Flag, ...]:
    """Return the flags of a scheme, or of all.

    Raises
    ------
    ShanshuiError
        When there is no such scheme.
    """
    if scheme is None:
        return tuple(flags)
    found = tuple(flag for flag in flags if flag.scheme == scheme)
    if not found:
        known = dict.fromkeys(flag.scheme for flag in flags)
        raise ShanshuiError(
            f"没有“{scheme}”标识方案；有 {'、'.join(known)} / "
            f"no scheme of flags {scheme!r}; there are {', '.join(known)}"
        )
    return found
