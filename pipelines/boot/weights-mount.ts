import { type Tool, toolOutput } from './tool.ts'

/** One folder of a pulled image as flags of `run`, and how to let go of it afterwards. */
export interface MountFlags {
  flags: string[]
  release(): Promise<unknown>
}

/** Mounts `path` of an image at the same place in the container, read-only. Docker can from version 28 on. */
export async function mountFlags(tool: Tool, reference: string, path: string): Promise<MountFlags> {
  if (tool.name === 'docker') {
    const mount = `type=image,source=${reference},destination=${path},image-subpath=${path.slice(1)}`
    return { flags: ['--mount', mount], release: async () => undefined }
  }
  const folder = await toolOutput(tool, ['image', 'mount', reference])
  return {
    flags: ['--volume', `${folder}${path}:${path}:ro`],
    release: () => toolOutput(tool, ['image', 'unmount', '--force', reference]),
  }
}
