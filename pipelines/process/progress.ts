import cliProgress, { MultiBar, type Options, type Params, SingleBar } from 'cli-progress'
import { formatBytes } from '../../lib/bytes.ts'
import type { DisplaySettings } from '../settings/display.ts'

/** What a stage tells the person who waits. Everything goes to stderr; results go to stdout. */
export interface Progress {
  step(text: string): void
  bytes(what: string, done: number, total: number): void
  end(): void
}

/** Progress of a whole command. */
export interface CommandProgress extends Progress {
  /** A view for each of several tasks beside each other; `end` of the command's ends them all. */
  lanes(names: readonly string[]): Progress[]
}

/** Says nothing: for a person who wants results and errors alone. */
export const silentProgress: CommandProgress = {
  step: () => undefined,
  bytes: () => undefined,
  end: () => undefined,
  lanes: (names) => names.map(() => silentProgress),
}

/** Bars on a terminal, lines elsewhere and in CI. */
export function progressOn(stream: NodeJS.WriteStream, { isPlain }: DisplaySettings): CommandProgress {
  const terminal = stream.isTTY && !isPlain
  return terminal
    ? barProgress(stream)
    : { ...lineProgress(stream), lanes: (names) => lineLanes(stream, names) }
}

const lineIntervalMs = 5000

function lineProgress(stream: NodeJS.WriteStream, prefix = 'ingot'): Progress {
  let lastLineAt = 0
  return {
    step: (text) => void stream.write(`${prefix}: ${text}\n`),
    bytes(what, done, total) {
      const now = performance.now()
      if (done < total && now - lastLineAt < lineIntervalMs) return
      lastLineAt = now
      stream.write(`${prefix}: ${what} ${formatBytes(done)} of ${formatBytes(total)}\n`)
    },
    end: () => undefined,
  }
}

function lineLanes(stream: NodeJS.WriteStream, names: readonly string[]): Progress[] {
  return names.map((name) => lineProgress(stream, `ingot: ${name}`))
}

function barProgress(stream: NodeJS.WriteStream): CommandProgress {
  let bar: SingleBar | undefined
  let view: MultiBar | undefined
  const end = () => {
    bar?.stop()
    bar = undefined
    view?.stop()
    view = undefined
  }
  return {
    step(text) {
      // Bars of several recipes stay where they are, and what concerns all of them stands above.
      if (view) return view.log(`ingot: ${text}\n`)
      end()
      stream.write(`ingot: ${text}\n`)
    },
    bytes(what, done, total) {
      bar ??= startBar(stream, what, total)
      bar.update(done)
      if (done >= total) end()
    },
    end,
    lanes(names) {
      end()
      const shown = new MultiBar({ stream, hideCursor: true, format: laneText })
      view = shown
      const width = Math.max(...names.map((name) => name.length))
      return names.map((name) => barLane(shown, name.padEnd(width)))
    },
  }
}

function startBar(stream: NodeJS.WriteStream, what: string, total: number): SingleBar {
  const bar = new SingleBar({
    stream,
    hideCursor: true,
    format: `       ${what} [{bar}] {percentage}% {value} of {total}, {eta_formatted} left`,
    formatValue: (value, _options, type) =>
      type === 'value' || type === 'total' ? formatBytes(value) : String(value),
  })
  bar.start(total, 0)
  return bar
}

/** One line of the view: the latest step, or the bytes that move. */
function barLane(view: MultiBar, name: string): Progress {
  const bar = view.create(1, 0, { name, text: 'waits' })
  const show = (text: string, done: number, total: number) => {
    bar.setTotal(total)
    bar.update(done, { text })
  }
  return {
    step: (text) => show(text, 0, 0),
    bytes: (what, done, total) => show(what, done, total),
    end: () => show('done', 0, 0),
  }
}

function laneText(
  options: Options,
  { progress, value, total }: Params,
  payload: { name: string; text: string },
) {
  const bytes =
    total > 1
      ? ` [${cliProgress.Format.BarFormat(progress, { ...options, barsize: 20 })}] ${formatBytes(value)} of ${formatBytes(total)}`
      : ''
  return `${payload.name}  ${payload.text}${bytes}`
}
