// The commands that run a cloud rather than talk to one: up, down, reset, restore. `brume` starts this file for them.

import { resolveOwnFilesFast } from './fast-resolve.ts'

resolveOwnFilesFast()
const { runCommand } = await import('./commands/commands.ts')
process.exitCode = await runCommand(process.argv.slice(2))
