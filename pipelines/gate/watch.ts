import { type CacheReading, parseComputeCache } from '../../images/gate/ptx.ts'
import type { BootedServer, Runner } from '../boot/runner.ts'

/** The same runner, which reads the driver's cache of each server right before it is told to stop. */
export function watchComputeCache(runner: Runner, found: (reading: CacheReading) => void): Runner {
  const watched = (server: BootedServer): BootedServer => ({
    ...server,
    async stop(signal, timeoutSeconds) {
      found(parseComputeCache(await server.computeCache()))
      return server.stop(signal, timeoutSeconds)
    },
  })
  return { ...runner, boot: (request, use) => runner.boot(request, (server) => use(watched(server))) }
}
