"""Fill the pages' marks, such as ``<!-- table: limits -->``, from what the package itself holds.

A figure of a standard is typed once, in its dated file, and an option once, in the command; the
documentation reads them from there. A mark may choose rows: ``<!-- table: limits year o3_8h -->``,
``<!-- table: breakpoints o3_8h -->``, ``<!-- table: figures o3_labels -->``.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from shanshui.standards import Edition, editions

MARK = re.compile(r"<!-- table: (\w+)((?: \w+)*) -->")


def _markdown(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _span(edition: Edition) -> str:
    return f"{edition.start} – {edition.end or ''}".strip()


def _editions() -> str:
    rows = [(f"`{e.name}`", e.title, _span(e), "<br>".join(e.numbers)) for e in editions("air")]
    return _markdown(["edition", "名称", "dates of data", "standards"], rows)


def _standards() -> str:
    seen = {member.number: member for e in editions("air") for member in e.members}
    rows = [
        (
            s.number,
            f"{s.title}<br>{s.title_en}",
            f"{s.start} – {s.end or ''}",
            s.confidence,
            s.source,
        )
        for s in seen.values()
    ]
    return _markdown(["number", "title", "in force", "confidence", "read from"], rows)


def _limits(*wanted: str) -> str:
    """Limits side by side by edition: grade 1 / grade 2; of the items, averages or both wanted."""
    cells: dict[tuple[str, str, str], dict[str, str]] = {}
    for edition in editions("air"):
        for row in edition.table("limits"):
            key = (row["item"], row["averaging"], row["unit"])
            if wanted and not {*key, "_".join(key[:2])} & set(wanted):
                continue
            cells.setdefault(key, {})[edition.name] = f"{row['grade1']:g} / {row['grade2']:g}"
    names = [e.name for e in editions("air")]
    rows = [(*key, *(by.get(name, "") for name in names)) for key, by in cells.items()]
    return _markdown(["item", "average", "unit", *names], rows)


def _breakpoints(*wanted: str) -> str:
    """Breakpoints by edition; of the rows wanted, or of those of a report (``daily``)."""
    scale = editions("air")[0].table("iaqi")
    rows = []
    for name, edition in _distinct("breakpoints"):
        reports = edition.table("reports")
        chosen = {row for w in wanted for row in (reports[w].values() if w in reports else [w])}
        for row in edition.table("breakpoints"):
            if wanted and row["name"] not in chosen:
                continue
            points = [*row["concentrations"], *[""] * (len(scale) - len(row["concentrations"]))]
            rows.append((name, row["name"], row["unit"], *points, row.get("above", "no IAQI")))
    return _markdown(["edition", "row", "unit", *scale, "above the last"], rows)


def _distinct(table: str) -> list[tuple[str, Edition]]:
    """Return the editions with a table of their own, under the names of all that share it."""
    found: dict[str, list[Edition]] = {}
    for edition in editions("air"):
        found.setdefault(edition.source_of(table)[0].number, []).append(edition)
    return [(", ".join(e.name for e in group), group[0]) for group in found.values()]


def _categories() -> str:
    """Classes of the index; a span that differs between editions is given for each."""
    tables = [edition.table("classes")["categories"] for _, edition in _distinct("classes")]
    rows = []
    for same in zip(*tables, strict=True):
        row, spans = same[0], dict.fromkeys(map(_class_span, same))
        colour = f"{row['colour_zh']} `{row['colour']}`"
        rows.append((row["level"], row["name"], row["name_en"], " / ".join(spans), colour))
    return _markdown(["level", "级别", "category", "AQI", "colour"], rows)


def _class_span(row: dict[str, Any]) -> str:
    return f"{row['low']}–{row['high']}" if "high" in row else f"> {row['low'] - 1}"


def _figures(*wanted: str) -> str:
    known = {n for e in editions("air") for m in e.members for n in m.parameters}
    if not wanted or set(wanted) - known:
        raise KeyError(f"no such figure: {sorted(set(wanted) - known)}")
    return _parameters(lambda name, _: name in wanted)


def _parameters(wanted: Callable[[str, str], bool]) -> str:
    """List single figures; what two standards state alike stands in one row."""
    seen = {member.number: member for e in editions("air") for member in e.members}
    found: dict[tuple[str, ...], list[str]] = {}
    for standard in seen.values():
        for name, p in standard.parameters.items():
            if wanted(name, p.confidence):
                row = (f"`{name}`", _plain(p.value), p.about, p.clause or "", p.confidence)
                found.setdefault(row, []).append(f"`{standard.number}`")
    rows = [(*row, "<br>".join(numbers)) for row, numbers in found.items()]
    heads = ["figure", "value", "what it governs", "clause", "confidence", "standard"]
    return _markdown(heads, rows)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _commands() -> str:
    """Describe every command: what it does, examples, options."""
    from typer.main import get_command

    from shanshui.cli.app import app

    return "\n\n".join(_command(get_command(app), "shanshui"))


def _command(command: Any, path: str) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    for name, each in inner.items():
        yield from _command(each, f"{path} {name}")
    if inner:
        return
    yield f"### {path}"
    yield _words(command.help)
    examples = re.findall(r"(shanshui [^|\[\n]+)", command.epilog or "")
    if examples:
        yield "\n".join(["```sh", *(example.strip() for example in examples), "```"])
    rows = [
        ("<br>".join(f"`{name}`" for name in _names(option)), _words(option.help))
        for option in command.params
        if "--help" not in option.opts
    ]
    table = _markdown(["选项 option", ""], rows).replace("\n", "\n    ")
    yield f'??? abstract "选项 Options"\n\n    {table}'


def _names(option: Any) -> list[str]:
    """Return the ways to write an option, the first with what it takes."""
    if option.param_type_name == "argument":
        return [option.metavar or option.name]
    names = [*option.opts, *option.secondary_opts]
    if getattr(option, "is_flag", False):
        return names
    choices = getattr(option.type_descriptor.annotation, "__members__", {}).values()
    takes = option.metavar or "\\|".join(choices) or "N"
    return [f"{names[0]} {takes}", *names[1:]]


def _words(text: str | None) -> str:
    """Drop the marks of the terminal: colours and emphasis."""
    plain = re.sub(r"\[/?(?:dim|cyan|bold)\]", "", text or "").strip()
    return re.sub(r"\s*\n\s*", "<br>", plain.replace("|", "\\|"))


def _farmland() -> str:
    """Screening and intervention values of farmland by pH."""
    edition = editions("soil.farmland")[-1]
    names = {row["item"]: row["name"] for row in edition.table("items")}
    lands = {"paddy": "水田", "orchard": "果园", "other": "其他", "all": "全部"}
    standard = edition.source_of("screening")[0]

    def row(kind: str, land: str, one: dict[str, Any]) -> list[object]:
        confidence = one.get("confidence", standard.confidence)
        cells = [f"{value:g}" for value in one["values"]]
        return [f"`{one['item']}`", names[one["item"]], kind, land, *cells, confidence]

    rows = [row("筛选值", lands[one["land"]], one) for one in edition.table("screening")]
    rows += [row("管制值", "全部", one) for one in edition.table("intervention")]
    bands = ["≤ 5.5", "5.5–6.5", "6.5–7.5", "> 7.5"]
    return _markdown(["item", "项目", "value", "land use", *bands, "confidence"], rows)


def _construction() -> str:
    """Screening and control values of construction land by class."""
    from shanshui import soil

    rows = [
        (
            f"`{row['item']}`",
            row["name"],
            row["cas"] or "",
            *(f"{row[f'{kind}_{n}']:g}" for kind in ("screening", "control") for n in (1, 2)),
            row["confidence"],
        )
        for row in soil.construction_limits().iter_rows(named=True)
    ]
    figures = ["筛选值 1", "筛选值 2", "管制值 1", "管制值 2"]
    return _markdown(["item", "项目", "CAS", *figures, "confidence"], rows)


def _zones() -> str:
    """Limits of the functional zones."""
    from shanshui import noise

    rows = [
        (r["name"], r["what"], f"{r['day']:g}", f"{r['night']:g}", r["confidence"])
        for r in noise.noise_limits().iter_rows(named=True)
    ]
    return _markdown(["zone", "what", "day", "night", "confidence"], rows)


def _noise_grades() -> str:
    """Grades of a region and of roads by their mean level."""
    edition = editions("noise")[-1]
    cuts = [edition.table(what)[side] for what in ("region", "road") for side in ("day", "night")]
    rows = []
    for place, level in enumerate(edition.table("levels")):
        spans = [f"≤ {cut[place]:.1f}" if place < len(cut) else f"> {cut[-1]:.1f}" for cut in cuts]
        rows.append((level["grade"], f"{level['name_zh']} {level['name']}", *spans))
    heads = ["region, day (A)", "region, night (B)", "roads, day (A)", "roads, night (B)"]
    return _markdown(["grade", "等级", *heads], rows)


def _classed(table: Any, heads: Iterable[str], open_end: str) -> str:
    """List items with their limits by class, as a function of water gives them."""
    rows = []
    for row in table.iter_rows(named=True):
        cells = [row[f"class_{n}"] for n in range(1, 5)]
        shown = [open_end if cell is None else f"{cell:g}" for cell in cells]
        rows.append((f"`{row['item']}`", row["name"], row["unit"], *shown, row["confidence"]))
    return _markdown(["item", "项目", "unit", *heads, "confidence"], rows)


def _surface() -> str:
    edition = editions("water.surface")[-1]
    digits = edition.parameter("digits")
    heads = ["item", "项目", "unit", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "decimals"]
    rows = []
    for row in edition.table("limits"):
        own = (row["item"], row["name"], row["unit"])
        last = digits[row["item"]]
        if row["sense"] == "in":
            rows.append((*own, *["{}–{}".format(*row["range"])] * 5, last))
            continue
        sign = "≥" if row["sense"] == ">=" else "≤"
        for column, note in (("classes", ""), ("lake", "（湖、库）")):
            if column in row:
                cells = (f"{sign}{limit:g}" for limit in row[column])
                rows.append((own[0], own[1] + note, own[2], *cells, last))
    return _markdown(heads, rows)


def _groundwater() -> str:
    """Limits of groundwater."""
    from shanshui.water import ground

    return _classed(ground.limits(), ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"], "—")


def _seawater() -> str:
    """Limits of sea water."""
    from shanshui.water import sea

    return _classed(sea.limits(), ["一类", "二类", "三类", "四类"], "—")


def _sea_classes() -> str:
    """Classes of sea water with their colours."""
    from shanshui.water import sea

    rows = [
        (r["class"], r["name"], f"`{r['colour']}`", r["use"])
        for r in sea.classes().iter_rows(named=True)
    ]
    return _markdown(["class", "类别", "colour", "use"], rows)


def _source_items() -> str:
    """Tables 2 and 3 of surface water."""
    edition = editions("water.surface")[-1]
    rows = [
        (f"`{row['item']}`", row["name"], f"{row['limit']:g}", table, row["confidence"])
        for table, name in (("表2", "source_items"), ("表3", "source_items_specific"))
        for row in edition.table(name)
    ]
    return _markdown(["item", "项目", "limit, mg/L", "table", "confidence"], rows)


def _trophic() -> str:
    """Parameters of the trophic level index."""
    rows = [
        (f"`{r['item']}`", r["name"], r["unit"], r["a"], r["b"], r["r"], r["printed"])
        for r in editions("water.lake")[-1].table("parameters")
    ]
    return _markdown(["item", "参数", "unit", "a", "b", "r", "printed weight"], rows)


def _five_plans_counts() -> str:
    """States of the packaged targets by plan."""
    from shanshui.platform.track.packaged import answers
    from shanshui.progress import STATES

    judged = answers()
    plans = dict.fromkeys(one.document["title"] for one in judged)
    rows = [
        (title, len(mine), *(sum(a.standing.state == s for a in mine) or "" for s in STATES))
        for title in plans
        if (mine := [one for one in judged if one.document["title"] == title])
    ]
    total = ("合计 all", len(judged), *(sum(a.standing.state == s for a in judged) for s in STATES))
    return _markdown(["规划", "targets", *STATES], [*rows, total])


def _five_plans() -> str:
    """Standings of the packaged targets, row by row."""
    from shanshui.platform.catalog.series import wording
    from shanshui.platform.track.packaged import answers

    rows = []
    for one in answers():
        now = one.figure or {}
        basis = "；".join(now[n] for n in ("roster", "state", "dust") if now.get(n))
        value = f"{now['value']}（{now['region']} {now['period']}）" if now else ""
        year = f"{one.target['year']}年" if one.target["year"] else ""
        why = one.standing.reason + (f"。{one.remark}" if one.remark else "")
        rows.append(
            (
                f"`{one.ids[0]}`",
                f"{one.target['region']} {one.target['indicator']}",
                f"{year}{wording(one.target)}",
                value,
                basis,
                one.standing.state,
                f"{why}<br>{one.standing.reason_en}",
            )
        )
    return _markdown(["id", "指标", "目标", "latest value", "口径", "完成情况", "why"], rows)


TABLES: dict[str, Callable[..., str]] = {
    "editions": _editions,
    "standards": _standards,
    "limits": _limits,
    "breakpoints": _breakpoints,
    "categories": _categories,
    "certain": lambda: _parameters(lambda _, confidence: confidence == "A"),
    "commands": _commands,
    "construction": _construction,
    "farmland": _farmland,
    "figures": _figures,
    "five_plans": _five_plans,
    "five_plans_counts": _five_plans_counts,
    "groundwater": _groundwater,
    "noise_grades": _noise_grades,
    "sea_classes": _sea_classes,
    "seawater": _seawater,
    "source_items": _source_items,
    "surface": _surface,
    "trophic": _trophic,
    "uncertain": lambda: _parameters(lambda _, confidence: confidence != "A"),
    "zones": _zones,
}


def on_page_markdown(markdown: str, **_: object) -> str:
    """Replace each mark by its table (called by MkDocs for every page)."""
    return MARK.sub(lambda mark: TABLES[mark[1]](*mark[2].split()), markdown)
