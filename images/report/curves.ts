import { escapeMarkup } from './markup.ts'
import { ticks } from './plots.ts'

const width = 960
const height = 320
const left = 90
const right = 190
const plotWidth = width - left - right

/** Points of one figure; the colour is a number of the style sheet's palette. */
export interface Curve {
  name: string
  colour: number
  points: readonly { x: number; y: number; label: string }[]
}

export interface CurvePlot {
  id: string
  title: string
  /** What a reader who sees no picture is told. */
  description: string
  /** `places` are named along the scale in place of round values. */
  x: { name: string; format: (value: number) => string; places?: readonly number[] }
  y: { name: string; format: (value: number) => string }
  curves: readonly Curve[]
  /** Whether each point of the first curve has its label beside it. */
  isLabelled?: boolean
  /** Lines that no point should cross. */
  limits: readonly { label: string; y: number }[]
}

/** Curves over two scales that begin at 0; every point is named in a tooltip. */
export function curvePlot(plot: CurvePlot): string {
  const points = plot.curves.flatMap((curve) => curve.points)
  const mostX = Math.max(...points.map(({ x }) => x), 1e-9)
  const mostPoint = Math.max(...points.map(({ y }) => y), 1e-9)
  // A limit far above all points would press them to the ground; its line is left out and the caption says so.
  const limits = plot.limits.filter(({ y }) => y <= 4 * mostPoint)
  const mostY = Math.max(mostPoint, ...limits.map(({ y }) => y)) * 1.05
  const place = {
    x: (x: number) => left + (x / mostX) * plotWidth,
    y: (y: number) => height * (1 - y / mostY),
  }
  const inner = [
    ...roundSteps(mostY).map((y) => gridLine(place.y(y), plot.y.format(y))),
    ...spaced(plot.x.places ?? roundSteps(mostX), place.x).map((x) =>
      label(place.x(x), height + 18, plot.x.format(x), 'faint middle'),
    ),
    label(left, -10, plot.y.name, 'faint'),
    label(left + plotWidth, height + 38, plot.x.name, 'faint end'),
    ...limits.map((limit) => limitLine(place.y(limit.y), limit.label)),
    ...plot.curves.map((curve) => curveMarkup(curve, plot, place)),
    ...(plot.isLabelled ? (plot.curves[0]?.points ?? []) : []).map((point) =>
      label(place.x(point.x) - 8, place.y(point.y) - 10, point.label, 'faint end'),
    ),
    ...plot.curves.map(({ name, colour }, index) => legend(name, colour, index)),
  ]
  const { id } = plot
  return `<svg role="img" aria-labelledby="${id}-title ${id}-text" viewBox="0 -26 ${width} ${height + 76}"><title id="${id}-title">${escapeMarkup(plot.title)}</title><desc id="${id}-text">${escapeMarkup(plot.description)}</desc>${inner.join('')}</svg>`
}

const leastApart = 28

/** Places whose names do not run into each other. */
function spaced(values: readonly number[], placeOf: (value: number) => number): number[] {
  let last = Number.NEGATIVE_INFINITY
  return values.filter((value) => {
    if (placeOf(value) - last < leastApart) return false
    last = placeOf(value)
    return true
  })
}

/** Round values up to `most`, also where that is below 1. */
function roundSteps(most: number): number[] {
  const scale = most < 6 ? 10 ** Math.ceil(Math.log10(6 / most)) : 1
  return ticks(most * scale).map((value) => value / scale)
}

interface PlotScale {
  x(value: number): number
  y(value: number): number
}

function curveMarkup({ name, colour, points }: Curve, { x, y }: CurvePlot, place: PlotScale): string {
  const at = points.map((point) => `${round(place.x(point.x))},${round(place.y(point.y))}`)
  const dots = points.map(
    (point) =>
      `<circle class="c${colour}" cx="${round(place.x(point.x))}" cy="${round(place.y(point.y))}" r="5"><title>${escapeMarkup(`${name}, ${point.label}: ${y.format(point.y)} at ${x.format(point.x)}`)}</title></circle>`,
  )
  return `<polyline class="curve s${colour}" points="${at.join(' ')}"/>${dots.join('')}`
}

function legend(name: string, colour: number, index: number): string {
  const x = left + plotWidth + 24
  const y = 10 + index * 22
  return `<rect class="c${colour}" x="${x}" y="${y - 10}" width="12" height="12"/>${label(x + 18, y, name)}`
}

function gridLine(y: number, words: string): string {
  return `<line class="grid" x1="${left}" x2="${left + plotWidth}" y1="${round(y)}" y2="${round(y)}"/>${label(left - 10, y + 4, words, 'faint end')}`
}

function limitLine(y: number, words: string): string {
  return `<line class="limit" x1="${left}" x2="${left + plotWidth}" y1="${round(y)}" y2="${round(y)}"/>${label(left + 6, y - 6, words, 'faint')}`
}

function label(x: number, y: number, content: string, name = ''): string {
  return `<text${name === '' ? '' : ` class="${name}"`} x="${round(x)}" y="${round(y)}">${escapeMarkup(content)}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
