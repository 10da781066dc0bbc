import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { builderOf, documentsOf } from '../../../pipelines/outgoing/documents.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { pythonPath } from '../../tools/find.ts'
import { openPlace, type Place } from '../publish/place.ts'
import { lock } from '../sbom/image.ts'
import { builtSample } from './sample.ts'

// The in-toto project's own library is installed on first use.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })
let place: Place
let python: string

beforeAll(async () => {
  place = await openPlace()
  python = pythonPath('in-toto')
})

afterAll(() => place.close())

/** Reads a statement by the published protobuf schemas of in-toto and SLSA: unknown members and wrong types are errors. */
const program = `
import sys
from google.protobuf import json_format
from in_toto_attestation.v1.statement import Statement
import in_toto_attestation.v1.statement_pb2 as statements
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
kinds = {
    "https://slsa.dev/provenance/v1": provenance_pb2.Provenance,
    "https://in-toto.io/attestation/test-result/v0.1": test_result_pb2.TestResult,
}
statement = json_format.Parse(open(sys.argv[1]).read(), statements.Statement())
Statement.copy_from_pb(statement).validate()
predicate = json_format.MessageToDict(statement.predicate)
metadata = predicate.get("runDetails", {}).get("metadata", {})
# SLSA leaves names with a vendor before an underscore to the vendor.
for name in [name for name in metadata if name.startswith("ingot_")]:
    del metadata[name]
json_format.ParseDict(predicate, kinds[statement.predicate_type]())
`

async function problems(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-statement-'))
  try {
    const file = join(folder, 'statement.json')
    await writeFile(file, text)
    const done = await promisify(execFile)(python, ['-c', program, file]).catch((error) => error)
    return done.stderr.trim().split('\n').slice(-2).join(' ')
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('statements', () => {
  const environment = {
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_WORKFLOW_REF: 'acme/llm/.github/workflows/images.yml@refs/heads/main',
    GITHUB_REPOSITORY: 'acme/llm',
    GITHUB_RUN_ID: '7',
  }

  async function statement(name: string, isUnverified = false): Promise<string> {
    const documents = documentsOf(await builtSample(place.store), {
      isUnverified,
      workflowRun: readSettings(environment).workflowRun,
    })
    return documents.find((document) => document.name === name)?.text ?? ''
  }

  test('provenance is what in-toto and SLSA say it is; a wrong member is seen', async () => {
    const text = await statement('provenance')
    expect(await problems(text)).toBe('')
    expect(await problems(text.replace('"buildType"', '"buildTypo"'))).toContain('buildTypo')
    expect(await problems(text.replace('"subject":[', '"subject":[],"other":['))).not.toBe('')
  })

  test('so is the test result', async () => {
    const text = await statement('test-result')
    expect(await problems(text)).toBe('')
    expect(await problems(text.replace('"result"', '"results"'))).toContain('results')
  })

  test('provenance names recipe, lock, plan and builder, and every pinned thing by its hash', async () => {
    const { subject, predicate } = JSON.parse(await statement('provenance'))
    const { buildDefinition, runDetails } = predicate
    expect(subject).toMatchObject([{ name: 'sbom-sample', digest: { sha256: expect.any(String) } }])
    expect(buildDefinition.externalParameters.recipe.name).toBe('sbom-sample')
    expect(buildDefinition.internalParameters).toMatchObject({
      plan: expect.any(String),
      weights: lock.weights.setDigest,
    })
    expect(runDetails.builder.id).toBe(
      'https://github.com/acme/llm/.github/workflows/images.yml@refs/heads/main',
    )
    const hashes = buildDefinition.resolvedDependencies.map(
      ({ digest }: { digest: { sha256: string } }) => digest.sha256,
    )
    for (const { sha256 } of lock.weights.files) expect(hashes).toContain(sha256)
    expect(hashes).toContain(lock.runtime.base.digest.slice('sha256:'.length))
    expect(hashes).toContain('a'.repeat(64))
    expect(hashes).toContain('b'.repeat(64))
  })

  test('publishing what nobody verified is recorded', async () => {
    const flagOf = async (isUnverified: boolean) =>
      JSON.parse(await statement('provenance', isUnverified)).predicate.runDetails.metadata
        .ingot_publishedUnverified
    expect([await flagOf(true), await flagOf(false)]).toEqual([true, false])
  })
})

test('the builder is the workflow where GitHub names one', () => {
  expect(builderOf(readSettings({}).workflowRun)).toEqual({ builderId: 'urn:dev.ingot:builder:local' })
  expect(
    builderOf(
      readSettings({
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_WORKFLOW_REF: 'acme/llm/.github/workflows/images.yml@refs/heads/main',
        GITHUB_REPOSITORY: 'acme/llm',
        GITHUB_RUN_ID: '7',
        GITHUB_RUN_ATTEMPT: '2',
      }).workflowRun,
    ),
  ).toEqual({
    builderId: 'https://github.com/acme/llm/.github/workflows/images.yml@refs/heads/main',
    invocationId: 'https://github.com/acme/llm/actions/runs/7/attempts/2',
  })
})
