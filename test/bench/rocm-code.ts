// What is left of code for AMD's GPUs in a tree of Debian's packages, by a second reader: node test/bench/rocm-code.ts FOLDER rx-7900-xtx
// FOLDER is changed: unpack libggml0-backend-hip of forky with all that it needs into it (`dpkg-deb -x`), 5.4 GB.
import { lstat, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { rocmSlimming } from '../../images/engines/llama-cpp/rocm.ts'
import { findGpu } from '../../images/memory/gpus.ts'
import { ruleMatcher } from '../../images/slim-rules/slimming.ts'
import { rewriteFiles } from '../../pipelines/slim-tree/rewrite.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { memoryOf } from '../images/elf/memory.ts'
import { codeObjectsIn } from '../images/gpu-code/amd-second-reader.ts'

const [place = '.', card = 'rx-7900-xtx'] = process.argv.slice(2)
const folder = await realpath(place)
const gpu = findGpu(card)
const parsed = parseRecipe(
  'name: x\nmodel: { name: x }\nengine: { id: llama-cpp, device: rocm }\nweights: { source: { type: folder, path: . } }\n',
  'x.yaml',
)
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))

const before = await countTree()
const sums = { libraries: 0, kernelFiles: 0, kernelFileBytes: 0 }
const rewriting = { targets: [gpu.architecture], symbols: false, bytecode: false }
for await (const { gpuCodeBytes } of rewriteFiles(folder, rewriting)) sums.libraries += gpuCodeBytes
const matchers = rocmSlimming(parsed.recipe, gpu).rules.map(ruleMatcher)
for (const path of await filesBelow())
  if (matchers.some((matches) => matches(path.slice(folder.length)))) {
    sums.kernelFiles += 1
    sums.kernelFileBytes += (await lstat(path)).size
    await rm(path)
  }
process.stdout.write(`${JSON.stringify({ before, sums, after: await countTree() }, null, 2)}\n`)

/** Bytes of the tree, and code objects by the number of their processor, in each library as it is loaded and in each kernel file. */
async function countTree(): Promise<{ bytes: number; objects: Record<string, number> }> {
  const objects: Record<string, number> = {}
  let bytes = 0
  for (const path of await filesBelow()) {
    const content = await readFile(path)
    bytes += content.length
    if (content.length < 64 || content.readUInt32BE(0) !== 0x7f454c46) continue
    const isCode = content.readUInt16LE(18) === 224
    const seen = codeObjectsIn(isCode ? content : memoryOf(content))
    for (const { machine } of seen) objects[machine.toString(16)] = (objects[machine.toString(16)] ?? 0) + 1
  }
  return { bytes, objects }
}

async function filesBelow(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  // Links such as /lib lead to folders that are read under their own names as well.
  const real = await Promise.all(files.map((path) => realpath(path)))
  return files.filter((path, index) => real[index] === path)
}
