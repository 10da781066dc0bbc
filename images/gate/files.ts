import { type GatePart, gatePart } from './result.ts'

/** Listings of the gate's container; the commands that write them stand in pipelines/gate/trees.sh. */
export interface TreeComparison {
  /** `same|worse<tab>path<tab>trouble`, one line an object of the slim image; the trouble is empty for one that loads. */
  loading: string
  /** Paths of regular files whose bytes differ from the stock image's, or that it lacks. */
  changed: string
  /** How many regular files were compared. */
  files: number
}

/** Objects load as in stock: with the same libraries, and no symbol missing that is not missing there. */
export function judgeLoading({ loading }: TreeComparison): GatePart {
  const objects = linesOf(loading).map((line) => {
    const [verdict = '', path = '', trouble = ''] = line.split('\t')
    return { verdict, path, trouble }
  })
  const worse = objects.filter(({ verdict }) => verdict !== 'same')
  const never = objects.filter(({ verdict, trouble }) => verdict === 'same' && trouble !== '')
  const loads = objects.length - worse.length - never.length
  return gatePart('loading', {
    good: objects.length > 0 && worse.length === 0,
    found: `${loads} objects load as in the stock image, ${worse.length} do not, ${never.length} load in neither`,
    details: [
      ...worse.map(({ path, trouble }) => `${path}: ${trouble}`),
      ...never.map(({ path, trouble }) => `in neither: ${path}: ${trouble}`),
    ],
  })
}

/** Libraries that were rewritten and marked bytecode may differ; whether they work, the other parts say. */
const mayDiffer = /\.so(\.[\w.-]+)?$|\.pyc$/

/**
 * Every file that stays is the stock image's, byte for byte, but for what was rewritten. `ours` are files that every image
 * gets from ingot.
 */
export function judgeFiles(
  { changed, files }: TreeComparison,
  { rewrites, ours }: { rewrites: boolean; ours: readonly string[] },
): GatePart {
  const differing = linesOf(changed).filter((path) => !ours.includes(path))
  const wrong = differing.filter((path) => !(rewrites && mayDiffer.test(path)))
  const rewritten = differing.length - wrong.length
  return gatePart('files', {
    good: files > 0 && wrong.length === 0,
    found: `${files - differing.length} files are the stock image's byte for byte, ${rewritten} were rewritten, ${wrong.length} differ without a cause`,
    details: wrong,
  })
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
