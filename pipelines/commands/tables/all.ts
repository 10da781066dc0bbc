import { memoryTable } from '../../memory/options.ts'
import { benchTable } from './bench.ts'
import { buildTable } from './build.ts'
import { bundleTable } from './bundle.ts'
import { checkTable } from './check.ts'
import { completionTable } from './completion.ts'
import { diffTable } from './diff.ts'
import { doctorTable } from './doctor.ts'
import { fetchTable } from './fetch.ts'
import { gateTable } from './gate.ts'
import { gpuCodeTable } from './gpu-code.ts'
import { initTable } from './init.ts'
import { listTable } from './list.ts'
import { lockTable } from './lock.ts'
import { planTable } from './plan.ts'
import { pruneTable } from './prune.ts'
import { publishTable } from './publish.ts'
import { runTable } from './run.ts'
import { runFilesTable } from './run-files.ts'
import { sbomTable } from './sbom.ts'
import { scanTable } from './scan.ts'
import { sizeTable } from './size.ts'
import { outdatedTable, updateTable } from './update.ts'
import { verifyTable } from './verify.ts'
import { versionTable } from './version.ts'
import { vulnerabilitiesTable } from './vulnerabilities.ts'

/** Every command's table, in the order of the help. */
export const tables = [
  initTable,
  listTable,
  checkTable,
  lockTable,
  outdatedTable,
  updateTable,
  diffTable,
  planTable,
  buildTable,
  runTable,
  verifyTable,
  gateTable,
  benchTable,
  publishTable,
  runFilesTable,
  bundleTable,
  fetchTable,
  memoryTable,
  sizeTable,
  sbomTable,
  vulnerabilitiesTable,
  scanTable,
  pruneTable,
  gpuCodeTable,
  doctorTable,
  completionTable,
  versionTable,
] as const

export type CommandName = (typeof tables)[number]['name']
