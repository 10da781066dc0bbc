import { budgets, weights } from '../images/memory/logged/budgets.ts'
import { type Compared, compare } from '../images/memory/logged/judge.ts'
import type { LoggedCase } from '../images/memory/logged/logged-case.ts'
import { givenPools } from '../images/memory/logged/more-pools.ts'
import { slots } from '../images/memory/logged/slots.ts'

interface ComparedFigure extends Compared {
  id: string
}

/** Every figure of logged starts beside the planned one. */
export function figuresOf(cases: readonly LoggedCase[]): ComparedFigure[] {
  return cases.flatMap((logged) => compare(logged).map((one) => ({ ...one, id: logged.id })))
}

function countsOf(what: string, figures: readonly ComparedFigure[]): string {
  const count = (agreement: Compared['agreement']) =>
    figures.filter((one) => one.agreement === agreement).length
  const off = figures.filter(({ agreement }) => agreement === 'off')
  const sure = off.filter(({ certain }) => certain).length
  return `${what}: ${figures.length} figures, ${count('exact')} exact, ${count('window')} within, ${off.length} off, ${sure} of them certain`
}

const named = (figures: readonly ComparedFigure[], name: string) =>
  figures.filter(({ figure }) => figure === name)

/** What docs/memory.md says of logged starts, line by line. */
export function loggedSummary(): string[] {
  const told = figuresOf(budgets)
  return [
    countsOf('pool given', figuresOf(givenPools)),
    countsOf('llama.cpp and Ollama', figuresOf(slots)),
    countsOf('pool with nothing told', named(told, 'poolGiB')),
    countsOf('weights of a configuration', named([...told, ...figuresOf(weights)], 'weightsGiB')),
  ]
}

function lineOf({ id, figure, logged, planned, agreement, certain }: ComparedFigure): string {
  const percent = (planned / logged - 1) * 100
  return `${id}: ${figure} ${logged}, here ${Number(planned.toFixed(4))} (${percent.toFixed(2)} %), ${agreement}${certain ? '' : ', not certain'}`
}

if (import.meta.main) {
  const all = figuresOf([...givenPools, ...slots, ...budgets, ...weights])
  const lines = process.argv.includes('--all') ? all.map(lineOf) : []
  process.stdout.write(`${[...lines, ...loggedSummary()].join('\n')}\n`)
}
