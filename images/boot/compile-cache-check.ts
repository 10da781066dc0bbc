import type { CheckStatus } from './check-result.ts'

/** How the line begins that the program before the server says. */
export const cacheLine = 'ingot: compile cache:'

/** What a boot shows of the code that its image brought. */
export interface SeenCompiling {
  log: string
  /** Files below the folders of compilers that the image did not bring; null where the runner cannot look into the container. */
  added: readonly string[] | null
}

/** Words of an engine's log. */
export interface CompileWords {
  compiled: readonly string[]
  loaded: readonly string[]
}

export interface CompileJudgement {
  status: CheckStatus
  observed: string
  evidence: string
}

/** Machine code, and what vLLM keeps of a whole model. Other files are sources, graphs and notes, from which nothing was compiled. */
const code = /\.(so|o|a|cubin|ptx|hsaco|gch|spv)$|\/torch_aot_compile\/.*\/model$/

/**
 * A hit is a boot in which nothing was compiled: the log says nothing of it, and no file of machine code was added. A cache
 * that the program left out, as on another processor, is a miss and no fault.
 */
export function judgeCompileCache({ log, added }: SeenCompiling, words: CompileWords): CompileJudgement {
  const lines = log.split('\n')
  const said = lines.findLast((line) => line.includes(cacheLine))
  const told = said?.slice(said.indexOf(cacheLine) + cacheLine.length).trim()
  if (told === undefined || told === 'the image has none')
    return { status: 'skipped', observed: 'the image holds no compiled code', evidence: said ?? '' }
  if (told.startsWith('left out'))
    return { status: 'passed', observed: `miss: ${told}`, evidence: said ?? '' }
  const compiling = lines.filter((line) => words.compiled.some((text) => line.includes(text)))
  const made = (added ?? []).filter((path) => code.test(path))
  if (compiling.length + made.length > 0)
    return {
      status: 'failed',
      observed: `miss: compiled all the same: ${[filesWords(made), linesWords(compiling)].filter((text) => text !== '').join('; ')}`,
      evidence: [...made.slice(0, 5), ...compiling.slice(0, 5)].join('\n'),
    }
  const loading = lines.filter((line) => words.loaded.some((text) => line.includes(text)))
  if (added === null && loading.length === 0)
    return {
      status: 'skipped',
      observed: 'its log says nothing of it, and the runner cannot look into the container',
      evidence: said ?? '',
    }
  return {
    status: 'passed',
    observed: `hit: nothing was compiled; ${told}`,
    evidence: loading[0] ?? said ?? '',
  }
}

function filesWords(made: readonly string[]): string {
  return made.length === 0 ? '' : `${made.length} files of machine code, the first /${made[0]}`
}

function linesWords(compiling: readonly string[]): string {
  return compiling.length === 0 ? '' : `its log says "${compiling[0]?.trim()}"`
}
