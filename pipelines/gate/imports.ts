import { type ImportOutcomes, importScript, parseImports } from '../../images/gate/imports.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Client, Directory } from '../process/session.ts'

/** Imports modules in a tree as the server would: as its user, with its variables and its interpreter. */
export async function tryImports(
  client: Client,
  tree: Directory,
  { plan, python, modules }: { plan: ImagePlan; python: string; modules: readonly string[] },
): Promise<ImportOutcomes> {
  // Platform is a branded string without a constructor.
  const bare = client.container({ platform: plan.platform as never }).withRootfs(tree)
  const container = (plan.config.Env ?? []).reduce((built, variable) => {
    const at = variable.indexOf('=')
    return built.withEnvVariable(variable.slice(0, at), variable.slice(at + 1))
  }, bare)
  return parseImports(
    await container
      .withUser(plan.config.User ?? '0')
      .withWorkdir('/tmp')
      .withExec([python, '-c', importScript, ...modules])
      .stdout(),
  )
}
