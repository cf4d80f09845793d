"""The page of a report: its text and structure as a Jinja template, with values to be filled in.

Nothing in it asks the network for anything, and its policy forbids that to the browser.
"""

from __future__ import annotations

__all__ = ["PAGE"]

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
 style-src 'unsafe-inline'; script-src '{{ script_digest }}'; img-src data:;
 base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="mbl-study {{ version }}">
<title>Study {{ study.name }}</title>
<link rel="icon" href="data:,">
<style>
{{ style }}
</style>
</head>
"""

_MACROS = """\
{% macro table(caption, headings, rows, kind, of="") %}
<div class="scroll" role="group" aria-label="{{ of }}{{ caption }}" tabindex="0">
<table class="{{ kind }}">
<caption>{{ caption }}</caption>
<thead><tr>
{%- for heading in headings %}<th scope="col">{{ heading }}</th>{% endfor -%}
</tr></thead>
<tbody>
{% for row in rows %}
<tr><th scope="row">{{ row[0] }}</th>
{%- for cell in row[1:] %}<td>{{ cell }}</td>{% endfor -%}
</tr>
{% endfor %}
</tbody>
</table>
</div>
{% endmacro %}
{% macro verdict(fine, good, bad) %}
<p class="verdict {{ 'fine' if fine else 'odd' }}">
<span aria-hidden="true">{{ "✓" if fine else "!" }}</span> {{ good if fine else bad }}</p>
{% endmacro %}
{% macro panel(one) %}
<figure id="{{ one.name }}">
<h4>{{ one.title }}</h4>
<div class="plot">{{ one.svg }}<div class="tip" aria-hidden="true" hidden></div></div>
<figcaption>{{ one.caption }}</figcaption>
{% if one.series %}
<details>
<summary>Lines and numbers<span class="unseen"> of: {{ one.title }}</span></summary>
<fieldset class="choices" hidden>
<legend>Lines to show</legend>
{% for number, label, colour in one.choices %}
<label><input type="checkbox" checked value="{{ number }}">
<span class="swatch" style="background: {{ colour }}"></span>{{ label }}</label>
{% endfor %}
</fieldset>
{{ table("Values" ~ (" in " ~ one.unit if one.unit else ""),
  [one.axis] + one.series | map(attribute="label") | list, one.rows, "numbers", one.title ~ ": ") }}
</details>
{% endif %}
</figure>
{% endmacro %}
"""

_TOP = """\
<body>
<a class="unseen" href="#main">To the content</a>
<header>
<p class="kicker">mbl-study report</p>
<h1>Study {{ study.name }}</h1>
<p class="lead">{{ done }} of {{ planned }} tasks done
{%- if done < planned %}; the numbers below are those of what is done{% endif %}.</p>
<nav aria-label="Sections"><ul>
{% for anchor, heading in sections %}
<li><a href="#{{ anchor }}">{{ heading }}</a></li>
{% endfor %}
</ul></nav>
</header>
<main id="main">
<section id="question" aria-labelledby="question-heading">
<h2 id="question-heading">The question</h2>
<div class="split">
<div>
<p>How large a heat bath does it take to thermalize a part of a disordered spin chain, and how does
that change where the chain becomes localized? The chain is</p>
<p class="formula"><i>H</i> = Σ<sub>i</sub> (&sigma;<sup>x</sup>&sigma;<sup>x</sup> +
&sigma;<sup>y</sup>&sigma;<sup>y</sup> + &sigma;<sup>z</sup>&sigma;<sup>z</sup>)<sub>i,i+1</sub> +
Δ Σ<sub>i</sub> h<sub>i</sub> &sigma;<sup>z</sup><sub>i</sub>,
h<sub>i</sub> uniform in [&minus;1, 1], periodic.</p>
<p>Left alone, it equilibrates to ω. A region R of |R| sites then has the state ω<sub>R</sub>, and
is thermal if that is τ<sub>β</sub>(H<sub>R</sub>), with the β that belongs to the energy of the
chain. The max-relative entropy D<sub>max</sub>(ω<sub>R</sub> ‖ τ<sub>β</sub>(H<sub>R</sub>)) bounds
the number of copies of the region that a bath needs, which is exponential in it. Where the chain
thermalizes itself the entropy is small; in a localized chain it grows with every site. So its slope
in |R| tells the two apart. The disorder strength Δ is in Pauli units; the W of the spin-1/2
literature is Δ/2.</p>
</div>
<dl class="cards">
{% for name, value, remark in cards %}
<div><dt>{{ name }}</dt><dd>{{ value }}<small>{{ remark }}</small></dd></div>
{% endfor %}
</dl>
</div>
</section>
<section id="parameters" aria-labelledby="parameters-heading">
<h2 id="parameters-heading">Parameters</h2>
{{ table("What was run", ["parameter", "value"], parameters, "words") }}
<details><summary>The study file, to run it again</summary>
<pre><code>{{ study_file }}</code></pre>
<p>Saved as <code>study.toml</code>, <code>mbl-study run study.toml</code> computes the same
numbers.</p>
</details>
</section>
"""

_FIGURES = """\
<section id="figures" aria-labelledby="figures-heading">
<h2 id="figures-heading">Figures</h2>
<p class="hint" hidden>Point at a line to read its values; under each figure its lines can be shown
or left out.</p>
<h3>Against the thermal state of the region</h3>
<div class="panels">
{% for one in panels if not one.kind.endswith("_lattice") %}{{ panel(one) }}{% endfor %}
</div>
{% for one in panels if one.kind.endswith("_lattice") %}
{% if loop.first %}
<h3>Against the reduced Gibbs state of the whole chain</h3>
<div class="panels">
{% endif %}
{{ panel(one) }}
{% if loop.last %}</div>{% endif %}
{% endfor %}
</section>
<section id="slopes" aria-labelledby="slopes-heading">
<h2 id="slopes-heading">Slopes</h2>
<div class="tables">
{{ table("Slope in bits per site, with bootstrap errors", ["Δ"] + slope_headings, slope_rows,
  "numbers") }}
{{ table("Where the slope rises fastest, with bootstrap errors",
  ["length", "critical Δ", "critical W", "located", "residual"], critical_rows, "numbers") }}
</div>
<p>The slope is that of the mean max-relative entropy in |R|, against the thermal state of the
region. The errors say how much other fields would change the result, for this length. They do not
say how a longer chain would differ. <i>Located</i> is the share of resampled studies whose steepest
point lies inside their disorder strengths: well below 100&nbsp;%, these do not bracket the
transition, or the realizations are too few. <i>Residual</i> is the root mean square distance of the
slopes from the fitted curve, in bits per site.</p>
</section>
"""

_CHECKS = """\
<section id="checks" aria-labelledby="checks-heading">
<h2 id="checks-heading">Checks</h2>
{{ table("Tasks by state", ["length"] + states, task_rows, "numbers") }}
{{ verdict(not failures, "No task failed.", "Failed or set aside: " ~ failure_count ~ " of "
  ~ planned ~ " tasks. mbl-study run --retry tries them again.") }}
{% if failures %}
{{ table("Failed tasks", ["task", "state", "reason"], failures, "words") }}
{{ more(failure_count - failures | length) }}
{% endif %}
{{ verdict(not conflicts, "No task gave different numbers when it ran again.",
  "Some tasks ran twice and gave different numbers; the first count.") }}
{% if conflicts %}
<ul>{% for task in conflicts %}<li>{{ task }}</li>{% endfor %}</ul>
{% endif %}
{{ table("Spectra: largest relative residual over sectors and realizations",
  ["length", "trace", "Frobenius norm"], residuals, "numbers") }}
<p>The sums of the levels and of their squares must be the trace and the squared norm of the
Hamiltonian. Rounding leaves about 10<sup>&minus;15</sup>, and a spectrum that fails is never
recorded.</p>
{{ verdict(not anomalies, "No record has an anomaly.",
  "Records with an anomaly: " ~ anomaly_count ~ " of " ~ done ~ ".") }}
{% if anomalies %}
{{ table("Anomalies", ["task", "what is odd"], anomalies, "words") }}
{{ more(anomaly_count - anomalies | length) }}
{% endif %}
</section>
"""

_END = """\
<section id="footprint" aria-labelledby="footprint-heading">
<h2 id="footprint-heading">Footprint</h2>
{{ table("Climate footprint of the simulations", ["quantity", "this study", "paper, FIG. 3",
  "paper, recomputed"], footprint_rows, "numbers") }}
{% for note in footprint_notes %}<p>{{ note }}</p>{% endfor %}
</section>
<section id="versions" aria-labelledby="versions-heading">
<h2 id="versions-heading">Versions</h2>
{{ table("What the records were computed with", ["records"] + version_names, version_rows,
  "words") }}
<p>This page was made with {{ made_with }}.</p>
</section>
<section id="cite" aria-labelledby="cite-heading">
<h2 id="cite-heading">How to cite</h2>
<p>C. Sparaciari, M. Goihl, P. Boes, J. Eisert and N. H. Y. Ng, <cite>Bounding the resources for
thermalizing many-body localized systems</cite>, Communications Physics <b>4</b>, 3 (2021),
<a href="https://doi.org/{{ doi }}" rel="noreferrer">doi:{{ doi }}</a>,
and the software that made this study, qentropy {{ version }}.</p>
<pre><code>{{ bibtex }}</code></pre>
</section>
</main>
<script>{{ script }}</script>
</body>
</html>
"""

_MORE = """\
{% macro more(count) %}
{% if count > 0 %}
<p>And {{ count }} more; <code>mbl-study status --json</code> and
<code>mbl-study export</code> have them all.</p>
{% endif %}
{% endmacro %}
"""

PAGE: str = _HEAD + _MACROS + _MORE + _TOP + _FIGURES + _CHECKS + _END
"""Jinja template of the page; `page` fills it in."""
