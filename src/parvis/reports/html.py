"""A report as one web page that needs nothing else: read on a screen, by voice, or printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape

from parvis.reports.report import Group, Part, Remark, Report, Say
from parvis.text import day as in_words
from parvis.values import msg

_STYLE = """
:root{color-scheme:light;--ink:#1b1b2f;--soft:#55556b;--line:#d8d8e4;--paper:#fff;--wash:#f5f6fb;--blue:#1d3fb8;
--red:#b3152a;--orange:#8f4700;--green:#17683a}
*{box-sizing:border-box}body{margin:0;background:var(--wash);color:var(--ink);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:52rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.2em 0;overflow-wrap:anywhere}h2{font-size:1.3rem;margin:2rem 0 .5rem}
h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
.soft{color:var(--soft)}
.card{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:.75rem 0}
.steps{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0;margin:.5rem 0}
.steps li{border:1px solid var(--line);border-radius:2rem;padding:.2rem .9rem;background:var(--paper);color:var(--soft)}
.steps li.reached{border-color:var(--green);color:var(--green);font-weight:600}
.steps li.reached::before{content:"✓ "}
.remark{border-left:.3rem solid var(--line)}.remark.refuse,.remark.block{border-left-color:var(--red)}
.remark.warn{border-left-color:#c46a00}.remark.info{border-left-color:var(--blue)}
.remark p{margin:.3rem 0}.count{font-weight:600}
table{border-collapse:collapse;width:100%;background:var(--paper)}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.number{text-align:right;white-space:nowrap}
.bar{display:block;height:.5rem;background:#e4e6f2;border-radius:.25rem;min-width:6rem}
.bar span{display:block;height:100%;background:var(--blue);border-radius:.25rem}
code{font-family:ui-monospace,monospace;background:#eef0f8;padding:0 .25em;border-radius:.2em;overflow-wrap:anywhere}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem}
.scroll{overflow-x:auto}
a{color:var(--blue)}:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
@media print{body{background:#fff}.card{break-inside:avoid}.skip{display:none}}
"""
_LEVELS = ("publishable", "conforming", "exemplary")


def page(report: Report, *, say: Say = str, language: str = "fr") -> str:
    """Return the HTML of a report."""
    title = say(msg("Rapport sur « {name} »")).format(name=report.name)
    body = "\n".join(_body(report, title, say))
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#contenu">{escape(say(msg("Aller au contenu")))}</a>\n'
        f'<main id="contenu">\n{body}\n</main>\n</body>\n</html>\n'
    )


def _body(report: Report, title: str, say: Say) -> Iterator[str]:
    made = say(msg("Vérifié par Parvis le {day}.")).format(day=in_words(date.fromisoformat(report.day)))
    yield f'<header><h1>{escape(title)}</h1><p class="soft">{escape(made)}</p></header>'
    yield from _groups(report.groups, "file", 2)
    for number, part in enumerate(report.parts, 1):
        yield f'<section aria-labelledby="t{number}">'
        yield f'<h2 id="t{number}">{escape(part.title)}</h2><p class="soft">{escape(part.facts)}</p>'
        if part.schema:
            yield f"<p>{escape(say(msg('Comparé au schéma {schema}.')).format(schema=part.schema))}</p>"
        yield from _standing(part, say)
        yield from _score(part, number, say)
        yield from _groups(part.groups, f"t{number}", 3)
        yield "</section>"


def _standing(part: Part, say: Say) -> Iterator[str]:
    titles = (msg("Publiable"), msg("Conforme"), msg("Exemplaire"))
    reached = _LEVELS.index(part.level) if part.level in _LEVELS else -1
    yield '<div class="card">'
    yield f"<p><strong>{escape(part.level_title)}.</strong> {escape(part.level_meaning)}</p>"
    yield f'<ol class="steps" aria-label="{escape(say(msg("Niveaux")))}">'
    for number, title in enumerate(titles):
        done = number <= reached
        said = say(msg("atteint")) if done else say(msg("pas encore"))
        yield f'<li{" class=reached" if done else ""}>{escape(say(title))}<span class="skip"> : {escape(said)}</span></li>'
    yield "</ol>"
    if part.following and part.missing:
        yield f"<p>{escape(say(msg('Pour être « {level} » :')).format(level=part.following))}</p><ul>"
        yield from (f"<li>{escape(m)}</li>" for m in part.missing)
        yield "</ul>"
    yield "</div>"


def _score(part: Part, number: int, say: Say) -> Iterator[str]:
    if not part.measures:
        return
    yield f"<h3>{escape(say(msg('Qualité : {total} sur 100')).format(total=part.total))}</h3>"
    if part.action:
        gain = say(msg("(+ {gain} points)")).format(gain=part.gain) if part.gain else ""
        yield f"<p><strong>{escape(say(msg('À faire en premier :')))}</strong> {escape(part.action)} {escape(gain)}</p>"
    heads = (msg("Dimension"), msg("Part"), msg("Pourquoi"))
    label = escape(f"{say(msg('Qualité par dimension'))} {number}")
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>'
    yield "<thead><tr>" + "".join(f'<th scope="col">{escape(say(h))}</th>' for h in heads) + "</tr></thead><tbody>"
    for measure in part.measures:
        bar = f'<span class="bar" aria-hidden="true"><span style="width:{measure.share}%"></span></span>'
        yield (f'<tr><th scope="row">{escape(measure.title)}</th><td class="number">{measure.share}\u00a0% {bar}</td>'
               f"<td>{escape(measure.reason)}</td></tr>")  # fmt: skip
    yield "</tbody></table></div>"


def _groups(groups: Sequence[Group], key: str, level: int) -> Iterator[str]:
    for group in groups:
        yield f'<h{level} id="{key}-{group.severity}">{escape(group.title)} ({len(group.remarks)})</h{level}>'
        for remark in group.remarks:
            yield from _remark(remark)


def _remark(remark: Remark) -> Iterator[str]:
    yield f'<div class="card remark {escape(remark.severity)}">'
    yield f'<p class="count">{escape(remark.text)}</p>'
    place = " ; ".join(p for p in (remark.where, remark.lines) if p)
    if place:
        yield f'<p class="soft">{escape(place)}</p>'
    if remark.examples:
        yield "<p>" + ", ".join(f"<code>{escape(e)}</code>" for e in remark.examples) + "</p>"
    if remark.hint:
        yield f"<p>{escape(remark.hint)}</p>"
    if remark.repair:
        yield f"<p><strong>{escape(remark.repair)}</strong></p>"
    if remark.why:
        yield f'<p class="soft">{escape(remark.why)}</p>'
    yield f'<p class="soft"><code>{escape(remark.code)}</code></p></div>'
