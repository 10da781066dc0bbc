import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errnoOf } from '../../lib/error.ts'
import { isConfig } from '../../recipes/model-facts/config-value.ts'
import { ggufShards, isGgufModel } from '../../recipes/model-facts/gguf-files.ts'
import type { SafetensorsHeader } from '../../recipes/model-facts/tensors.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import { openRegularFile, readRegularFile } from '../files/regular-file.ts'
import { ModelReaderError } from './error.ts'
import { factsFromFiles, isWeightShard, shardsOfIndex } from './facts.ts'
import { readGguf } from './gguf.ts'

/** Largest header anyone writes is a few MB; a larger length means the file is not a safetensors file. */
const mostHeaderBytes = 100 * 1024 ** 2

/** Facts of a model in a folder: config.json and headers, or one GGUF file. */
export async function readFolder(folder: string): Promise<ModelFacts> {
  const names = await readdir(folder)
  const models = names.filter(isGgufModel)
  if (!names.includes('config.json') && models.length > 0)
    return readGgufFile(folder, onlyOne(models, folder))
  return factsFromFiles({
    label: folder,
    configText: await textOf(join(folder, 'config.json')),
    quantText: await textOf(join(folder, 'hf_quant_config.json')),
    headers: await headersIn(folder, names),
  })
}

export async function readGgufFile(folder: string, name: string): Promise<ModelFacts> {
  const shards = ggufShards(name).map((shard) => join(folder, shard))
  // A shard that is missing is said by its reader.
  await Promise.all(shards.map((shard) => requireFile(shard).catch(passMissing)))
  return readGguf({ shards, isLocal: true })
}

/** Facts from a configuration file alone; the caller says how many bytes the weights have. Throws `no-model`. */
export async function readConfigFile(file: string): Promise<ModelFacts> {
  const read = await readRegularFile(file)
  if (!read.ok)
    throw new ModelReaderError('no-model', {
      attempted: `read the configuration ${file}`,
      found: errnoOf(read.cause) === 'ENOENT' ? 'there is no such file' : read.found,
      hint: 'name the config.json of a model',
      cause: read.cause,
    })
  // ModelOpt's file describes the model that it lies beside.
  const quantText = await textOf(join(dirname(file), 'hf_quant_config.json'))
  return factsFromFiles({ label: file, configText: read.text, quantText, headers: [] })
}

function onlyOne(models: readonly string[], folder: string): string {
  const [first, second] = models
  if (first !== undefined && second === undefined) return first
  throw new ModelReaderError('no-model', {
    attempted: `read ${folder}`,
    found: `it has ${models.length} GGUF models: ${models.slice(0, 5).join(', ')}`,
    hint: 'name the file',
  })
}

async function textOf(file: string): Promise<string | undefined> {
  const read = await readRegularFile(file)
  if (read.ok) return read.text
  if (errnoOf(read.cause) === 'ENOENT') return undefined
  throw new ModelReaderError('bad-config', {
    attempted: `read ${file}`,
    found: read.found,
    hint: 'a model has a regular file there; get it again from where the model came from',
    cause: read.cause,
  })
}

async function headersIn(folder: string, names: readonly string[]): Promise<SafetensorsHeader[]> {
  const index = await textOf(join(folder, 'model.safetensors.index.json'))
  const shards = index === undefined ? names.filter(isWeightShard) : shardsOfIndex(index, folder)
  return Promise.all(shards.map((name) => readHeader(join(folder, name))))
}

function passMissing(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error
}

/** What is no file is not opened: a FIFO would be waited for without an end. */
async function requireFile(file: string): Promise<void> {
  if (!(await stat(file)).isFile())
    throw new ModelReaderError('no-model', {
      attempted: `read ${file}`,
      found: 'it is no regular file',
      hint: 'name a folder that holds the files of a model',
    })
}

/** A safetensors header: its length as u64, then JSON; nothing behind it is read. Throws `bad-header`. */
async function readHeader(file: string): Promise<SafetensorsHeader> {
  const opened = await openRegularFile(file)
  if (!opened.ok) throw badHeader(file, opened.found)
  const handle = opened.file
  try {
    const head = Buffer.alloc(8)
    await handle.read(head, 0, 8, 0)
    const sizeBytes = Number(head.readBigUInt64LE())
    if (sizeBytes === 0 || sizeBytes > mostHeaderBytes)
      throw badHeader(file, `its header would have ${sizeBytes} bytes`)
    const body = Buffer.alloc(sizeBytes)
    const { bytesRead } = await handle.read(body, 0, sizeBytes, 8)
    if (bytesRead < sizeBytes) throw badHeader(file, 'it ends inside its header')
    const header: unknown = JSON.parse(body.toString('utf8'))
    if (isConfig(header)) return header
    throw badHeader(file, 'its header is not a JSON object')
  } catch (error) {
    throw error instanceof SyntaxError ? badHeader(file, 'its header is not JSON') : error
  } finally {
    await handle.close()
  }
}

function badHeader(file: string, found: string): ModelReaderError {
  return new ModelReaderError('bad-header', {
    attempted: `read the header of ${file}`,
    found,
    hint: 'check that the file is complete and is a safetensors file',
  })
}
