// `up` with a disk that misbehaves on demand: slow from the start by BRUME_TEST_COMMIT_DELAY_MS, full or not by message.
// The server's own entry knows nothing of this.

import { up } from '@brume/server/up/up'
import { COMMIT_DELAY_MS, MAX_PAGES, makeFaults } from '@brume/store/sqlite/faults'

export interface FaultMessage {
  /** The file cannot grow any more, or it can again. */
  full: boolean
}

const faults = makeFaults()
Atomics.store(faults, COMMIT_DELAY_MS, Number(process.env['BRUME_TEST_COMMIT_DELAY_MS'] ?? 0))
process.on('message', ({ full }: FaultMessage) => {
  Atomics.store(faults, MAX_PAGES, full ? 1 : 0)
  process.send?.('done')
})
process.channel?.unref()

const dataDir = process.argv[process.argv.indexOf('--data-dir') + 1]!
process.exitCode = await up({
  dataDir,
  listen: '127.0.0.1:0',
  hosts: [],
  serviceRange: '10.96.0.0/16',
  noNode: true,
  logLevel: 'warn',
  faults,
})
