import { z } from 'zod'
import { engineOf } from '../engines/engines.ts'
import type { ImagePlan } from '../plan/plan.ts'
import { type GatePart, gatePart, notRun } from './result.ts'

/** What the engines in Python stand on. */
const foundations = [
  'torch',
  'torch.distributed',
  'torch._inductor.compile_fx',
  'torch.utils.cpp_extension',
  'transformers',
  'tokenizers',
  'safetensors.torch',
  'numpy',
  'numba',
  'sympy',
  'scipy',
  'networkx',
  'xgrammar',
  'outlines_core',
  'llguidance',
  'openai',
  'fastapi',
  'uvicorn',
  'prometheus_client',
  'sentencepiece',
  'tiktoken',
  'PIL.Image',
  'cv2',
  'zmq',
  'ray',
  'compressed_tensors',
]

/** Looked at only on images for GPUs. */
const onGpus = ['triton', 'triton.language', 'triton.backends', 'flashinfer', 'nvidia.cudnn', 'cuda.bindings']

/** What is imported in an image: what engines in Python stand on and what this one is made of; nothing without Python. */
export function modulesOf({ engine, requires }: Pick<ImagePlan, 'engine' | 'requires'>): readonly string[] {
  const { imports } = engineOf(engine.id)
  if (imports === null) return []
  return [...foundations, ...(requires === undefined ? [] : onGpus), ...imports.modules]
}

/** The interpreter that has the engine's packages; null where none is in the image. */
export function interpreterOf({
  engine,
  runtime: { source },
}: Pick<ImagePlan, 'engine' | 'runtime'>): string | null {
  const { imports } = engineOf(engine.id)
  if (imports === null) return null
  return source.type === 'python' ? `${source.folder}/bin/python` : imports.imagePython
}

/** Module to the error it raised, null for one that imported. */
const outcomes = z.record(z.string(), z.string().nullable())
export type ImportOutcomes = z.infer<typeof outcomes>

/**
 * Imports each module given as an argument, each in a process of its own since a failed import leaves others half done, and
 * prints outcomes as JSON.
 */
export const importScript = `
import json, os, sys
results = {}
for name in sys.argv[1:]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            __import__(name)
            said = ''
        except BaseException as error:
            said = f'{type(error).__name__}: {error}'[:300] or 'failed'
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    said = b''
    while part := os.read(read, 4096):
        said += part
    status = os.waitpid(child, 0)[1]
    results[name] = f'the process ended with status {status}' if status else said.decode() or None
print(json.dumps(results))
`

export function parseImports(text: string): ImportOutcomes {
  return outcomes.parse(JSON.parse(text.trim().split('\n').at(-1) ?? ''))
}

export function judgeImports(stock: ImportOutcomes, slim: ImportOutcomes): GatePart {
  const names = Object.keys(slim)
  if (names.length === 0) return notRun('imports', 'no module is named for this engine')
  const worse = names.filter((name) => stock[name] === null && slim[name] !== null)
  const neither = names.filter((name) => stock[name] !== null && slim[name] !== null)
  const imported = names.length - worse.length - neither.length
  return gatePart('imports', {
    good: imported > 0 && worse.length === 0,
    found: `${imported} modules import, ${worse.length} do not although they do in the stock image, ${neither.length} import in neither`,
    details: [
      ...worse.map((name) => `${name}: ${slim[name]}`),
      ...neither.map((name) => `in neither: ${name}: ${slim[name]}`),
    ],
  })
}
