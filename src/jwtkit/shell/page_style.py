"""The look of the page that `page.page` writes.

Rules of this room:

- One constant text. The page's policy allows this style by its hash, so nothing here depends on a token.
- No address and no font to fetch: what is not on the machine is done without.
- Colours are named once, for light and for dark, and each pair of text and ground has a contrast of 4.5 or more.
- Foreign text wraps anywhere, keeps its direction to itself and paints nothing outside its own cell.
"""

from __future__ import annotations

from typing import Final

__all__ = ["STYLE"]

STYLE: Final = """
:root {
  color-scheme: light dark;
  --ground: #f5f4f1; --card: #ffffff; --inset: #f6f6f4; --line: #e2e0da;
  --ink: #1c1d21; --soft: #5c5f68;
  --header: #a3195b; --payload: #5b3cc4; --signature: #0a6b72;
  --mark: #7a2e00; --mark-ground: #ffe9d1;
  --error: #a81c1c; --error-ground: #fdeeec; --error-line: #f0c4bf;
  --warning: #7d4e00; --warning-ground: #fdf4e1; --warning-line: #ebd6a6;
  --info: #30517e; --info-ground: #eff4fa; --info-line: #cbd9ea;
  --good: #17663a; --good-ground: #e9f6ee; --good-line: #b9dfc8;
  --shadow: 0 1px 2px rgb(30 28 20 / 5%), 0 6px 24px -10px rgb(30 28 20 / 12%);
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #131418; --card: #1b1d22; --inset: #22252b; --line: #31343c;
    --ink: #e8e8ea; --soft: #a3a7b2;
    --header: #ff8fb8; --payload: #b9a5ff; --signature: #5fd0d4;
    --mark: #ffcf9b; --mark-ground: #46301a;
    --error: #ff9b93; --error-ground: #341d1d; --error-line: #5e2e2c;
    --warning: #f0c069; --warning-ground: #2e2616; --warning-line: #57461f;
    --info: #9dc1ee; --info-ground: #1c2735; --info-line: #324762;
    --good: #7fd6a0; --good-ground: #182b20; --good-line: #2b5239;
    --shadow: none;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; padding: clamp(1.25rem, 4vw, 3.5rem) clamp(.75rem, 4vw, 2rem) 2rem;
  background: var(--ground); color: var(--ink);
  font: 400 1rem/1.55 var(--sans); overflow-wrap: anywhere;
}
.top, main, .foot { max-width: 56rem; margin-inline: auto; }
h1, h2, h3, p, ul, table, pre { margin: 0; }
h1 { font-size: clamp(1.6rem, 1.2rem + 2vw, 2.25rem); line-height: 1.15; letter-spacing: -.02em; }
.moment { margin-top: .5rem; color: var(--soft); }
time, td code { font-variant-numeric: tabular-nums; }

.card {
  margin-top: 1.5rem; padding: clamp(1rem, 3vw, 1.75rem);
  background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow);
}
h2 { font-size: 1.25rem; line-height: 1.3; letter-spacing: -.01em; }
h2 + table { margin-top: .75rem; }
.token > h2 { font-family: var(--mono); }
.card h3 { display: flex; align-items: center; gap: .5rem; margin: 1.75rem 0 .5rem; font-size: .95rem; }
.card h3::before { content: ""; width: .6rem; height: .6rem; border-radius: 3px; background: var(--soft); }
h3.header::before { background: var(--header); }
h3.payload::before { background: var(--payload); }

.verdict { display: flex; align-items: baseline; gap: .65rem; margin-top: .75rem; color: var(--warning); }
.verdict b {
  flex: none; padding: .1rem .6rem; border: 1px solid currentcolor; border-radius: 999px; font-size: .85rem;
}
.verdict.good { color: var(--good); }
.verdict.bad { color: var(--error); }
.verdict.plain { color: var(--soft); }

.findings { display: grid; gap: .5rem; margin-top: 1rem; padding: 0; list-style: none; }
.findings li {
  display: grid; grid-template-columns: 5.5rem minmax(0, 1fr); gap: 0 .5rem; align-items: baseline;
  padding: .55rem .8rem; border: 1px solid var(--line); border-radius: 9px; font-size: .95rem; line-height: 1.45;
}
.findings code { color: var(--soft); font-size: .8rem; }
.findings b { font-size: .85rem; letter-spacing: .01em; }
.findings .error { border-color: var(--error-line); background: var(--error-ground); }
.findings .error b { color: var(--error); }
.findings .warning { border-color: var(--warning-line); background: var(--warning-ground); }
.findings .warning b { color: var(--warning); }
.findings .info { border-color: var(--info-line); background: var(--info-ground); }
.findings .info b { color: var(--info); }

table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td {
  padding: .55rem 0; border-top: 1px solid var(--line);
  font: 400 .9rem/1.55 var(--mono); text-align: start; vertical-align: top;
}
th { width: 13.5rem; padding-inline-end: 1.25rem; font-weight: 600; }
small { display: block; color: var(--soft); font: 400 .82rem/1.4 var(--sans); }
.when { display: block; color: var(--soft); font-family: var(--sans); }
.when b { color: var(--ink); font-weight: 600; }
bdi, pre, code { unicode-bidi: isolate; }
h2, li, th, td { overflow: clip; }
pre, code { direction: ltr; font-family: var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
pre, .compact code { word-break: break-all; }
.text { white-space: pre-wrap; }
.text::before, .text::after { content: '"'; color: var(--soft); }
.key { color: var(--payload); }
mark { padding: 0 .15em; border-radius: 3px; background: var(--mark-ground); color: var(--mark); }

.compact { padding: .9rem 1rem; border-radius: 9px; background: var(--inset); font-size: .84rem; line-height: 1.6; }
.compact .header { color: var(--header); }
.compact .payload { color: var(--payload); }
.compact .signature { color: var(--signature); }
.left-out {
  display: inline-block; padding: 0 .5em; border: 1px dashed var(--soft); border-radius: 6px;
  color: var(--soft); font-family: var(--sans); line-height: 1.5; word-break: normal;
}
.foot { margin-top: 1.5rem; color: var(--soft); font-size: .85rem; }
.foot p + p { margin-top: .25rem; }

@media (max-width: 40rem) {
  .findings li { grid-template-columns: minmax(0, 1fr); }
  table, tbody, tr, th, td { display: block; width: auto; }
  tr { padding: .55rem 0; border-top: 1px solid var(--line); }
  th, td { padding: 0; border: 0; }
  th { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .5rem; padding-bottom: .1rem; }
}
@page { margin: 16mm; }
@media print {
  :root { color-scheme: light; --ground: #ffffff; --shadow: none; font-size: 10pt; }
  body { padding: 0; }
  .card { padding: 0; border: 0; border-radius: 0; }
  .compact { border: 1px solid var(--line); }
  h1, h2, h3 { break-after: avoid; }
  tr, .findings li { break-inside: avoid; }
}
"""
