import { expect, test } from 'vitest'
import { indexName, lockedShards, packedAndUnpacked } from '../pipelines/weights/shards.ts'
import { pythonJson } from '../python.ts'
import { scratchStore } from '../scratch.ts'
import { pythonPath } from '../tools/find.ts'

/** Reads every tensor of a sharded model where its index says it is, and gives the sha256 of each one's bytes. */
const load = `
import hashlib, json, sys
from safetensors import safe_open
folder, index = sys.argv[1:]
found = {}
for tensor, shard in json.load(open(f'{folder}/{index}'))['weight_map'].items():
    with safe_open(f'{folder}/{shard}', framework='numpy') as file:
        found[tensor] = hashlib.sha256(file.get_tensor(tensor).tobytes()).hexdigest()
print(json.dumps(found))
`

test('safetensors itself loads the same tensors from split shards by their new index', async () => {
  const python = pythonPath('safetensors')
  const sharded = await lockedShards()
  const model = await packedAndUnpacked(await scratchStore(), sharded)
  const before = await pythonJson(python, ['-c', load, sharded.folder, indexName])
  expect(await pythonJson(python, ['-c', load, model, indexName])).toEqual(before)
  expect(Object.keys(Object(before))).toHaveLength(8)
})
