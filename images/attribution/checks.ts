import { formatBytes } from '../../lib/bytes.ts'
import type { CheckResult } from '../boot/check-result.ts'
import type { Attribution } from './attribution.ts'
import { counted, shadowWords } from './text.ts'

/** What an image of ours must be, by its bytes alone. */
export function attributionChecks({ shadowed, layers }: Attribution): CheckResult[] {
  const { sizeBytes, files, largest } = shadowed
  return [
    {
      id: 'no-shadowed-bytes',
      group: 'image',
      title: 'no shadowed bytes: no layer hides what another brings',
      required: true,
      status: files === 0 ? 'passed' : 'failed',
      expected: '0 B',
      observed: files === 0 ? '0 B' : `${formatBytes(sizeBytes)} in ${counted(files, 'file')}`,
      beganMs: 0,
      durationMs: 0,
      evidence: largest
        .map((file) => `${formatBytes(file.sizeBytes)}  ${file.path}  (${shadowWords(file, layers.length)})`)
        .join('\n'),
    },
  ]
}
