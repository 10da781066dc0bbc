import { posix } from 'node:path'
import { canonicalJson } from '../../lib/json.ts'
import type { OwnProbe } from '../../recipes/own-probes.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { Behaviour, HttpProbe } from '../boot/probe.ts'
import type { Deployment } from '../engines/engine.ts'
import { programPaths } from '../engines/own-runtime.ts'
import type { SettingsFile } from '../tree/settings.ts'

/** Says how the engine is started and asked, for a server around it. */
const enginePath = '/etc/ingot/engine.json'

/** The engine's own command line where the recipe has none. */
export function commandOf(deployment: Deployment): string[] {
  return deployment.recipe.image.command ?? deployment.engine.command(deployment)
}

/** The folder that a process starts in: above the first of the recipe's files for an own command, else /tmp. */
export function workingFolderOf({ command, files }: Recipe['image']): string {
  const [first] = files
  return command === undefined || first === undefined ? '/tmp' : posix.dirname(first.to)
}

/** Paths at which the program of an own command may be: slimming keeps what is there and what it loads. */
export function ownPrograms({ recipe, runtime }: Deployment): string[] {
  const [program] = recipe.image.command ?? []
  return program === undefined ? [] : programPaths(program, runtime.source)
}

export function engineFiles(deployment: Deployment): SettingsFile[] {
  const { recipe, engine, listen } = deployment
  if (recipe.image.command === undefined) return []
  const facts = { command: engine.command(deployment), port: listen.port, healthPath: engine.healthPath }
  return [
    { type: 'folder', path: posix.dirname(enginePath), mode: '0755' },
    { type: 'file', path: enginePath, mode: '0644', content: `${canonicalJson(facts)}\n` },
  ]
}

/** What the engine's server is asked, and then what the recipe asks; how an own command stops is its own affair. */
export function behaviourOf(deployment: Deployment): Behaviour {
  const { recipe, engine, init } = deployment
  const behaviour = engine.behaviour(deployment)
  const probes = [...behaviour.probes, ...recipe.verify.probes.map(probeOf)]
  if (recipe.image.command === undefined) return { ...behaviour, probes }
  const { signal, timeoutSeconds } = behaviour.stop
  return {
    ...behaviour,
    probes,
    stop: { signal, timeoutSeconds, exitCodes: init.length > 0 ? [0] : [0, 143] },
  }
}

/** A question of the recipe in the form of the built-in ones. */
function probeOf({ id, title, request, expect, timeoutSeconds }: OwnProbe): HttpProbe {
  const { method, path, body } = request
  return {
    id: `recipe-${id}`,
    group: 'recipe',
    title: title ?? `${method} ${path} answers as the recipe says`,
    required: true,
    request: { method, path, ...(body === undefined ? {} : { body }) },
    expect,
    timeoutSeconds,
  }
}
