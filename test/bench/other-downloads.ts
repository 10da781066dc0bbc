import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonPath } from '../tools/find.ts'

const run = promisify(execFile)

/** What others would download the files with. */
export interface OtherDownloads {
  /** `curl`, one file after the other, to disk and unhashed. */
  curlSeconds: number
  /** `snapshot_download` of the Hub's own package for Python, to a folder. */
  snapshotSeconds: number
}

/** Downloads all files of a repository from the Hub at `url` into new folders below `folder`. */
export async function otherDownloads(
  url: string,
  repo: string,
  paths: readonly string[],
  folder: string,
): Promise<OtherDownloads> {
  const curled = join(folder, 'curl')
  await mkdir(curled)
  const files = paths.flatMap((path) => [
    '--output',
    join(curled, path),
    `${url}/${repo}/resolve/main/${path}`,
  ])
  const curlSeconds = await secondsOf(() => run('curl', ['--silent', '--fail', '--location', ...files]))
  const script =
    'import sys; from huggingface_hub import snapshot_download as take; take(sys.argv[1], local_dir=sys.argv[2])'
  const snapshotSeconds = await secondsOf(() =>
    run(pythonPath('hub'), ['-c', script, repo, join(folder, 'snapshot')], {
      env: {
        ...process.env,
        HF_ENDPOINT: url,
        HF_HOME: join(folder, 'hf'),
        HF_HUB_DISABLE_PROGRESS_BARS: '1',
      },
    }),
  )
  return { curlSeconds, snapshotSeconds }
}

async function secondsOf(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await act()
  return (performance.now() - began) / 1000
}
