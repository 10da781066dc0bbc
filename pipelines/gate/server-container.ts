import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Client, Directory } from '../process/session.ts'

export type ServerContainer = ReturnType<Client['container']>

/** A tree as the server runs in it: as its user and with its variables. */
export function serverContainer(client: Client, tree: Directory, plan: ImagePlan): ServerContainer {
  // Platform is a branded string without a constructor.
  const bare = client.container({ platform: plan.platform as never }).withRootfs(tree)
  return (plan.config.Env ?? [])
    .reduce((built, variable) => {
      const at = variable.indexOf('=')
      return built.withEnvVariable(variable.slice(0, at), variable.slice(at + 1))
    }, bare)
    .withUser(plan.config.User ?? '0')
    .withWorkdir('/tmp')
}
