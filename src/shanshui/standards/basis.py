"""Basis (口径): what a figure stands on, and whether two figures may be compared."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

from shanshui.standards.errors import ShanshuiError

UNSTATED = "未说明"
"""What the text form says of a field that is not stated."""

LABELS = {
    "roster": "点位",
    "edition": "标准版本",
    "state": "状态",
    "dust": "沙尘",
    "status": "数据状态",
    "source": "来源",
    "formula": "计算方法",
}


OPTIONAL = ("source", "formula")
"""Fields that the text form leaves out where they are not stated."""


@dataclass(frozen=True)
class Basis:
    """What a figure stands on (口径). A field that is not stated is ``None``.

    Attributes
    ----------
    roster : str or None
        Stations and version of their list, e.g. ``"国控点2021"``.
    edition : str or None
        Edition of the standards, e.g. ``"2012"``.
    state : str or None
        Reference state: ``"实况"``, ``"标况"``, or ``"标况+实况"`` over the change of 2018-09-01.
    dust : str or None
        ``"不扣沙"`` (sand-dust days kept) or ``"扣沙"``.
    status : str or None
        ``"实时"``, ``"审核"`` or ``"定版"``.
    source : str or None
        Where the observations or the figure come from.
    formula : str or None
        How the figure is computed, where more than one way is in use.

    Examples
    --------
    >>> text = str(Basis(roster="国控点2021", edition="2012", state="实况"))
    >>> text
    'roster=国控点2021;edition=2012;state=实况;dust=未说明;status=未说明'
    >>> Basis.parse(text).state
    '实况'
    """

    roster: str | None = None
    edition: str | None = None
    state: str | None = None
    dust: str | None = None
    status: str | None = None
    source: str | None = None
    formula: str | None = None

    def __post_init__(self) -> None:
        for name, value in self.stated().items():
            if ";" in value or "\n" in value:
                raise ShanshuiError(
                    f"口径字段 {name} 不能含分号或换行：{value!r} / "
                    f"a basis field must not hold ';' or a line break: {name}={value!r}"
                )

    def stated(self) -> dict[str, str]:
        """Return the fields that are stated."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def __str__(self) -> str:
        stated = self.stated()
        texts = {name: stated.get(name, UNSTATED) for name in LABELS}
        return ";".join(
            f"{name}={text}"
            for name, text in texts.items()
            if name in stated or name not in OPTIONAL
        )

    @classmethod
    def parse(cls, text: str) -> Basis:
        """Read the text form that ``str`` writes and the ``basis`` columns hold.

        Raises
        ------
        ShanshuiError
            When a part is not ``field=value`` with a field of this class.
        """
        values: dict[str, str] = {}
        for part in filter(None, text.split(";")):
            name, sign, value = part.partition("=")
            if not sign or name not in LABELS:
                raise ShanshuiError(
                    f"口径写法应为“字段=值”，字段为 {'、'.join(LABELS)}：{part!r} / "
                    f"expected field=value in a basis, got {part!r}"
                )
            if value != UNSTATED:
                values[name] = value
        return cls(**values)


class Difference(NamedTuple):
    """One field in which two bases differ."""

    field: str
    a: str
    b: str

    def __str__(self) -> str:
        return f"{LABELS[self.field]}：{self.a} ≠ {self.b}"


def compare_bases(a: Basis, b: Basis) -> list[Difference]:
    """Name the fields in which two bases differ (口径不一致).

    Only what both state can differ; a field that one of them leaves unstated does not.
    ``source`` is where a figure was read, not what it stands on, and is not compared.

    Returns
    -------
    list of Difference
        Empty when the figures may be compared.

    Examples
    --------
    >>> a, b = Basis(edition="2012", state="标况"), Basis(edition="2012", state="实况")
    >>> [str(d) for d in compare_bases(a, b)]
    ['状态：标况 ≠ 实况']
    """
    mine, theirs = a.stated(), b.stated()
    return [
        Difference(name, mine[name], theirs[name])
        for name in LABELS
        if name != "source" and name in mine and name in theirs and mine[name] != theirs[name]
    ]
