// `brume logs`: what the cloud itself says, and its containerd. Logs of containers are kubectl's.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT_OK, UsageError } from '@brume/base/command-line'
import { DATA_DIR } from '@brume/machine/commands/options'
import { type Command, CommandError, dataDirOf } from '../command.ts'
import { DEFAULT_LINES, followFile, interrupted, linesOf, tailOf } from '../follow.ts'

/** Below the data directory. */
const FILES: Readonly<Record<string, string>> = {
  cloud: 'log/brume.log',
  containerd: 'node/containerd/log',
}

export const logs: Command = {
  spec: {
    name: 'logs',
    usage: '[cloud|containerd]',
    summary: 'Show what the cloud itself logs, or its container runtime',
    details: 'Logs of containers: kubectl logs POD',
    options: [
      DATA_DIR,
      { name: 'follow', short: 'f', help: 'Go on with what comes, until Ctrl-C' },
      {
        name: 'tail',
        short: 'n',
        value: 'LINES',
        help: 'How many of the last lines',
        default: String(DEFAULT_LINES),
      },
    ],
    maxArguments: 1,
    argumentChoices: Object.keys(FILES),
  },
  async run(parsed, { out }) {
    const { words, options } = parsed
    const [name = 'cloud'] = words
    if (!Object.hasOwn(FILES, name)) {
      throw new UsageError(
        `"${name}" is no part of the cloud (${Object.keys(FILES).join(', ')}). Next: kubectl logs ${name}   (for a pod)`,
      )
    }
    const lines = linesOf(parsed)
    const dataDir = dataDirOf(options)
    const path = join(dataDir, FILES[name]!)
    if (!existsSync(path))
      throw new CommandError(`there is no log at ${path}`, `./brume up --data-dir ${dataDir}`)
    const { text, end } = await tailOf(path, lines)
    out.write(text)
    if (options['follow'] === undefined) return EXIT_OK
    await followFile(path, end, (more) => out.write(more), interrupted())
    return EXIT_OK
  },
}
