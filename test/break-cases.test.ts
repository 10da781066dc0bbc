import { testCases } from './case-table.ts'

// Bad inputs, faults in the middle of work, and what a newcomer met. Rows of one number are one finding; `h` is what held
// from the beginning, and has to.
testCases('break-cases.tsv', 125)
