"""A recipe on a table: the steps that were accepted are replayed, what this file needs besides is proposed.

Steps of Parvis come first, in the order of their plugins; the steps of a person follow, as she ordered them, and before
each of them Parvis looks again at what is to be repaired. A step that is off, or only suggested, is tried and undone, so
that what it would do can be shown.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import string
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from parvis.errors import ParvisError
from parvis.tables import parameters, repairs
from parvis.tables.draft import Draft, Reference, Trace
from parvis.tables.table import LINE, RawTable
from parvis.text import fold
from parvis.values import Finding, Place, Recipe, Severity, Step, from_json, msg, to_json

log = logging.getLogger("parvis.recipe")
_LARGEST = 1 << 22  # bytes of a file of recipes
_SHOWN = 4  # examples of a step
_CELLS = 8  # cells of a row shown as an example
_WIDE = 160  # characters of an example
_LOOK = 20_000  # rows of a big table among which examples are looked for
_ALIKE = 0.6  # share of headers in common from which a table is taken for that of last time


def run(
    raw: RawTable, recipe: Recipe | None, work: Path, references: Mapping[str, Reference] | None = None
) -> tuple[RawTable, tuple[Step, ...]]:
    """Return the repaired table, written under ``work`` when its cells changed, and its steps with what each one did.

    Its ``findings`` say what is damaged for good, and what the recipe does not find any more.
    """
    with Draft(raw, references) as draft:
        damaged = repairs.looked(draft)
        steps = _Kitchen(draft, recipe).cook()
        draft.findings = [*(f for f in damaged if not _mended(f, steps)), *draft.findings]
        return draft.written(repairs.free_path(work)), steps


def _mended(finding: Finding, steps: Sequence[Step]) -> bool:
    """True when a person accepted the repair that a remark proposed, and it was done."""
    fix = finding.fix
    done = [s for s in steps if s.found and not s.off and s.origin != "idea"]
    return fix is not None and any((s.repair, s.parameters) == (fix.repair, fix.parameters) for s in done)


def kept(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps as a source keeps them: no example, nothing of what came of them on one file."""
    return tuple(Step(s.repair, s.parameters, origin=s.origin, off=s.off) for s in steps if s.origin != "idea")


def discreet(step: Step, secret: Collection[str]) -> Step:
    """Return the step without what its examples show of some columns (labels)."""
    mine = {str(v) for v in parameters.columns_of(step.parameters, repairs.by_name().get(step.repair))}
    if mine & set(secret) and step.cells:
        return dataclasses.replace(step, before=(), after=())
    marks = [f"{label}{COLON}" for label in secret]

    def shown(text: str) -> str:
        return SIGN.join(p for p in text.split(SIGN) if not p.startswith(tuple(marks)))

    return dataclasses.replace(step, before=tuple(map(shown, step.before)), after=tuple(map(shown, step.after)))


def load(path: str | Path) -> tuple[Recipe, ...]:
    """Return the recipes of a JSON file that ``dump`` wrote. Raises: InputError when it holds none."""
    from parvis.errors import InputError

    file = Path(path)
    try:
        data = json.loads(file.read_text("utf-8")) if file.stat().st_size < _LARGEST else None
        told = tuple(from_json(Recipe, one) for one in data["recipes"]) if isinstance(data, dict) else ()
        good = all(isinstance(s, Step) and isinstance(s.parameters, Mapping) for r in told for s in r.steps)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        told, good = (), False
    if not told or not good:
        raise InputError(
            "« {name} » n'est pas une recette.",
            "Écrivez-en une avec « parvis inspect FICHIER --keep-recipe recette.json ».",
            name=file.name,
        )
    return tuple(dataclasses.replace(r, steps=tuple(_owned(s) for s in r.steps)) for r in told)


def dump(found: Sequence[Recipe]) -> str:
    """Return recipes as JSON text: for each one its table, its headers and its steps."""
    told = [
        {
            "table": r.table,
            "labels": list(r.labels),
            **({"schema": r.schema} if r.schema else {}),
            "steps": [
                {"repair": s.repair, "parameters": to_json(s.parameters), "origin": s.origin, "off": s.off}
                for s in kept(r.steps)
            ],
        }
        for r in found
    ]
    return json.dumps({"recipes": told}, ensure_ascii=False, indent=2) + "\n"


def _owned(step: Step) -> Step:
    """Return a step as a person's when Parvis never proposes it by itself."""
    plugin = repairs.by_name().get(step.repair)
    alone = plugin is not None and hasattr(plugin, "propose")
    return step if step.origin or alone else dataclasses.replace(step, origin="hand")


def added(name: str, posted: Mapping[str, Sequence[str]], labels: Sequence[str]) -> Step:
    """Return the step that a person adds with a form. Raises: InputError, naming the question; UnknownName."""
    from parvis.errors import UnknownName

    plugin = by_hand().get(name)
    if plugin is None:
        raise UnknownName("L'étape « {name} » n'existe pas.", name=name)
    read = parameters.read(plugin, posted, labels)
    if hasattr(plugin, "verify"):
        plugin.verify(read)
    return Step(name, read, message=plugin.SENTENCE, values=_values(plugin, read, {}), origin="hand")


def by_hand() -> dict[str, ModuleType]:
    """Return the repairs that a person may add, by name, in order."""
    return {_name(m): m for m in repairs.plugins() if getattr(m, "PARAMETERS", None)}


def choose(tables: Sequence[RawTable], recipes: Sequence[Recipe]) -> dict[str, Recipe]:
    """Return which recipe each table of a file replays: that of its name, else that whose headers are the nearest.

    A recipe of another file's source is only taken for the very same headers.
    """
    pairs = sorted(
        ((score, -n, table.name, recipe) for n, table in enumerate(tables) for recipe in recipes
         if (score := _likeness(table, recipe, len(tables))) > 0),
        key=lambda p: (p[0], p[1]), reverse=True,
    )  # fmt: skip
    out: dict[str, Recipe] = {}
    used: set[int] = set()
    for _, _, name, recipe in pairs:
        if name not in out and id(recipe) not in used:
            out[name] = recipe
            used.add(id(recipe))
    return out


def _likeness(table: RawTable, recipe: Recipe, tables: int) -> float:
    mine, theirs = _folded(table.labels), _folded(recipe.labels)
    if not theirs:
        return 1.0 if recipe.named and recipe.table in ("", table.name) else 0.0
    share = len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0
    if not recipe.named:
        return 0.9 if list(map(fold, table.labels)) == list(map(fold, recipe.labels)) and len(theirs) >= 3 else 0.0
    if share >= _ALIKE:
        return 1.0 + share + (1.0 if table.name == recipe.table else 0.0)
    same = table.name == recipe.table or tables == 1
    return share + 0.5 if same and share >= 0.3 else 0.0


def _folded(labels: Sequence[str]) -> set[str]:
    return {fold(x) for x in labels if x.strip()}


class _Kitchen:
    """One recipe at work on one draft."""

    def __init__(self, draft: Draft, recipe: Recipe | None) -> None:
        self.draft = draft
        self.wanted = tuple(s for s in recipe.steps if s.origin != "idea") if recipe else ()
        self.replaying = recipe is not None
        self.done: list[Step] = []

    def cook(self) -> tuple[Step, ...]:
        first = next((n for n, s in enumerate(self.wanted) if s.origin == "hand"), len(self.wanted))
        early, late = self.wanted[:first], self.wanted[first:]
        before = [s for s in late if _order(s) < 100 and s.origin == "hand"]  # a header line comes before all
        for step in before:
            self._do(step)
        self._look([*early])
        for step in late:
            if step in before:
                continue
            if step.origin == "hand" and self.done and self.done[-1].origin == "hand":
                self._look([])
            self._do(step)
        if late:
            self._look([])
        return (*self.done, *self._ideas())

    def _look(self, accepted: Sequence[Step]) -> None:
        """Replay accepted steps of Parvis and propose those that this table needs besides, in the plugins' order."""
        for plugin in repairs.plugins():
            name = _name(plugin)
            for step in accepted:
                if step.repair == name:
                    self._do(step)
            if hasattr(plugin, "propose"):
                for step in plugin.propose(self.draft):
                    new = self._not_known(step)
                    if new is not None:
                        self._do(dataclasses.replace(new, fresh=self.replaying))
        for step in accepted:
            if step.repair not in {_name(m) for m in repairs.plugins()}:
                self._do(step)

    def _not_known(self, step: Step) -> Step | None:
        """Return what of a proposed step no step of the recipe speaks of, None when they say it all."""
        alike = [s for s in (*self.wanted, *self.done) if s.repair == step.repair]
        column, columns = step.parameters.get("column"), step.parameters.get("columns")
        if column is not None:
            return None if any(s.parameters.get("column") == column for s in alike) else step
        if columns is not None:
            off = {c for s in alike if s.off for c in s.parameters.get("columns", ())}
            done = {c for s in self.done if s.repair == step.repair for c in s.parameters.get("columns", ())}
            left = [c for c in columns if c not in off | done]
            if not left:
                return None
            return dataclasses.replace(step, parameters={**step.parameters, "columns": left}) if off | done else step
        return None if any(s.off for s in alike) else step

    def _ideas(self) -> list[Step]:
        out = []
        for plugin in repairs.plugins():
            if not hasattr(plugin, "suggest"):
                continue
            for step in self._suggested(plugin):
                same = [s for s in self.done if s.repair == step.repair and not s.off]
                if any(dict(s.parameters) == dict(step.parameters) for s in same):
                    continue
                tried = self._tried(plugin, dataclasses.replace(step, origin="idea"))
                if tried.found:
                    out.append(tried)
        return out

    def _suggested(self, plugin: ModuleType) -> Sequence[Step]:
        """Return what a plugin suggests; an idea that fails is no reason to refuse a file."""
        try:
            return tuple(plugin.suggest(self.draft))
        except Exception:
            log.exception("suggest %s", plugin.__name__)
            return ()

    def _do(self, step: Step) -> None:
        plugin = repairs.by_name().get(step.repair)
        if plugin is None:
            self.draft.findings.append(repairs.useless(self.draft.raw, step, None))
            self.done.append(dataclasses.replace(step, found=False))
            return
        if step.off:
            big = self.draft.big or not step.repair
            self.done.append(step if big and step.message else self._tried(plugin, step))
            return
        told = self._apply(plugin, step)
        self.done.append(told)
        if not told.found or told.lost:
            self.draft.findings.append(_not_found(self.draft.raw, told, plugin))

    def _tried(self, plugin: ModuleType, step: Step) -> Step:
        mark, said = self.draft.mark(), len(self.draft.findings)
        try:
            return self._apply(plugin, step)
        finally:
            self.draft.back(mark)
            del self.draft.findings[said:]  # a step that is not done remarks nothing

    def _apply(self, plugin: ModuleType, step: Step) -> Step:
        """Return a step with what it did; what it cannot do is said, never raised."""
        draft = self.draft
        step = _said_again(draft, step, plugin)
        lost = _lost(draft, step, plugin)
        view, labels = draft.view, list(draft.labels)
        draft.told, draft.traces, draft.shown = {}, [], []
        mark = draft.mark()
        try:
            found = bool(plugin.apply(draft, step.parameters))
        except Exception as error:  # what a person typed, on a table that nobody foresaw
            if not isinstance(error, ParvisError):
                log.warning("step %s", step.repair, exc_info=True)
            draft.back(mark)
            if step.origin != "idea":
                draft.findings.append(_failed(draft.raw, plugin, error))
            found = False
        sentence, values = step.message, dict(step.values)
        if getattr(plugin, "SENTENCE", ""):
            sentence, values = plugin.SENTENCE, _values(plugin, step.parameters, {**values, **draft.told})
        told = dataclasses.replace(step, message=sentence, values=values, found=found, lost=lost)
        return self._measured(told, view, labels) if found else dataclasses.replace(told, before=(), after=())

    def _measured(self, step: Step, view: str, labels: Sequence[str]) -> Step:
        """Return the step with its rows, columns, cells and examples; of a big table only what a person's step does."""
        draft = self.draft
        columns = (len(labels), len(draft.labels)) if len(labels) != len(draft.labels) else ()
        resized = any(t.kept or not t.cells for t in draft.traces)
        counted = not draft.big or step.origin == "hand"
        rows: tuple[int, ...] = ()
        if resized and counted:
            rows = (int(draft.query(f"SELECT count(*) FROM {view}")[0][0]), draft.rows())
            rows = rows if rows[0] != rows[1] else ()
        cells = sum(_changed(draft, t) for t in draft.traces if t.cells) if counted else 0
        told = dataclasses.replace(step, rows=rows, columns=columns, cells=cells)
        if draft.shown:
            return dataclasses.replace(told, before=[a for a, _ in draft.shown], after=[b for _, b in draft.shown])
        if not counted or (step.before and not getattr(repairs.by_name()[step.repair], "SENTENCE", "")):
            return told
        before, after = _examples(draft, view, labels)
        return dataclasses.replace(told, before=before, after=after)


def _name(plugin: ModuleType) -> str:
    return plugin.__name__.rpartition(".")[2]


def _order(step: Step) -> int:
    plugin = repairs.by_name().get(step.repair)
    return plugin.ORDER if plugin is not None else 0


def _said_again(draft: Draft, step: Step, plugin: ModuleType) -> Step:
    """Return a replayed step of Parvis with the sentence and the examples of this file."""
    if step.message or getattr(plugin, "SENTENCE", ""):
        return step
    asked = parameters.columns_of(step.parameters, plugin)
    for new in plugin.propose(draft) if hasattr(plugin, "propose") else ():
        if not asked or set(parameters.columns_of(new.parameters, plugin)) & set(asked):
            return dataclasses.replace(step, message=new.message, values=new.values, before=new.before, after=new.after)
    shown = f" : {_shown(None, asked)}" if asked else ""
    return dataclasses.replace(step, message="{title}{columns}.", values={"title": plugin.TITLE, "columns": shown})


# --- Sentences ------------------------------------------------------------------------------------


def _values(plugin: ModuleType, read: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what fills the places of a step's sentence: its parameters as a person reads them, and what it told."""
    out = {name: _shown(plugin.PARAMETERS.get(name), value) for name, value in read.items()} | dict(told)
    places = {name for _, name, _, _ in string.Formatter().parse(plugin.SENTENCE) if name}
    return {**dict.fromkeys(places, "…"), **out}


def _shown(asked: parameters.Parameter | None, value: Any) -> Any:
    if asked is not None and asked.kind == "table":
        return str(value).count("\n")  # rows: the whole of it stands in the parameters alone
    if asked is not None and asked.choices:
        return asked.choices.get(str(value), str(value))
    if isinstance(value, list | tuple):
        some = [f"« {v} »" for v in value[:8]]
        return ", ".join(some) + (" …" if len(value) > 8 else "")
    if isinstance(value, Mapping):
        some = [f"« {a} » devient « {b} »" if b else f"« {a} » est vidé" for a, b in list(value.items())[:4]]
        return ", ".join(some) + (" …" if len(value) > 4 else "")
    return value


def _not_found(raw: RawTable, step: Step, plugin: ModuleType) -> Finding:
    """Return the remark on a step that does not find its columns, or that has nothing to do."""
    if not step.lost:
        return repairs.useless(raw, step, plugin)
    column, near = next(iter(step.lost.items()))
    hint = msg("La colonne a peut-être changé de nom : choisissez-la dans l'étape, ou retirez l'étape.")
    if near:
        hint = msg("La colonne la plus proche est « {near} » : reprenez l'étape avec elle si c'est bien la même.")
    return Finding(
        "repairs.column_missing",
        Severity.BLOCK if step.origin == "hand" else Severity.INFO,
        msg("L'étape « {title} » cherche la colonne « {column} », que ce fichier n'a plus."),
        Place(sheet=raw.name if raw.sheet else ""),
        {"title": plugin.TITLE, "column": column, "near": near},
        hint=hint,
        why=msg("Sans elle, le tableau n'aurait pas la même forme que la dernière fois."),
        count=len(step.lost),
        fix=replaced(step, column, near) if near else None,
    )


def replaced(step: Step, column: str, by: str) -> Step:
    """Return the step with a column's label replaced by another."""

    def change(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [by if v == column else v for v in value]
        return by if value == column else value

    return dataclasses.replace(step, parameters={k: change(v) for k, v in step.parameters.items()}, lost={})


def _failed(raw: RawTable, plugin: ModuleType, error: Exception) -> Finding:
    said = error.text if isinstance(error, ParvisError) else ""
    return Finding(
        "repairs.failed",
        Severity.WARN,
        msg("L'étape « {title} » n'a pas pu être faite sur ce tableau. {said}"),
        Place(sheet=raw.name if raw.sheet else ""),
        {"title": plugin.TITLE, "said": said},
        hint=msg("Revoyez ses réglages, ou retirez-la."),
    )


def _lost(draft: Draft, step: Step, plugin: ModuleType) -> dict[str, str]:
    """Return the columns that a step speaks of and that are not there, each with the nearest header ("" when none)."""
    out = {}
    for label in parameters.columns_of(step.parameters, plugin):
        if draft.find(label) is None:
            known = {fold(x): x for x in draft.labels if x.strip()}
            near = get_close_matches(fold(label), list(known), 1, 0.6) or [
                k for k in known if len(k) > 3 and (k in fold(label) or fold(label) in k)
            ]
            out[label] = known[near[0]] if near else ""
    return out


# --- Before and after -----------------------------------------------------------------------------


def _changed(draft: Draft, trace: Trace) -> int:
    differs = " + ".join(f"(c{i} IS DISTINCT FROM ({sql}))::INT" for i, sql in trace.cells.items())
    if any(" OVER " in sql for sql in trace.cells.values()):
        named = ", ".join(f"({sql}) AS n{i}" for i, sql in trace.cells.items())
        differs = " + ".join(f"(c{i} IS DISTINCT FROM n{i})::INT" for i in trace.cells)
        return int(draft.query(f"SELECT coalesce(sum({differs}), 0) FROM (SELECT *, {named} FROM {trace.view})")[0][0])
    return int(draft.query(f"SELECT coalesce(sum({differs}), 0) FROM {trace.view}")[0][0])


def _examples(draft: Draft, view: str, labels: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a few cells before and after what a step did: cells rewritten, rows taken out, or whole rows."""
    if not draft.traces:
        changed = [(a, b) for a, b in zip(labels, draft.labels, strict=False) if a != b][:_SHOWN]
        return tuple(a for a, _ in changed), tuple(b for _, b in changed)
    last = draft.traces[-1]
    if last.cells:
        return _rewritten(draft, last)
    if last.kept:
        rows = _rows(draft, last.view, last.labels, f"NOT coalesce(({last.kept}), false)", _SHOWN)
        return rows, tuple("(retirée)" for _ in rows)
    before = _rows(draft, view, labels, "true", 2)
    after = _rows(draft, draft.view, draft.labels, "true", 2)
    wide = min(len(before), len(after))
    return before[:wide], after[:wide]


def _rewritten(draft: Draft, trace: Trace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    named = ", ".join(f"({sql}) AS n{i}" for i, sql in trace.cells.items())
    pairs: dict[tuple[str, str], None] = {}
    for i in trace.cells:
        rows = draft.query(
            f"SELECT c{i}, n{i} FROM (SELECT *, {named} FROM (SELECT * FROM {trace.view} LIMIT {_LOOK})) "
            f"WHERE c{i} IS DISTINCT FROM n{i} LIMIT {_SHOWN}"
        )
        pairs |= {(_cut(a), _cut(b)): None for a, b in rows}
    chosen = list(pairs)[:_SHOWN]
    return tuple(a for a, _ in chosen), tuple(b for _, b in chosen)


def _rows(draft: Draft, view: str, labels: Sequence[str], where: str, count: int) -> tuple[str, ...]:
    """Return rows as people read them: « nom : Lac · places : 12 »."""
    cells = ", ".join(f"c{i}" for i in range(len(labels))) or "NULL"
    rows = draft.query(f"SELECT {cells} FROM {view} WHERE {where} ORDER BY {LINE} LIMIT {count}")
    return tuple(
        SIGN.join([f"{x or '?'}{COLON}{_cut(c, 60)}" for x, c in zip(labels, r, strict=True) if c is not None][:_CELLS])
        for r in rows
    )


SIGN, COLON = " · ", " : "  # between the cells of a row shown as an example


def _cut(text: str | None, wide: int = _WIDE) -> str:
    if text is None:
        return "(vide)"
    return text if len(text) <= wide else f"{text[: wide - 1]}…"
