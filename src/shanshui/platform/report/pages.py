"""HTML pages: Jinja2 templates with figures as inline SVG, readable with JavaScript off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shanshui.platform.report import figures

if TYPE_CHECKING:
    from collections.abc import Callable

WIDE, HALF, NARROW = 1040, 520, 350
"""Widths in pixels of a figure: across the page, beside another one, on a phone."""


@dataclass(frozen=True)
class Figure:
    """One chart of a page, drawn for a desk and for a phone; a style sheet shows one of the two."""

    wide: str
    narrow: str


def figure(
    name: str,
    draw: Callable[[int], figures.Chart],
    label: str,
    *,
    wide: int = WIDE,
    narrow: int = NARROW,
) -> Figure:
    """Draw a chart for a desk and for a phone.

    Parameters
    ----------
    name : str
        Short name, unique in the page.
    draw : callable
        Makes the chart for a width.
    label : str
        What it shows, for those who cannot see it.
    wide, narrow : int
        The two widths in pixels.
    """
    return Figure(
        figures.svg(draw(wide), label, f"{name}-w"),
        figures.svg(draw(narrow), label, f"{name}-n"),
    )


def render(template: str, **context: Any) -> str:
    """Fill a template of this package; everything but SVG is escaped.

    Parameters
    ----------
    template : str
        File name in ``templates``.
    **context : object
        What the template names.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("shanshui.platform.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = Markup
    environment.filters["thousands"] = lambda number: f"{number:,}"
    environment.filters["plain"] = lambda number: "—" if number is None else f"{number:g}"
    return environment.get_template(template).render(**context)
