import { expect, test } from 'vitest'
import { causeFinder, causeOfDistribution, causeOfPackage } from '../../../images/attribution/causes.ts'

/** Paths as they stand in published images of these servers and in images of ours. */
test.each([
  ['/usr/local/lib/python3.12/dist-packages/nvidia/cublas/lib/libcublas.so.12', 'CUDA libraries'],
  ['/opt/vllm/lib/python3.13/site-packages/nvidia_cublas_cu12-12.1.dist-info/RECORD', 'CUDA libraries'],
  ['/usr/local/cuda-12.9/targets/x86_64-linux/lib/libcudart.so.12', 'CUDA libraries'],
  ['/usr/lib/x86_64-linux-gnu/libnccl.so.2.27.3', 'CUDA libraries'],
  ['/usr/lib/ollama/cuda_v12/libcublasLt.so.12', 'CUDA libraries'],
  ['/opt/vllm/lib/python3.13/site-packages/torch/lib/libcudart-d0da41ae.so.11.0', 'CUDA libraries'],
  ['/usr/lib/x86_64-linux-gnu/libcurl.so.4', 'base system'],
  ['/usr/lib/x86_64-linux-gnu/libcuda_not_ours.txt', 'base system'],
  ['/opt/vllm/lib/python3.13/site-packages/torch/lib/libtorch_cuda.so', 'torch'],
  ['/usr/lib/python3/dist-packages/triton/_C/libtriton.so', 'torch'],
  ['/opt/vllm/lib/python3.13/site-packages/torchvision.libs/libjpeg.so', 'torch'],
  ['/opt/vllm/lib/python3.13/site-packages/vllm/_C.abi3.so', 'engine'],
  ['/opt/vllm/lib/python3.13/site-packages/vllm-0.33.0.dist-info/METADATA', 'engine'],
  ['/opt/vllm/lib/python3.13/site-packages/flashinfer/data/x.cuh', 'engine'],
  ['/usr/local/lib/python3.12/dist-packages/sgl_kernel/common_ops.abi3.so', 'engine'],
  ['/usr/local/lib/python3.12/dist-packages/tensorrt_llm/libs/libth_common.so', 'engine'],
  ['/usr/local/lib/python3.12/dist-packages/tensorrt/libnvinfer.so.10', 'CUDA libraries'],
  ['/usr/src/server/text_generation_server/cli.py', 'engine'],
  ['/usr/bin/ollama', 'engine'],
  ['/usr/bin/llama-server', 'engine'],
  ['/usr/lib/x86_64-linux-gnu/ggml/backends0/libggml-cpu-haswell.so', 'engine'],
  ['/opt/vllm/lib/python3.13/site-packages/transformers/models/llama/modeling_llama.py', 'Python'],
  ['/usr/lib/python3.13/asyncio/__init__.py', 'Python'],
  ['/usr/bin/python3.13', 'Python'],
  ['/usr/lib/x86_64-linux-gnu/libpython3.13.so.1.0', 'Python'],
  ['/root/.local/share/uv/python/cpython-3.12/lib/libpython3.12.so', 'Python'],
  ['/models/m/tokenizer.json', 'weights'],
  ['/root/.ollama/models/blobs/sha256-6a0746a1ec1a', 'weights'],
  ['/data/models--org--name/snapshots/abc/config.json', 'weights'],
  ['/opt/app/model-00001-of-00002.safetensors', 'weights'],
  ['/usr/local/lib/ingot/weights-guard', 'our files'],
  ['/usr/bin/env', 'base system'],
  ['/bin/sh', 'base system'],
  ['/workspace/notes.txt', 'other'],
])('%s: %s', (path, cause) => {
  expect(causeFinder()(path)).toBe(cause)
})

test.each([
  ['nvidia-cublas-cu12', 'CUDA libraries'],
  ['cuda-bindings', 'CUDA libraries'],
  ['torch', 'torch'],
  ['triton', 'torch'],
  ['vllm', 'engine'],
  ['flashinfer-python', 'engine'],
  ['tensorrt-llm', 'engine'],
  ['numpy', 'Python'],
])('distribution %s: %s', (name, cause) => {
  expect(causeOfDistribution(name)).toBe(cause)
})

test.each([
  ['llama.cpp-tools', 'engine'],
  ['libggml0', 'engine'],
  ['python3.13', 'Python'],
  ['libcudart12', 'CUDA libraries'],
  ['libcurl4', 'base system'],
  ['libgomp1', 'base system'],
])('package %s: %s', (name, cause) => {
  expect(causeOfPackage(name)).toBe(cause)
})
