import type { Deployment, Refusal } from '../engine.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { formatRefusals } from '../refusals.ts'
import { servingOptions, unsupportedKeys } from '../serving-keys.ts'

export function refusals(deployment: Deployment): Refusal[] {
  return [
    ...formatRefusals(deployment),
    ...gpuRefusals(deployment, { least: {}, table: null }),
    ...unsupportedKeys(deployment, { kvCacheDtype: 'it keeps no cache; leave it out' }),
  ]
}

export function command(deployment: Deployment): string[] {
  const { serving, model } = deployment.recipe
  return [
    ...['/usr/bin/node', '/opt/echo/server.ts'],
    ...['--model', deployment.modelPath, '--name', model.name],
    ...['--host', '0.0.0.0', '--port', String(deployment.port)],
    ...servingOptions(deployment, { contextLength: '--context-length' }),
    ...serving.extraArguments,
  ]
}

export function help(): string[] {
  return ['/usr/bin/node', '/opt/echo/server.ts', '--help']
}

export function environment({ runtime }: Deployment): Record<string, string> {
  return { ...gpuEnvironment(runtime.device), ECHO_CACHE: '/tmp/echo' }
}
