// A child process of network-policies.test.ts and services.test.ts, in a network namespace of its own: runs the rows of
// the suite that its argument names, or those whose title has a text, and prints the findings as JSON.

import { runRows } from './run-rows.ts'
import { SUITES } from './suites.ts'
import { startWorld } from './world.ts'

const [suite = '', only = ''] = process.argv.slice(2)
const rows = SUITES[suite as keyof typeof SUITES].filter(({ title }) => title.includes(only))
const world = await startWorld()
try {
  const findings = await runRows(world, rows)
  process.stdout.write(JSON.stringify(findings))
} finally {
  await world.close()
}
