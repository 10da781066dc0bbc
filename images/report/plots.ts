import { formatBytes } from '../../lib/bytes.ts'
import { formatMs } from '../../lib/duration.ts'
import { escapeMarkup } from './markup.ts'

const width = 960
const labelWidth = 300
const plotWidth = width - labelWidth - 90

/** One bar of a plot, made of parts laid end to end. Colours are numbers of the style sheet's palette. */
export interface Bar {
  label: string
  parts: { name: string; value: number; colour: number }[]
}

export interface BarPlot {
  id: string
  title: string
  /** What a reader who sees no picture is told. */
  description: string
  bars: readonly Bar[]
  /** A line that no bar should cross. */
  limit: { label: string; value: number } | null
  /** How values are written; as bytes unless told. */
  format?: (value: number) => string
}

/** Horizontal bars over one scale that begins at 0; every part is named in a tooltip. */
export function bytesPlot(plot: BarPlot): string {
  const { bars, limit, format = formatBytes } = plot
  const total = ({ parts }: Bar) => parts.reduce((sum, part) => sum + part.value, 0)
  const largest = Math.max(1, ...bars.map(total), limit?.value ?? 0)
  const scale = (value: number) => (value / largest) * plotWidth
  const rows = bars.map((bar, row) => {
    const top = row * 34
    let left = labelWidth
    const parts = bar.parts.map(({ name, value, colour }) => {
      const part = rect(
        { x: left, y: top + 4, length: scale(value), height: 22 },
        `bar c${colour}`,
        `${name}: ${format(value)}`,
      )
      left += scale(value)
      return part
    })
    return [
      text(labelWidth - 12, top + 20, bar.label, 'end'),
      rect({ x: labelWidth, y: top + 4, length: plotWidth, height: 22 }, 'track'),
      ...parts,
      text(labelWidth + plotWidth + 10, top + 20, format(total(bar))),
    ].join('')
  })
  const height = bars.length * 34
  return svg(plot, height + (limit === null ? 0 : 20), [
    ...rows,
    ...(limit === null ? [] : [limitLine(labelWidth + scale(limit.value), height, limit)]),
  ])
}

/** One thing that happened, in milliseconds from the beginning of the plot. */
export interface TimeRow {
  label: string
  beganMs: number
  endedMs: number
  bad: boolean
}

export interface TimePlot {
  id: string
  title: string
  description: string
  rows: readonly TimeRow[]
}

/** Spans under each other over one axis of time, with a grid of round seconds. */
export function timePlot(plot: TimePlot): string {
  const { rows } = plot
  const end = Math.max(1, ...rows.map((row) => row.endedMs))
  const x = (ms: number) => labelWidth + (ms / end) * plotWidth
  const height = rows.length * 22
  const grid = ticks(end).map(
    (ms) =>
      `<line class="grid" x1="${round(x(ms))}" x2="${round(x(ms))}" y1="0" y2="${height}"/>${text(x(ms), height + 18, formatMs(ms), 'faint')}`,
  )
  const bars = rows.map(({ label, beganMs, endedMs, bad }, row) => {
    const colour = bad ? 'bad' : row === 0 ? 'c6' : row === 1 ? 'c3' : 'c0'
    // A span of no visible length still shows where it is.
    const length = Math.max(2, x(endedMs) - x(beganMs))
    const took = formatMs(endedMs - beganMs)
    return [
      text(labelWidth - 12, row * 22 + 15, shortened(label), 'end'),
      rect({ x: x(beganMs), y: row * 22 + 4, length, height: 14 }, `bar ${colour}`, `${label}: ${took}`),
      text(Math.min(x(beganMs) + length + 6, width - 60), row * 22 + 15, took, 'faint'),
    ].join('')
  })
  return svg(plot, height + 24, [...grid, ...bars])
}

/** Steps people count in, up to ten hours. */
const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600, 7200].map((seconds) => seconds * 1000),
)

/** At most six round times up to `end`, from 0. */
export function ticks(end: number): number[] {
  const step = steps.find((size) => end / size <= 6) ?? end / 6
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step)
}

function limitLine(x: number, height: number, { label, value }: { label: string; value: number }): string {
  return `<line class="limit" x1="${round(x)}" x2="${round(x)}" y1="0" y2="${height + 4}"/>${text(x, height + 18, `${label} ${formatBytes(value)}`, 'faint end')}`
}

function svg(
  { id, title, description }: Pick<BarPlot, 'id' | 'title' | 'description'>,
  height: number,
  inner: string[],
): string {
  return `<svg role="img" aria-labelledby="${id}-title ${id}-text" viewBox="0 0 ${width} ${Math.max(1, height)}"><title id="${id}-title">${escapeMarkup(title)}</title><desc id="${id}-text">${escapeMarkup(description)}</desc>${inner.join('')}</svg>`
}

interface Box {
  x: number
  y: number
  length: number
  height: number
}

function rect({ x, y, length, height }: Box, name: string, tooltip?: string): string {
  const shape = `<rect class="${name}" x="${round(x)}" y="${y}" width="${round(length)}" height="${height}"`
  return tooltip === undefined ? `${shape}/>` : `${shape}><title>${escapeMarkup(tooltip)}</title></rect>`
}

function text(x: number, y: number, content: string, name = ''): string {
  return `<text${name === '' ? '' : ` class="${name}"`} x="${round(x)}" y="${y}">${escapeMarkup(content)}</text>`
}

function shortened(label: string): string {
  return label.length <= 36 ? label : `${label.slice(0, 35)}…`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
