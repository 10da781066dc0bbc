import type { Client } from '@dagger.io/dagger'
import type { Report } from '../../images/report/report.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import type { Workplace } from '../e2e/ingot.ts'

/** Opens with what FlashInfer's kernels open with: types of 16 bits, CUB and the standard library for devices. */
const kernel = `#include <cuda_runtime.h>
#include <cuda_fp16.h>
#include <cuda_bf16.h>
#include <cub/cub.cuh>
#include <cuda/std/array>
__global__ void add(float* a, __half* b, __nv_bfloat16* c) {
  int i = threadIdx.x;
  a[i] += __half2float(b[i]) + __bfloat162float(c[i]);
}
extern "C" int run() {
  add<<<1, 32>>>(nullptr, nullptr, nullptr);
  return cudaGetLastError();
}
`

/** The folders and flags of flashinfer/jit/cpp_ext.py 0.7.2. */
const script = (python: string) => `cd /tmp
data=\${CUDA_HOME%/*/*}/flashinfer/data/cccl
"$CUDA_HOME/bin/nvcc" -std=c++17 -gencode=arch=compute_90a,code=sm_90a --compiler-options=-fPIC \\
  -I"$data/cub" -I"$data/libcudacxx/include" -I"$data/thrust" -isystem "$CUDA_HOME/include" -c kernel.cu -o kernel.o
c++ kernel.o -shared -L"$CUDA_HOME/lib64" -lcudart -o kernel.so
LD_LIBRARY_PATH="$CUDA_HOME/lib" ${python} -c 'import ctypes; print(ctypes.CDLL("/tmp/kernel.so").run())'`

/** `cudaErrorInsufficientDriver`, and `cudaErrorNoDevice`: what a kernel that was compiled and loaded says without a driver or a card. */
export const ranWithoutCard = /^(35|100)\n$/

/** What a kernel for an H100 gives that was compiled, linked and loaded in a built image, with the toolkit that it names. */
export async function compileKernel(
  client: Client,
  place: Workplace,
  report: Report,
  python: string,
): Promise<string> {
  const store = await openStore(place.store)
  const registry = await serveStore(store, {})
  try {
    return await client
      .container()
      .from(`localhost:${registry.port}/ingot@${report.image}`, {
        registryService: client.host().service([{ frontend: registry.port, backend: registry.port }]),
      })
      .withNewFile('/tmp/kernel.cu', kernel)
      .withExec(['/usr/bin/sh', '-ceu', script(python)])
      .stdout()
  } finally {
    await registry.close()
    await closeStore(store)
  }
}
