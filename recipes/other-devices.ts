/** What people write for `engine.device` that it does not know, and what there is in its stead. */
const instead: Readonly<Record<string, string>> = {
  hip: 'HIP is what programs for ROCm are written in: engine.device: rocm of llama-cpp computes on cards of AMD',
  amd: 'engine.device: rocm or vulkan of llama-cpp computes on cards of AMD',
  sycl: 'images for SYCL are not built; engine.device: vulkan of llama-cpp computes on cards of Intel',
  xpu: 'images for SYCL are not built; engine.device: vulkan of llama-cpp computes on cards of Intel',
  intel: 'engine.device: vulkan of llama-cpp computes on cards of Intel; images for SYCL are not built',
  metal: 'containers have no Metal; device: cpu with image.platform: linux/arm64 is what runs on a Mac',
  mps: 'containers have no Metal; device: cpu with image.platform: linux/arm64 is what runs on a Mac',
  nvidia: 'cards of NVIDIA are cuda',
  gpu: 'cards of NVIDIA are cuda, those of AMD rocm; vulkan of llama-cpp computes on those of AMD, Intel and NVIDIA',
  tpu: 'images for TPUs are not built',
  npu: 'images for NPUs are not built',
}

/** A hint for a device that is not built, undefined for any other word. */
export function otherDevice(word: string): string | undefined {
  return Object.hasOwn(instead, word.toLowerCase()) ? instead[word.toLowerCase()] : undefined
}
