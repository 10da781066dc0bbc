import { escapeMarkup as e } from './markup.ts'
import { reportStyle } from './style.ts'

/** Begins a page that needs nothing else, up to the first line of its header: what it is about, and the mark that it got. */
export function pageHead(title: string, mark: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${e(title)}: ${mark}</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<div class="top"><h1>${e(title)}</h1><span class="mark ${mark.replace(' ', '-')}">${mark}</span></div>`
}

/** Ties a row of a table to its colour in the plot above. */
export function swatch(colour: number): string {
  return `<span aria-hidden="true" style="color:var(--c${colour})">■</span> `
}

export function section(title: string, inner: string): string {
  return `<section><h2>${e(title)}</h2>${inner}</section>`
}

export function figure(plot: string, words: string): string {
  return `<figure><div class="wide">${plot}</div><figcaption>${e(words)}</figcaption></figure>`
}

/** Cells are markup already; a column whose head begins with # holds numbers. */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return ''
  const numeric = head.map((name) => (name.startsWith('#') ? ' class="number"' : ''))
  const heads = head.map(
    (name, column) => `<th scope="col"${numeric[column]}>${e(name.replace('#', ''))}</th>`,
  )
  const body = rows.map(
    ([first = '', ...rest]) =>
      `<tr><th scope="row">${first}</th>${rest.map((cell, column) => `<td${numeric[column + 1]}>${cell}</td>`).join('')}</tr>`,
  )
  return `<div class="wide"><table><caption>${e(caption)}</caption><thead><tr>${heads.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}

/** Long lists are there for those who ask. */
export function folded(title: string, inner: string): string {
  return `<details><summary>${e(title)}</summary>${inner}</details>`
}
