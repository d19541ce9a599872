// `brume logs`: what the cloud itself says, and its containerd. Logs of containers are kubectl's.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EXIT_OK, UsageError } from '@brume/base/command-line'
import { USUAL_DIR } from '@brume/machine/own-names'
import { type Command, CommandError } from '../command.ts'
import { followFile, tailOf } from '../follow.ts'

/** Below the data directory. */
const FILES: Readonly<Record<string, string>> = {
  cloud: 'log/brume.log',
  containerd: 'node/containerd/log',
}
const DEFAULT_LINES = 100

export const logs: Command = {
  spec: {
    name: 'logs',
    usage: '[cloud|containerd]',
    summary: 'Show what the cloud itself logs, or its container runtime',
    details: 'Logs of containers: kubectl logs POD',
    options: [
      { name: 'data-dir', value: 'DIR', help: 'Where all state lives', default: USUAL_DIR },
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
  async run({ words, options }, { out }) {
    const [name = 'cloud'] = words
    if (!Object.hasOwn(FILES, name)) {
      throw new UsageError(
        `"${name}" is no part of the cloud (${Object.keys(FILES).join(', ')}). Next: kubectl logs ${name}   (for a pod)`,
      )
    }
    const lines = Number(options['tail'] ?? DEFAULT_LINES)
    if (!Number.isSafeInteger(lines) || lines < 0)
      throw new UsageError('--tail takes a number of lines. Next: ./brume logs --tail 100')
    const dataDir = resolve(options['data-dir'] ?? USUAL_DIR)
    const path = join(dataDir, FILES[name]!)
    if (!existsSync(path))
      throw new CommandError(`there is no log at ${path}`, `./brume up --data-dir ${dataDir}`)
    const { text, end } = await tailOf(path, lines)
    out.write(text)
    if (options['follow'] === undefined) return EXIT_OK
    const stop = new AbortController()
    process.once('SIGINT', () => stop.abort())
    await followFile(path, end, (more) => out.write(more), stop.signal)
    return EXIT_OK
  },
}
