import { testCases } from './case-table.ts'

// What people met with models of many makers.
testCases('field-cases.tsv', 81)
