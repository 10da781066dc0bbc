import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { plainChats } from '../../images/engines/ollama/chat.ts'
import { originalOf } from '../../images/engines/ollama/original.ts'
import type { Report } from '../../images/report/report.ts'
import { labSettings, registryAddress } from '../../lab/settings.ts'
import { withBooted } from '../e2e/booted.ts'
import { ingot, newWorkplace, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { originals } from '../images/engines/ollama/originals.ts'
import { ollamaVersions, publishOllama } from './ollama-image.ts'
import { smollm2Gguf } from './smollm2-gguf.ts'

const families = ['chatml', 'chatmlWithDefaultSystem', 'taggedTools'] as const

// The real server tells the prompt that it would hand to the model; the model's file holds the family's own template.
describe.each(ollamaVersions.flatMap((version) => families.map((name) => [version, name] as const)))(
  'Ollama %s with the template %s',
  (version, name) => {
    let place: Workplace
    let report: Report
    let text: string

    beforeAll(async () => {
      place = await newWorkplace()
      await mkdir(join(place.folder, 'model'))
      const made = withTemplate(await smollm2Gguf(), originals[name])
      text = made.text
      await writeFile(join(place.folder, 'model/model.gguf'), made.bytes)
      await connect(
        async (client) => void (await publishOllama(client, registryAddress(labSettings()), version)),
      )
      const recipe = `name: prompts\nmodel: { name: prompts, license: Apache-2.0 }\nengine: { id: ollama }\nweights: { source: { type: folder, path: model } }\nserving: { contextLength: 2048 }\nimage: { base: "ollama/ollama:${version}" }\n`
      const built = await ingot(['build', await writeRecipe(place, 'prompts', recipe), '--json'], place)
      expect(built.code, built.stderr).toBe(0)
      report = JSON.parse(built.stdout)[0]
    })

    afterAll(async () => {
      await rm(place.folder, { recursive: true, force: true })
    })

    test('sends what the original writes', async () => {
      const original = originalOf({ text, bosToken: '<|im_start|>', eosToken: '<|im_end|>', addsBos: false })
      const prompts = await withBooted(place, report, (url) =>
        Promise.all(plainChats.map(({ messages }) => promptOf(url, messages))),
      )
      expect(prompts).toEqual(plainChats.map(original))
    })
  },
)

async function promptOf(url: string, messages: readonly object[]): Promise<string> {
  const body = JSON.stringify({ model: 'prompts', messages, stream: false, _debug_render_only: true })
  const answer = await fetch(`${url}/api/chat`, { method: 'POST', body })
  const { _debug_info: info } = (await answer.json()) as { _debug_info?: { rendered_template: string } }
  return info?.rendered_template ?? `no prompt: ${answer.status}`
}

/** A GGUF with another chat template. A comment fills it up, so that the tensors stay at their alignment. */
function withTemplate(bytes: Buffer, template: string): { bytes: Buffer; text: string } {
  const at = bytes.indexOf('tokenizer.chat_template') + 'tokenizer.chat_template'.length + 4
  const oldLength = Number(bytes.readBigUInt64LE(at))
  const open = Buffer.byteLength(`${template}{##}`)
  const filler = ' '.repeat((((oldLength - open) % 32) + 32) % 32)
  const text = `${template}{#${filler}#}`
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)))
  const parts = [bytes.subarray(0, at), length, Buffer.from(text), bytes.subarray(at + 8 + oldLength)]
  return { bytes: Buffer.concat(parts), text }
}
