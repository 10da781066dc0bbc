import { describe, expect, test } from 'vitest'
import { modelStatement, signableModels } from '../../../images/oci/model-signature.ts'
import { digestOf } from '../../../lib/digest.ts'
import { lock } from '../../pipelines/sbom/image.ts'

const file = (path: string, digit: string) => ({ path, sizeBytes: 1, sha256: digit.repeat(64) })

describe('a statement about a model', () => {
  test('names every file in the order of folders, and has their hashes together as its subject', () => {
    const files = [file('b', '2'), file('a.b', '3'), file('a/b', '1'), file('a', '4')]
    const { subject, predicate } = modelStatement({ name: 'llm', path: 'model.sig', files })
    const bytes = Buffer.from(['4', '1', '3', '2'].map((digit) => digit.repeat(64)).join(''), 'hex')
    expect(subject).toEqual({ name: 'llm', digest: digestOf(bytes) })
    expect(predicate).toMatchObject({ resources: ['a', 'a/b', 'a.b', 'b'].map((name) => ({ name })) })
  })

  test('a part is signed for itself, under the folder that it has in the image', () => {
    const part = { role: 'adapter' as const, name: 'acme/sql', weights: lock.weights }
    const models = signableModels('acme/llm', { weights: lock.weights, parts: [part] as never })
    expect(models.map(({ name, path }) => `${name} ${path}`)).toEqual([
      'acme/llm model.sig',
      'acme-sql parts/adapter/acme-sql.sig',
    ])
  })
})
