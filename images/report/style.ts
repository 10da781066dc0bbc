/** The look of the report: system fonts, one column, light and dark by the reader's setting, light on paper. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #fff; --ink: #1d2226; --faint: #5b656d; --line: #dfe3e6; --track: #eceff1;
  --good: #1a7040; --good-bg: #e3f4ea; --bad: #b3261e; --bad-bg: #fdeaea; --skip: #7a5600; --skip-bg: #fbf0d5;
  --c0: #2f6db5; --c1: #4d9bd1; --c2: #59a487; --c3: #c98a2b; --c4: #8a70b8; --c5: #b0566f; --c6: #7d8a93; --c7: #a3a96b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181b; --card: #1d2125; --ink: #e6e9eb; --faint: #9aa5ad; --line: #343b41; --track: #2a3036;
    --good: #7ad6a0; --good-bg: #173626; --bad: #ff9c94; --bad-bg: #43201e; --skip: #edc56b; --skip-bg: #3a2f14;
    --c0: #5b97dd; --c1: #7cbbe8; --c2: #74c3a4; --c3: #e0a854; --c4: #a892d6; --c5: #d67f97; --c6: #95a2ab; --c7: #bfc586;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 68rem; padding: 2.5rem 1.25rem 4rem;
  background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; overflow-wrap: anywhere; }
code, pre { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; overflow-x: auto; white-space: pre-wrap; }
.faint, caption, figcaption { color: var(--faint); }
header .top { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; }
.mark { border-radius: 1rem; padding: .1rem .7rem; font-weight: 600; font-size: .9rem; white-space: nowrap; }
.passed, .verified { color: var(--good); background: var(--good-bg); }
.failed { color: var(--bad); background: var(--bad-bg); }
.skipped, .unverified, .not-booted, .not-comparable, .no-limits, .missing { color: var(--skip); background: var(--skip-bg); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; padding: 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem 1rem; }
.figures dt { color: var(--faint); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.figures small { display: block; font-weight: 400; font-size: .8rem; color: var(--faint); }
figure { margin: 1rem 0 1.5rem; }
figcaption { margin-top: .6rem; font-size: .92rem; }
.wide + .wide { margin-top: 1.5rem; }
.wide { overflow-x: auto; }
svg { display: block; width: 100%; min-width: 40rem; height: auto; }
svg text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; fill: var(--ink); }
svg .faint { fill: var(--faint); }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg .curve { fill: none; stroke-width: 2; }
svg .track { fill: var(--track); }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .limit { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 4 3; }
${[0, 1, 2, 3, 4, 5, 6, 7].map((index) => `svg .c${index} { fill: var(--c${index}); } svg .s${index} { stroke: var(--c${index}); }`).join('\n')}
svg .bar { stroke: var(--page); stroke-width: 1; }
svg .bad { fill: var(--bad); }
table { border-collapse: collapse; width: 100%; min-width: 38rem; font-size: .92rem; }
caption { text-align: left; padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; color: var(--faint); font-size: .85rem; }
thead th { white-space: nowrap; }
tbody th { color: var(--ink); font-size: inherit; font-weight: 400; min-width: 7rem; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td .mark { font-size: .8rem; }
details { margin: .25rem 0 0; }
summary { cursor: pointer; color: var(--faint); font-size: .85rem; }
blockquote { margin: .75rem 0; padding-left: 1rem; border-left: 3px solid var(--line); }
footer { margin-top: 3rem; color: var(--faint); font-size: .85rem; }
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --ink: #000; --faint: #444; --line: #bbb; --track: #eee;
    --good: #1a7040; --good-bg: #fff; --bad: #b3261e; --bad-bg: #fff; --skip: #7a5600; --skip-bg: #fff;
    --c0: #2f6db5; --c1: #4d9bd1; --c2: #59a487; --c3: #c98a2b; --c4: #8a70b8; --c5: #b0566f; --c6: #7d8a93; --c7: #a3a96b; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  svg, table { min-width: 0; }
  .bar, .track, .mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .mark { border: 1px solid currentColor; }
  h2, h3 { break-after: avoid; } figure, tr, .figures div { break-inside: avoid; }
  summary { display: none; }
}`
