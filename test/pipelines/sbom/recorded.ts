import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const recorded = join(import.meta.dirname, '../../images/sbom/golden')

/**
 * A program that answers as syft 1.57.0 did for the sample image: syft itself takes minutes to build, and
 * test/slow/sbom.test.ts holds these answers against it.
 */
export async function recordedSyft(folder: string): Promise<string> {
  const path = join(folder, 'syft')
  const script = `#!/bin/sh
[ "$1" != --version ] || { echo syft recorded; exit 0; }
for argument; do
  case $argument in
    spdx-json@2.3=*) cp '${recorded}/syft-spdx.json' "\${argument#*=}" ;;
    cyclonedx-json@1.6=*) cp '${recorded}/syft-cyclonedx.json' "\${argument#*=}" ;;
  esac
done
`
  await writeFile(path, script, { mode: 0o755 })
  return path
}
