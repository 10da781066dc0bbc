import { expect, test } from 'vitest'
import type { ImagePlan } from '../../../images/plan/plan.ts'
import type { Inventory, TreeEntry } from '../../../images/tree/inventory.ts'
import { mostLayerBytes, treeLayers } from '../../../images/tree/layers.ts'

const root = '/opt/vllm/lib/python3.11/site-packages'
const file = (path: string, megabytes: number, owner?: string): TreeEntry => ({
  path,
  type: 'file',
  mode: '644',
  sizeBytes: megabytes * 1e6,
  ...(owner === undefined ? {} : { package: owner }),
})

const entries = [
  file('/etc/passwd', 1),
  file('/usr/bin/python3.11', 7, 'python3.11-minimal'),
  file('/usr/lib/python3.11/os.py', 30, 'libpython3.11-stdlib'),
  file('/usr/lib/x86_64-linux-gnu/libc.so.6', 2, 'libc6'),
  file('/usr/lib/x86_64-linux-gnu/libgomp.so.1', 1, 'libgomp1'),
  file(`${root}/nvidia/cu13/lib/libcublasLt.so.13`, 390, 'pypi/nvidia-cublas'),
  file(`${root}/nvidia/cu13/lib/libnvrtc.so.13`, 60, 'pypi/nvidia-cuda-nvrtc'),
  file(`${root}/nvidia/cu13/lib/libcufile.so.0`, 5, 'pypi/nvidia-cufile'),
  file(`${root}/nvidia/cudnn/lib/libcudnn_a.so.9`, 700, 'pypi/nvidia-cudnn-cu13'),
  file(`${root}/nvidia/cudnn/lib/libcudnn_b.so.9`, 500, 'pypi/nvidia-cudnn-cu13'),
  file(`${root}/torch/lib/libtorch_cuda.so`, 800, 'pypi/torch'),
  file(`${root}/transformers/__init__.py`, 50, 'pypi/transformers'),
  file(`${root}/transformers/__pycache__/x.pyc`, 40),
  file(`${root}/triton/_C/libtriton.so`, 250, 'pypi/triton'),
  file(`${root}/vllm/_C.abi3.so`, 600, 'pypi/vllm'),
  file(`${root}/vllm/whole.so`, 1200, 'pypi/vllm'),
].sort((a, b) => (a.path < b.path ? -1 : 1))

const inventory: Inventory = { entries, basePackages: ['libc6'] }
// layersOf reads these members only.
const plan = {
  settings: [],
  enginePaths: [`${root}/vllm/**`],
  runtime: { source: { type: 'python', folder: '/opt/vllm' }, locked: { base: { reference: 'debian' } } },
  engine: { id: 'vllm', version: '0.33.0' },
} as unknown as ImagePlan
const layers = treeLayers(entries, inventory, plan)

test('stand in the order of how often they change, large packages apart', () => {
  expect(layers.map(({ name, sizeBytes }) => `${name} ${sizeBytes / 1e6}`)).toEqual([
    'system 3',
    'libraries 1',
    'python 37',
    'cuda-nvidia-cublas 390',
    'cuda-nvidia-cudnn-cu13-1 700',
    'cuda-nvidia-cudnn-cu13-2 500',
    'cuda 65',
    'torch-torch 800',
    'kernels-triton 250',
    'packages 90',
    'engine-1 600',
    'engine-2 1200',
  ])
})

test('hold every file once', () => {
  const paths = layers.flatMap((layer) => layer.paths)
  expect(paths.sort()).toEqual(entries.map(({ path }) => path))
})

test('are within the limit but for a file that is not', () => {
  for (const { paths, sizeBytes } of layers)
    expect(sizeBytes <= mostLayerBytes || paths.length === 1).toBe(true)
})

test('say what they are in words', () => {
  expect(layers.find(({ name }) => name === 'cuda-nvidia-cudnn-cu13-2')?.cause).toBe(
    'CUDA libraries: nvidia-cudnn-cu13 (2 of 2)',
  )
})
