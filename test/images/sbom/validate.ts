import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonPath } from '../../tools/find.ts'

/** What the SPDX project's own reader finds wrong; empty when nothing is. */
export function spdxProblems(text: string): Promise<string> {
  return problems(text, spdxProgram)
}

/** What CycloneDX's own library finds wrong by its strict schema of 1.6; empty when nothing is. */
export function cycloneDxProblems(text: string): Promise<string> {
  return problems(text, cycloneDxProgram)
}

const spdxProgram = `
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
try:
    document = parse_file(sys.argv[1])
    print("\\n".join(m.validation_message for m in validate_full_spdx_document(document)), end="")
except Exception as error:
    print(error.get_messages() if hasattr(error, "get_messages") else error, end="")
`

const cycloneDxProgram = `
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
print(str(error)[:2000] if error else "", end="")
`

async function problems(text: string, program: string): Promise<string> {
  const python = pythonPath('sbom')
  const folder = await mkdtemp(join(tmpdir(), 'ingot-sbom-'))
  try {
    const file = join(folder, 'document.json')
    await writeFile(file, text)
    return (await promisify(execFile)(python, ['-c', program, file], { maxBuffer: 1 << 26 })).stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}
