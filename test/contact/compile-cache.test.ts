import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bootProfiles } from '../../images/boot/runtime-spec.ts'
import { type PodmanStore, podmanStore } from '../e2e/podman-place.ts'
import { scratchFolder } from '../scratch.ts'

/** A program writes the files that compilers write, in real containers under the hostile profile. */
let place: PodmanStore

beforeAll(async () => {
  place = await podmanStore(null)
})

afterAll(async () => {
  await place.runner.close()
  await place.close()
})

test('what a container compiled is listed and taken from outside, whoever wrote it and however closed it is', async () => {
  const program = [
    'umask 077',
    'mkdir -p /tmp/triton/AB /tmp/torchinductor/locks',
    'echo code > /tmp/triton/AB/kernel.cubin',
    'echo library > /tmp/torchinductor/main.so',
    'touch /tmp/torchinductor/locks/x.lock',
    'echo done',
    'exec sleep 600',
  ].join('; ')
  const image = await place.tiny(`exec /bin/busybox sh -c '${program}'`)
  const folders = ['/tmp/torchinductor', '/tmp/triton', '/tmp/vllm/torch_compile_cache']
  const tars: Buffer[] = []
  for (const profile of bootProfiles(['hostile'], 8 * 1024 ** 2))
    await place.runner.boot({ image, profile, port: 8080 }, async (server) => {
      await vi.waitFor(async () => expect(await server.log()).toContain('done'), 30_000)
      expect(await server.compiledFiles(folders)).toEqual([
        'tmp/torchinductor/main.so',
        'tmp/triton/AB/kernel.cubin',
      ])
      const tar = join(await scratchFolder(), 'layer.tar')
      await server.saveCompiled(folders, tar)
      tars.push(await readFile(tar))
      const listed = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--file', tar], {
        encoding: 'utf8',
      })
      expect(listed).toMatch(
        /^-rw-r--r-- 0\/0 .* usr\/local\/lib\/ingot\/compile-cache\/tmp\/triton\/AB\/kernel\.cubin$/m,
      )
      expect(listed).not.toContain('.lock')
      await server.stop('SIGKILL', 5)
    })
  // Two users compiled the same: the layer does not tell them apart.
  expect(tars).toHaveLength(2)
  expect(tars[0]?.equals(tars[1] ?? Buffer.alloc(0))).toBe(true)
})
