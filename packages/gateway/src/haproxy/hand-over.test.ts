// Stand-ins for workers: processes that have the same listening socket, as HAProxy's have.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { letGo } from './hand-over.ts'

/** Lets go of what it listens at when it is told the given time. */
const WORKER = `
let told = 0
process.on('SIGUSR1', () => { if (++told === Number(process.argv[1])) process.exit() })
process.on('message', (word, handle) => { globalThis.kept = handle; process.send('has it') })
`

describe('a worker that is to end', () => {
  let server: Server
  const workers: ChildProcess[] = []
  before(async () => {
    server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => {
    for (const one of workers) one.kill('SIGKILL')
    server.close()
  })

  async function worker(endsWhenTold: number): Promise<number> {
    const argv = ['--input-type=commonjs', '-e', WORKER, String(endsWhenTold)]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    workers.push(child)
    child.send('take it', server)
    await once(child, 'message')
    return child.pid!
  }

  it('is told again when it did not hear it', async () => {
    const pid = await worker(1)
    assert.equal(await letGo([pid, process.pid], process.pid), true)
  })

  it('is not waited for without end', async () => {
    const pid = await worker(2)
    assert.equal(await letGo([pid], process.pid), false)
  })

  it('that is gone is not waited for', async () => {
    const pid = await worker(1)
    workers.at(-1)!.kill('SIGKILL')
    await once(workers.at(-1)!, 'exit')
    assert.equal(await letGo([pid], process.pid), true)
  })
})
