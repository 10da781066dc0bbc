/** What a server computes on. */
export const devices = ['cpu', 'cuda', 'vulkan', 'rocm'] as const
export type Device = (typeof devices)[number]
