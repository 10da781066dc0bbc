import type { PythonImports } from '../engine-facts.ts'
import { imagePython } from '../python-environment.ts'

export const imports: PythonImports = {
  modules: ['tensorrt_llm', 'tensorrt_llm.serve', 'tensorrt_llm._torch.models'],
  imagePython,
}
