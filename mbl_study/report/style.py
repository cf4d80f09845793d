"""How a report looks and moves: its style sheet and its script.

Both stand inside the page. Without the script the page loses nothing but the pointing and the
choice of lines.
"""

from __future__ import annotations

__all__ = ["SCRIPT", "STYLE_SHEET"]

_COLOURS = """\
:root {
  color-scheme: light dark;
  --ink: #000000; --text: #1b1b1b; --soft: #595959; --rule: #d6d6d6;
  --ground: #f6f6f4; --surface: #ffffff; --link: #0b57a4; --fine: #1d6b3a; --odd: #9a3412;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #f2f2f2; --text: #e6e6e6; --soft: #a8a8a8; --rule: #3a3a3a;
    --ground: #111111; --surface: #191919; --link: #8ab8f0; --fine: #7fd19b; --odd: #f2a27a;
  }
}
"""

_LAYOUT = """\
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 82rem; padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
p, pre, ul { max-width: 46rem; }
a { color: var(--link); overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1 { font-size: clamp(1.7rem, 5vw, 2.4rem); line-height: 1.15; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.4rem; margin: 3rem 0 .6rem; padding-top: .8rem;
  border-top: 1px solid var(--rule); }
h3 { font-size: 1.1rem; margin: 1.8rem 0 .8rem; }
h4 { font-size: .95rem; margin: 0 0 .5rem; line-height: 1.3; }
.kicker { margin: 0 0 .2rem; color: var(--soft); }
.lead { margin: .4rem 0 1rem; font-size: 1.1rem; }
.hint { color: var(--soft); }
.formula { font: 1.1rem/1.8 "STIX Two Text", "Times New Roman", "Liberation Serif", serif; }
sub, sup { font-size: .72em; line-height: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 0; padding: 0;
  list-style: none; }
.unseen:not(:focus) {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
.split { display: grid; gap: 1.5rem 3rem; align-items: start; }
@media (min-width: 68rem) { .split { grid-template-columns: minmax(0, 46rem) minmax(0, 1fr); } }
.cards { display: grid; gap: .8rem; margin: 1rem 0 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); }
.cards div, figure { background: var(--surface); border: 1px solid var(--rule);
  border-radius: .4rem; }
.cards div { padding: .8rem 1rem; }
.cards dt { color: var(--soft); font-size: .9rem; }
.cards dd { margin: .1rem 0 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.cards small { display: block; color: var(--soft); font-size: .85rem; }
pre { overflow-x: auto; padding: .8rem 1rem; background: var(--surface);
  border: 1px solid var(--rule); border-radius: .4rem; font-size: .85rem; line-height: 1.45; }
.verdict { font-weight: 600; }
.verdict.fine { color: var(--fine); }
.verdict.odd { color: var(--odd); }
summary { cursor: pointer; color: var(--link); }
"""

_TABLES = """\
/* A shadow at an edge says that the table goes on there. */
.scroll { overflow-x: auto; margin: 1rem 0; width: fit-content; max-width: 100%;
  background:
    linear-gradient(to right, var(--ground) 30%, transparent) left / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--ground) 30%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to right, var(--rule), transparent) left / .7rem 100% no-repeat scroll,
    linear-gradient(to left, var(--rule), transparent) right / .7rem 100% no-repeat scroll; }
figure .scroll { --ground: var(--surface); }
.tables { display: flex; flex-wrap: wrap; align-items: start; gap: 0 4rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums;
  min-width: min(100%, 20rem); }
caption { text-align: left; color: var(--soft); font-size: .9rem; padding-bottom: .4rem; }
th, td { padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--rule);
  vertical-align: top; }
thead th { border-bottom: 1px solid var(--soft); vertical-align: bottom; }
th { text-align: left; font-weight: 600; }
tbody th { font-weight: 400; white-space: nowrap; }
.numbers td, .numbers th:not(:first-child) { text-align: right; }
.numbers td { white-space: nowrap; }
.numbers th:last-child, .numbers td:last-child { padding-right: .3rem; }
.words td { min-width: 5rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  table { font-size: .84rem; }
  th, td { padding-right: .45rem; }
  tbody th { white-space: normal; }
}
"""

_FIGURES = """\
.panels { display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
figure { margin: 0; padding: 1rem; min-width: 0; }
figcaption { margin-top: .6rem; color: var(--soft); font-size: .9rem; line-height: 1.45; }
figure details { margin-top: .6rem; font-size: .85rem; }
.plot { position: relative; }
.plot svg { display: block; width: 100%; height: auto; fill: var(--ink); touch-action: pan-y; }
.plot svg * { stroke-linejoin: round; stroke-linecap: butt; }
.plot [data-series] { transition: opacity .12s; }
.plot .faint { opacity: .15; }
.plot .gone { display: none; }
.tip { position: absolute; z-index: 1; width: max-content; max-width: min(15rem, 100%);
  padding: .25rem .5rem; pointer-events: none; font-size: .8rem; border-radius: .25rem;
  background: var(--text); color: var(--surface); }
.choices { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin: .6rem 0; padding: .4rem .7rem;
  border: 1px solid var(--rule); border-radius: .3rem; min-width: 0; }
.choices[hidden] { display: none; }
.choices label { display: inline-flex; align-items: center; gap: .3rem; min-height: 1.6rem;
  cursor: pointer; }
.swatch { width: .9rem; height: .9rem; border-radius: .15rem; }
@media (prefers-reduced-motion: reduce) { .plot [data-series] { transition: none; } }
@media print {
  :root { color-scheme: light; --ground: #ffffff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .hint, .choices, figure > details { display: none; }
  .panels { grid-template-columns: 1fr 1fr; }
  figure, tr, .cards div { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  .scroll { overflow: visible; background: none; }
  pre { white-space: pre-wrap; }
}
"""

STYLE_SHEET: str = _COLOURS + _LAYOUT + _TABLES + _FIGURES
"""CSS of the page; the colours of the figures come from `svg.colour_rules`."""

SCRIPT: str = """
"use strict";
const reach = 28;
document.querySelectorAll(".hint, .choices").forEach(part => { part.hidden = false; });
for (const figure of document.querySelectorAll("figure")) {
  const svg = figure.querySelector("svg"), tip = figure.querySelector(".tip");
  const parts = [...svg.querySelectorAll("[data-series]")], gone = new Set(), points = [];
  for (const line of svg.querySelectorAll("[data-points]")) {
    const texts = JSON.parse(line.dataset.points), marks = line.querySelectorAll("use");
    if (texts.length === marks.length) texts.forEach((text, place) => {
      points.push({mark: marks[place], text, series: line.dataset.series});
    });
  }
  const stress = series => parts.forEach(part => {
    part.classList.toggle("faint", series !== null && part.dataset.series !== series);
  });
  const nearest = event => {
    let best = null, least = reach;
    for (const point of points) {
      if (gone.has(point.series)) continue;
      const box = point.mark.getBoundingClientRect();
      const x = box.x + box.width / 2, y = box.y + box.height / 2;
      const distance = Math.hypot(x - event.clientX, y - event.clientY);
      if (distance < least) { least = distance; best = {point, x, y}; }
    }
    return best;
  };
  const show = event => {
    const found = nearest(event);
    tip.hidden = found === null;
    stress(found && found.point.series);
    if (found === null) return;
    tip.textContent = found.point.text;
    const frame = svg.getBoundingClientRect(), right = frame.width - tip.offsetWidth;
    const above = found.y - frame.y - tip.offsetHeight - 12;
    tip.style.left = Math.max(0, Math.min(right, found.x - frame.x + 10)) + "px";
    tip.style.top = (above < 0 ? found.y - frame.y + 12 : above) + "px";
  };
  const leave = () => { tip.hidden = true; stress(null); };
  svg.addEventListener("pointermove", show);
  svg.addEventListener("pointerdown", show);
  svg.addEventListener("pointerleave", leave);
  for (const box of figure.querySelectorAll("input")) {
    box.addEventListener("change", () => {
      if (box.checked) gone.delete(box.value); else gone.add(box.value);
      parts.forEach(part => part.classList.toggle("gone", gone.has(part.dataset.series)));
      leave();
    });
    const label = box.closest("label");
    const enter = () => { if (box.checked) stress(box.value); };
    for (const kind of ["pointerenter", "focusin"]) label.addEventListener(kind, enter);
    for (const kind of ["pointerleave", "focusout"]) label.addEventListener(kind, leave);
  }
}
"""
"""JavaScript of the page: what a pointer is at, and which lines are shown."""
