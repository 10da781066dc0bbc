import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { nvidiaFacts, watchGpus } from '../../../pipelines/boot/nvidia.ts'

/** A program of this name and text, first in PATH. */
async function programIn(text: string): Promise<NodeJS.ProcessEnv> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-smi-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'nvidia-smi')
  await writeFile(file, `#!/bin/sh\n${text}`)
  await chmod(file, 0o755)
  return { ...process.env, PATH: `${folder}:${process.env['PATH']}` }
}

// What a driver prints for each of the three questions.
const twoGpus = `
case "$*" in
  *compute_cap*) echo '570.86.10, 9.0, 81559, NVIDIA H100 80GB HBM3'; echo '570.86.10, 9.0, 81559, NVIDIA H100 80GB HBM3' ;;
  *loop-ms*) for used in 10 500 700 600; do echo "0, $used"; echo "1, 20"; sleep 0.02; done; exec sleep 60 ;;
  *) echo '| NVIDIA-SMI 570.86.10   Driver Version: 570.86.10   CUDA Version: 12.8 |' ;;
esac`

test('facts of a machine with two GPUs', async () => {
  const facts = await nvidiaFacts(await programIn(twoGpus))
  expect(facts).toMatchObject({ driver: '570.86.10', cuda: '12.8' })
  expect(facts.gpus).toHaveLength(2)
})

test.each([
  ['no nvidia-smi', { PATH: '/nonexistent' }],
  ['a driver that fails', null],
])('a machine with %s has no GPU', async (_, environment) => {
  const used = environment ?? (await programIn('echo "NVIDIA-SMI has failed"; exit 9'))
  expect(await nvidiaFacts(used)).toEqual({ gpus: [], driver: null, cuda: null })
})

test('growth of GPU memory is the most above the first reading of all GPUs', async () => {
  const watch = watchGpus(await programIn(twoGpus), 2)
  onTestFinished(() => watch.stop())
  await vi.waitFor(() => expect(watch.growthBytes()).toBe(690 * 1024 ** 2), 5000)
})

test('a watch without nvidia-smi knows nothing and breaks nothing', async () => {
  const watch = watchGpus({ PATH: '/nonexistent' }, 1)
  await new Promise((done) => setTimeout(done, 100))
  expect(watch.growthBytes()).toBeNull()
  watch.stop()
})
