"""How the HTML report looks: one palette and one style sheet, calm enough for a hospital letter."""

from __future__ import annotations

__all__ = ["PALETTE", "STYLE"]

# Every colour there is. Text stands on its ground at 4.5 to 1 or better and a picture at 3 to 1 (WCAG 2.2 AA).
PALETTE = {
    "ink": "#16212c",
    "muted": "#4c5a68",
    "paper": "#ffffff",
    "desk": "#eef1f4",
    "line": "#d5dce3",
    "track": "#e7ecf0",
    "share": "#1d6a78",
    "none": "#66737f",
    "against": "#9a4f16",
    "alarm": "#8e1b1b",
    "alarm-deep": "#6d1212",
    "amber": "#fcefdc",
    "amber-edge": "#9c5108",
    "blue": "#e9f0f7",
    "blue-edge": "#2a5c8c",
    "green": "#eaf3ec",
    "green-edge": "#33694a",
}

_SHEET = """
.bp, .bp * { box-sizing: border-box; }
.bp {
  background: var(--paper); color: var(--ink); color-scheme: light;
  font: 400 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans",
    Arial, sans-serif;
  font-variant-numeric: tabular-nums lining-nums;
  max-width: 58rem; margin: 0 auto; overflow-wrap: anywhere; text-align: left;
}
.bp h1, .bp h2, .bp p, .bp ul, .bp ol, .bp li, .bp table, .bp th, .bp td { margin: 0; padding: 0; color: inherit; }
.bp p, .bp li, .bp h1, .bp h2, .bp th, .bp td { unicode-bidi: isolate; }
.bp svg { display: block; }

.bp .banner .override {
  background: var(--alarm); color: var(--paper); font-size: 1.375rem; font-weight: 700; line-height: 1.3;
  padding: 1rem 2rem;
}
.bp .level { display: grid; grid-template-columns: 2.75rem 1fr; column-gap: 1rem; padding: 1.5rem 2rem; }
.bp .level h1 { font-size: 1.75rem; font-weight: 700; line-height: 1.2; letter-spacing: -.01em; }
.bp .level .action { margin-top: .5rem; font-size: 1.0625rem; max-width: 44rem; }
.bp .level .step { display: flex; align-items: center; gap: .75rem; margin-top: .875rem; font-size: .875rem; }
.bp .icon { width: 2.75rem; height: 2.75rem; fill: none; stroke: currentColor; stroke-width: 1.75;
  stroke-linecap: round; stroke-linejoin: round; }
.bp .step span { flex: none; }
.bp .scale { flex: 0 1 9rem; height: .5rem; }
.bp .scale .on { fill: currentColor; }
.bp .scale .off { fill: none; stroke: currentColor; stroke-width: 1; }
.bp .emergency { background: var(--alarm); color: var(--paper); }
.bp .override + .emergency { border-top: 1px solid var(--paper); }
.bp .consultation_24h { background: var(--amber); border-left: .375rem solid var(--amber-edge); padding-left: 1.625rem; }
.bp .consultation { background: var(--blue); border-left: .375rem solid var(--blue-edge); padding-left: 1.625rem; }
.bp .self_care { background: var(--green); border-left: .375rem solid var(--green-edge); padding-left: 1.625rem; }
.bp .consultation_24h .icon, .bp .consultation_24h .scale { color: var(--amber-edge); }
.bp .consultation .icon, .bp .consultation .scale { color: var(--blue-edge); }
.bp .self_care .icon, .bp .self_care .scale { color: var(--green-edge); }

.bp .part { display: grid; grid-template-columns: 11rem minmax(0, 1fr); column-gap: 2rem; margin: 0 2rem;
  padding: 1.5rem 0; }
.bp .part + .part { border-top: 1px solid var(--line); }
.bp h2 { font-size: 1rem; font-weight: 650; line-height: 1.4; text-wrap: balance; }
.bp .body > * + * { margin-top: .875rem; }
.bp .muted, .bp .detail { color: var(--muted); font-size: .875rem; line-height: 1.5; }

.bp ul { list-style: none; }
.bp ol { list-style: none; counter-reset: entry; }
.bp li { position: relative; padding-left: 1.125rem; }
.bp li + li { margin-top: .5rem; }
.bp ul > li::before { content: ""; position: absolute; left: .125rem; top: .6em; width: .3125rem; height: .3125rem;
  border-radius: 50%; background: var(--muted); }
.bp ol > li { padding-left: 2.25rem; counter-increment: entry; }
.bp ol > li::before { content: counter(entry); position: absolute; left: 0; width: 1.625rem; text-align: right;
  color: var(--muted); }
.bp .short { columns: 2; column-gap: 2rem; }
.bp .short li { break-inside: avoid; margin: 0 0 .25rem; }

.bp table { width: 100%; border-collapse: collapse; border: 0; font-size: 1rem; }
.bp th, .bp td { background: none; border: 0; text-align: left; vertical-align: baseline; font-weight: 400; }
.bp thead th { font-size: .8125rem; color: var(--muted); padding-bottom: .375rem; border-bottom: 1px solid var(--line); }
.bp tbody th, .bp tbody td { padding: .4375rem 0; border-bottom: 1px solid var(--line); }
.bp tbody tr:last-child > * { border-bottom: 0; }
.bp th + td, .bp th + th { padding-left: 1.25rem; }
.bp .facts { table-layout: fixed; }
.bp .facts thead th:first-child { width: 60%; }

.bp .ranking tbody th, .bp .ranking tbody td { padding: .75rem 0; vertical-align: top; }
.bp .ranking .name { display: flex; gap: .625rem; font-weight: 600; }
.bp .ranking .place { flex: none; width: 1.25rem; color: var(--muted); font-weight: 400; }
.bp .ranking .bar, .bp .ranking .detail { margin-left: 1.875rem; }
.bp .ranking .bar { width: calc(100% - 1.875rem); margin-top: .375rem; }
.bp .ranking .detail { display: block; margin-top: .375rem; }
.bp .figure { width: 7rem; text-align: right; }
.bp .ranking .figure { font-size: 1.125rem; font-weight: 650; line-height: 1.4; }
.bp .ranking thead th:last-child, .bp .waterfall thead th:last-child { width: 7rem; text-align: right; }
.bp .ranking { table-layout: fixed; }
.bp .bar { width: 100%; height: .625rem; border-radius: .1875rem; overflow: hidden; }
.bp .track { fill: var(--track); }
.bp .bar .share { fill: var(--share); }
.bp .bar .none { fill: var(--none); }
.bp .mark { stroke: var(--ink); stroke-width: 2; }
.bp .halo { stroke: var(--paper); stroke-width: 5; }

.bp .waterfall { table-layout: fixed; }
.bp .waterfall tbody th, .bp .waterfall tbody td { padding: 0; border: 0; vertical-align: top; height: 1px; }
.bp .waterfall .line { display: grid; grid-template-columns: 11fr 10fr; column-gap: 1rem; height: 100%; }
.bp .waterfall .said { padding: .4375rem 0; }
.bp .waterfall .detail { display: block; font-size: .8125rem; }
.bp .waterfall .drawn { position: relative; min-height: 2.25rem; }
.bp .waterfall .step { position: absolute; inset: 0; width: 100%; height: 100%; }
.bp .waterfall .figure { padding-top: .4375rem; }
.bp .waterfall tr:first-child .said, .bp .waterfall tr:last-child .said { font-weight: 600; }
.bp .waterfall tr:first-child .figure, .bp .waterfall tr:last-child .figure { font-size: 1.125rem; font-weight: 650; }
.bp .step .for { fill: var(--share); }
.bp .step .against { fill: var(--against); }
.bp .step .thread { stroke: var(--none); stroke-width: 1; }

.bp footer { background: var(--desk); padding: .25rem 0; }
.bp footer .part { padding: 1rem 0; font-size: .8125rem; line-height: 1.5; color: var(--muted); }
.bp footer h2, .bp footer table, .bp footer p, .bp footer li { font-size: .8125rem; line-height: 1.5; }
.bp footer .body > * + * { margin-top: .375rem; }
.bp footer li + li { margin-top: .25rem; }
.bp footer .facts thead th:first-child { width: 25%; }

@media (max-width: 46rem) {
  .bp .banner .override { padding: .875rem 1.125rem; font-size: 1.25rem; }
  .bp .level { grid-template-columns: 2.125rem minmax(0, 1fr); column-gap: .75rem; padding: 1.125rem; }
  .bp .consultation_24h, .bp .consultation, .bp .self_care { padding-left: .75rem; }
  .bp .level h1 { font-size: 1.4375rem; }
  .bp .level .action { font-size: 1rem; }
  .bp .icon { width: 2.125rem; height: 2.125rem; }
  .bp .part { display: block; margin: 0 1.125rem; padding: 1.25rem 0; }
  .bp h2 { font-size: 1.125rem; margin-bottom: .625rem; }
  .bp .short { columns: auto; }
  .bp .waterfall .line { display: block; }
  .bp .waterfall .said { padding: .5rem 0 0; }
  .bp .figure, .bp .ranking thead th:last-child, .bp .waterfall thead th:last-child { width: 5.75rem; }
}
@media print {
  @page { margin: 14mm; }
  .bp { max-width: none; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .bp .part { display: grid; grid-template-columns: 8rem minmax(0, 1fr); column-gap: 1.5rem; margin: 0; padding: 1rem 0; }
  .bp footer { background: none; border-top: 1px solid var(--line); }
  .bp .banner, .bp li, .bp tr { break-inside: avoid; }
  .bp h2 { font-size: 1rem; break-after: avoid; }
}
"""

_ROOT = "".join(f"--{name}:{colour};" for name, colour in PALETTE.items())
STYLE = f".bp{{{_ROOT}}}{_SHEET}"
