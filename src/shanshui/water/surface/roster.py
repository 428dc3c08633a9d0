"""Rosters of sections (断面名单): what each is and must reach, and who answers for it, by date."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from shanshui._frames import (
    ORDER,
    Entered,
    beside,
    enter,
    naive_date,
    names,
    remember_order,
    require,
    set_aside,
)
from shanshui.standards.errors import SchemaError, ShanshuiError
from shanshui.water.surface.classify import KINDS

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.typing import IntoFrame, IntoFrameT

ABOUT = ("river", "basin", "kind", "level", "attribute", "county", "unit", "chief", "target")
"""What a roster says of a section, and `enroll` adds to its data."""
COLUMNS = ("station", *ABOUT, "from", "to", "version", "left_out")
"""The columns of a roster."""
KIND_NAMES = {"river": "河流", "lake": "湖库"}
NOT_LISTED = "not_listed"
EVER, OPEN = date(1900, 1, 1), date(9999, 12, 31)
"""What stands for an empty `from` and an empty `to` where days are compared."""

_NUMERALS = {word: n for n, word in enumerate(("I", "II", "III", "IV", "V"), start=1)}
_NUMERALS |= {word: n for n, word in enumerate("一二三四五", start=1)}
"""Roman numerals, of which the one-character ones are normalised to letters, and Chinese ones."""
_DAY = re.compile(r"^((?:19|20)\d\d)(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?)?[年月]?$")

Wrong = Callable[[int, str, str, str], ShanshuiError]


def roster(table: IntoFrameT, *, version: str | None = None) -> IntoFrameT:
    """Check a list of sections and bring it to one form.

    A row is a section over a span of time: where its target, kind or responsibility changes, the
    old row ends and a new one begins.

    Parameters
    ----------
    table : frame in memory
        ``station`` (name or code of the section), ``kind`` (河流, 湖库 …), and as far as there:
        ``river``, ``basin``, ``level`` (国控, 省控, 市控), ``attribute`` (国考, 省考, 市考, 入海,
        跨界, 水源; several joined by ','), ``county``, ``unit``, ``chief``, ``target`` (1 to 5 or Ⅰ
        to Ⅴ), ``from`` and ``to`` (dates, or texts such as ``2021-01-01``, ``2021-01`` and
        ``2021``; both included; empty: since ever, until further notice), ``version``, and
        ``left_out``: why a listed section is not assessed.
    version : str, optional
        Version of the rows that state none.

    Returns
    -------
    frame of the kind that came
        All of these columns, and the others of the table behind them: ``kind`` is 河流 or 湖库,
        ``target`` a whole number, ``from`` and ``to`` are dates, attributes are joined by ','.

    Raises
    ------
    SchemaError
        A column is missing, or the table is lazy.
    ShanshuiError
        A row without section or version, an unknown kind, class or date, a span that ends before
        it begins, or spans of one section that overlap; the row is named, the first being 1.
        Sections of one name are told apart by columns ``code``, ``province`` and ``city``.

    Examples
    --------
    >>> import polars as pl
    >>> listed = roster(
    ...     pl.DataFrame(
    ...         {"station": ["石角", "石角"], "kind": "河流", "target": ["Ⅲ", "Ⅱ类"]}
    ...         | {"from": ["2019", "2021"], "to": ["2020", None]}
    ...     ),
    ...     version="2021",
    ... )
    >>> listed.select("target", "from", "to", "version").rows()  # doctest: +NORMALIZE_WHITESPACE
    [(3, datetime.date(2019, 1, 1), datetime.date(2020, 12, 31), '2021'),
     (2, datetime.date(2021, 1, 1), None, '2021')]
    """
    entered = enter(table)

    understood = checked(_collected(entered), wrong=_wrong, version=version)
    out: IntoFrameT = entered.leave(nw.from_native(understood.lazy()), [])
    return out


def enroll(
    frame: IntoFrameT,
    listed: IntoFrame,
    *,
    by: str | Sequence[str] = "station",
) -> IntoFrameT:
    """Say of each sample or mean what the roster says of its section at that time.

    Parameters
    ----------
    frame : frame
        Samples (``time`` or ``date``), or means (``start`` and ``end``): a mean is taken by the row
        that is in force on the last day of its period.
    listed : frame in memory
        What `roster` gives, or a table that it takes.
    by : str or list of str
        Key columns of a section. A single key that the roster has no column of is looked for in its
        ``station``.

    Returns
    -------
    frame of the kind that came
        Every row and column, and of the section ``river, basin, kind, level, attribute, county,
        unit, chief, target``; ``roster`` (the version used), and ``left_out``: null for a section
        that is assessed, else the roster's reason, or ``not_listed``. Columns of these names in the
        data stay as ``<name>_input``. Judge by ``classify(…, kind="kind", target="target")``, and
        count by `shares` only rows whose ``left_out`` is null.

    Raises
    ------
    SchemaError
        A column is missing, or the roster is lazy.
    ShanshuiError
        As in `roster`.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> days = [date(2020, 12, 31), date(2021, 1, 1)]
    >>> rows = pl.DataFrame({"station": ["石角", "石角", "某桥"], "date": [*days, days[1]]})
    >>> listed = pl.DataFrame(
    ...     {"station": ["石角"] * 2, "kind": "河流", "target": [3, 2], "version": "十四五"}
    ...     | {"from": [None, "2021"], "to": ["2020", None]}
    ... )
    >>> enroll(rows, listed).select("target", "roster", "left_out").rows()
    [(3, '十四五', None), (2, '十四五', None), (None, None, 'not_listed')]
    """
    entered = enter(frame)
    keys = names(by)
    mean = {"start", "end"} <= set(entered.schema)
    time = "end" if mean else "time" if "time" in entered.schema else "date"
    require(entered.schema, [*keys, time], what="数据")
    table = _rows_of(listed)
    own = [k if k in table.columns else "station" for k in keys]
    if len(set(own)) < len(own):
        raise SchemaError(
            f"断面名单没有列 {'、'.join(k for k in keys if k not in table.columns)} / "
            f"the roster lacks columns of by: {keys}"
        )
    refuse_overlaps(table.select("from", "to").to_dicts(), table.select(own).rows(), _wrong)
    spans, numbered = _spans(table, own, keys)
    # The keys and the day are read before a column of the data that clashes is renamed.
    rows = remember_order(entered.frame, entered).with_columns(
        naive_date(entered, time).alias("_day"),
        *(nw.col(k).alias(f"_key_{k}") for k in keys),
    )
    added = [*ABOUT, "roster", "left_out"]
    rows = set_aside(replace(entered, frame=rows), added)
    side = beside(entered, spans)
    rows = rows.join(side.frame, on=[f"_key_{k}" for k in keys], how="left")
    rows = rows.with_columns(_in_force(spans.columns).alias("_listed"))
    rows = rows.join(beside(entered, numbered).frame, on="_listed", how="left")
    kept = [
        c if c not in added else f"{c}_input"
        for c in entered.schema
        if c not in added or f"{c}_input" not in entered.schema
    ]
    result = rows.select(
        *([ORDER] if entered.eager else []),
        *kept,
        *(nw.col(f"_roster_{c}").alias(c) for c in ABOUT),
        nw.col("_roster_version").alias("roster"),
        nw.when(nw.col("_listed").is_null())
        .then(nw.lit(NOT_LISTED))
        .otherwise(nw.col("_roster_left_out"))
        .alias("left_out"),
    )
    out: IntoFrameT = entered.leave(result, [])
    return out


def _in_force(columns: Sequence[str]) -> nw.Expr:
    """Return the number of the row whose span holds the day; spans of a section do not overlap."""
    day, found = nw.col("_day"), nw.lit(None, dtype=nw.Int64)
    for n in range(sum(c.startswith("_row_") for c in columns)):
        inside = (day >= nw.col(f"_from_{n}")) & (day <= nw.col(f"_to_{n}"))
        found = nw.when(inside).then(nw.col(f"_row_{n}")).otherwise(found)
    return found


def _spans(
    table: pl.DataFrame, own: Sequence[str], keys: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lay a roster out: the spans of each section in one row, and what is said by number of row.

    So data find their row by two plain joins on any engine, with days exact and ends left open.
    """
    import polars as pl

    numbered = table.with_row_index("_listed").with_columns(
        pl.col("_listed").cast(pl.Int64),
        pl.col("from").fill_null(EVER),
        pl.col("to").fill_null(OPEN),
    )
    named = {o: f"_key_{k}" for o, k in zip(own, keys, strict=True)}
    of = [pl.col(o).alias(k) for o, k in named.items()]
    placed = numbered.select("_listed", "from", "to", *of).drop_nulls(list(named.values()))
    on = list(named.values())
    placed = placed.with_columns(pl.int_range(pl.len()).over(on).alias("_n"))
    spans = placed.select(on).unique(maintain_order=True)
    for (n,), part in placed.group_by(["_n"], maintain_order=True):
        wide = part.select(
            *on,
            pl.col("from").alias(f"_from_{n}"),
            pl.col("to").alias(f"_to_{n}"),
            pl.col("_listed").alias(f"_row_{n}"),
        )
        spans = spans.join(wide, on=on, how="left", maintain_order="left")
    said = [*ABOUT, "version", "left_out"]
    return spans, numbered.select("_listed", *(pl.col(c).alias(f"_roster_{c}") for c in said))


def _collected(entered: Entered) -> pl.DataFrame:
    if not entered.eager:
        raise SchemaError(
            "断面名单应为内存中的表 / a roster must be a table in memory, not a lazy frame"
        )
    native: pl.LazyFrame = entered.frame.to_native()
    return native.collect()


def _rows_of(listed: IntoFrame) -> pl.DataFrame:
    return _collected(enter(roster(listed)))


def _wrong(number: int, column: str, zh: str, en: str) -> ShanshuiError:
    return ShanshuiError(
        f"断面名单第 {number} 行（{column}）：{zh} / roster, row {number} ({column}): {en}"
    )


# --- checking ----------------------------------------------------------------------------------


def checked(
    table: pl.DataFrame, *, wrong: Wrong, version: str | None = None, first: int = 1
) -> pl.DataFrame:
    """Check a table of sections and bring it to one form; `wrong` makes the error of a row."""
    import polars as pl

    require(table.schema, ["station", "kind"], what="断面名单")
    rows = [
        _understood(row, number, wrong, version)
        for number, row in enumerate(table.iter_rows(named=True), start=first)
    ]
    apart = [c for c in ("code", "province", "city") if c in table.columns]
    own = list(zip(table["station"], *(table[c] for c in apart), strict=True))
    refuse_overlaps(rows, own, wrong, first)
    schema: dict[str, Any] = dict.fromkeys(COLUMNS, pl.String)
    schema |= {"target": pl.Int64, "from": pl.Date, "to": pl.Date}
    kind = table.schema["station"]
    schema["station"] = kind if kind.is_integer() else pl.String
    rest = [c for c in table.columns if c not in schema]
    return pl.DataFrame(rows, schema=schema, orient="row").hstack(table.select(rest))


def _understood(
    row: Mapping[str, Any], number: int, wrong: Wrong, version: str | None
) -> dict[str, Any]:
    def text(column: str) -> str | None:
        value = row.get(column)
        return None if value is None else str(value).strip() or None

    said = {c: text(c) for c in COLUMNS}
    if said["station"] is None:
        raise wrong(number, "station", "没有断面名称或编码", "no section")
    stated = said["version"] or version
    if stated is None:
        raise wrong(
            number,
            "version",
            "没有名单版本，请加一列 version，或给出 version=",
            "no version of the roster; add a column version or say version=",
        )
    start = _day(row.get("from"), number, "from", wrong, last=False)
    end = _day(row.get("to"), number, "to", wrong, last=True)
    if start and end and end < start:
        raise wrong(
            number, "to", f"止于 {end}，早于起始的 {start}", f"ends {end}, before it begins {start}"
        )
    station = row["station"] if isinstance(row["station"], int) else said["station"]
    return said | {
        "station": station,
        "version": stated,
        "from": start,
        "to": end,
        "kind": _kind(said["kind"], number, wrong),
        "target": _target(said["target"], number, wrong),
        "attribute": _attributes(said["attribute"]),
        "level": said["level"] and said["level"].removesuffix("断面"),
    }


def kind_name(said: str) -> str | None:
    """Return 河流 or 湖库 for a word that `classify` knows; None for any other."""
    return next((KIND_NAMES[k] for k, words in KINDS.items() if said.strip() in words), None)


def _kind(said: str | None, number: int, wrong: Wrong) -> str:
    found = kind_name((said or "").removesuffix("断面"))
    if found is None:
        raise wrong(
            number,
            "kind",
            f"水体类型“{said or ''}”应为 河流 或 湖库（湖泊、水库）",
            f'the kind "{said or ""}" must be 河流 (river) or 湖库 (lake)',
        )
    return found


def target_class(said: str) -> int | None:
    """Return the number of a class as tables write it: 3, Ⅲ, Ⅲ类, III; None where it is none."""
    plain = unicodedata.normalize("NFKC", said).upper().removesuffix("类").strip()
    plain = plain.removesuffix(".0")
    return int(plain) if plain in {"1", "2", "3", "4", "5"} else _NUMERALS.get(plain)


def _target(said: str | None, number: int, wrong: Wrong) -> int | None:
    if said is None or said in ("-", "—", "/"):
        return None
    found = target_class(said)
    if found is None:
        raise wrong(
            number,
            "target",
            f"水质目标“{said}”应为 1—5 或 Ⅰ—Ⅴ",
            f'the target "{said}" must be 1 to 5 or Ⅰ to Ⅴ',
        )
    return found


def _attributes(said: str | None) -> str | None:
    """Join attributes by ','. Bureaus have their own beside the usual: all stay as written."""
    parts = re.split(r"[,，、;；/\s]+", said or "")
    return ",".join(dict.fromkeys(p.removesuffix("断面") for p in parts if p)) or None


def _day(value: Any, number: int, column: str, wrong: Wrong, *, last: bool) -> date | None:
    """Understand a day; a month or a year stands for its first day, or for its last."""
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    text = str(value).strip().partition(" ")[0].partition("T")[0]
    if not text or text in ("-", "—", "/", "至今", "now"):
        return None
    if (found := _DAY.match(text)) is not None:
        year, month, day = (int(part) if part else None for part in found.groups())
        with suppress(ValueError):
            return _of_parts(year or 0, month, day, last=last)
    raise wrong(
        number,
        column,
        f"“{value}”不是日期；应如 2021-01-01、2021-01 或 2021",
        f'"{value}" is no date; expected 2021-01-01, 2021-01 or 2021',
    )


def _of_parts(year: int, month: int | None, day: int | None, *, last: bool) -> date:
    if day is not None:
        return date(year, month or 1, day)
    if not last:
        return date(year, month or 1, 1)
    after = month or 12
    return date(year + after // 12, after % 12 + 1, 1) - timedelta(days=1)


def refuse_overlaps(
    rows: Sequence[Mapping[str, Any]],
    sections: Sequence[tuple[Any, ...]],
    wrong: Wrong,
    first: int = 1,
) -> None:
    """Refuse two rows that speak of one section at one time."""
    of: dict[Any, list[tuple[date, date, int]]] = {}
    for number, (row, section) in enumerate(zip(rows, sections, strict=True), start=first):
        of.setdefault(section, []).append((row["from"] or EVER, row["to"] or OPEN, number))
    for section, spans in of.items():
        spans.sort()
        for (_, end, one), (start, _, other) in pairwise(spans):
            if start <= end:
                before, after = sorted((one, other))
                named = " ".join(str(part) for part in section if part is not None)
                raise wrong(
                    after,
                    "from",
                    f"断面“{named}”的时段与第 {before} 行重叠",
                    f'the span of section "{named}" overlaps that of row {before}',
                )
