import { type ImportOutcomes, importScript, parseImports } from '../../images/gate/imports.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Client, Directory } from '../process/session.ts'
import { serverContainer } from './server-container.ts'

/** Imports modules in a tree as the server would: as its user, with its variables and its interpreter. */
export async function tryImports(
  client: Client,
  tree: Directory,
  { plan, python, modules }: { plan: ImagePlan; python: string; modules: readonly string[] },
): Promise<ImportOutcomes> {
  const asked = serverContainer(client, tree, plan).withExec([python, '-c', importScript, ...modules])
  return parseImports(await asked.stdout())
}
