import type { PythonImports } from '../engine-facts.ts'
import { imagePython } from '../python-environment.ts'

export const imports: PythonImports = {
  modules: ['sglang', 'sglang.srt.server_args', 'sglang.launch_server', 'sglang.srt.models.llama'],
  imagePython,
}
