import { join, resolve } from 'node:path'
import { z } from 'zod'
import { StageError } from '../error.ts'
import { type Variable, type VariableName, variables } from './variables.ts'

/** What the environment says, read once for a command. A stage takes the few members that it uses. */
export interface Settings {
  storeFolder: string
  /** Folder of all locks; undefined where each lies beside its recipe. */
  locksFolder: string | undefined
  /** The run of GitHub Actions that this process is a part of. */
  workflowRun: WorkflowRun | undefined
}

export interface WorkflowRun {
  /** `https://HOST/OWNER/REPOSITORY/.github/workflows/FILE@REF`. */
  workflow: string
  /** Address of the run and its attempt. */
  run: string
}

type VariableValues = Partial<Record<VariableName, string>>

const known: Record<string, Variable> = variables

/** Those that this process reads itself, a proxy also by the name in small letters. */
const schema = z.object(
  Object.fromEntries(
    Object.entries(known)
      .filter(([, { reader }]) => reader === undefined)
      .flatMap(([name, { value }]) => spellings(name).map((spelling) => [spelling, value.optional()])),
  ),
)

function spellings(name: string): string[] {
  return name.endsWith('_PROXY') ? [name, name.toLowerCase()] : [name]
}

/** An empty variable is an unset one. Throws `usage` with every variable that has a wrong value, by name alone. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const set = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '')
  const parsed = schema.safeParse(Object.fromEntries(set))
  if (!parsed.success) throw wrongValues(parsed.error.issues)
  // The schema has the names of the table, which TypeScript does not follow through Object.fromEntries.
  const values = parsed.data as VariableValues
  return {
    storeFolder: values.INGOT_STORE ?? join(process.cwd(), '.ingot', 'store'),
    locksFolder: values.INGOT_LOCKS === undefined ? undefined : resolve(values.INGOT_LOCKS),
    workflowRun: workflowRunOf(values),
  }
}

function workflowRunOf(values: VariableValues): WorkflowRun | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_WORKFLOW_REF: workflow, GITHUB_REPOSITORY: repository } = values
  if (server === undefined || workflow === undefined) return undefined
  const { GITHUB_RUN_ID: id, GITHUB_RUN_ATTEMPT: attempt = '1' } = values
  return {
    workflow: `${server}/${workflow}`,
    run: `${server}/${repository}/actions/runs/${id}/attempts/${attempt}`,
  }
}

/** A value may hold a password, so none is shown. */
function wrongValues(issues: readonly z.core.$ZodIssue[]): StageError {
  const found = issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  return new StageError('usage', {
    attempted: 'read the environment',
    found: found.join('\n  '),
    hint: `correct ${issues.length === 1 ? 'it' : 'them'}, or unset what is not needed; docs/environment.md has every variable`,
  })
}
