import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { StatusError } from '@brume/base/errors'
import { OpenStreams } from './open-streams.ts'
import type { ApiResponse } from './types.ts'

const plain: ApiResponse = { status: 404, headers: {}, body: '' }
const switching: ApiResponse = { status: 101, headers: {}, body: undefined, takeover: () => {} }
const socketOf = (destroyed: boolean) => Object.assign(new EventEmitter(), { destroyed }) as unknown as Socket

test('a stream counts until it is closed; beyond the limit there is no other', async () => {
  const streams = new OpenStreams(2)
  const hold = (response: ApiResponse) => streams.hold(async () => response)
  const first = await hold(switching)
  const second = await hold(switching)
  await assert.rejects(hold(switching), (error) => error instanceof StatusError && error.code === 429)
  const socket = socketOf(false)
  first.takeover!(socket, Buffer.alloc(0))
  assert.equal(streams.count, 2)
  socket.emit('close')
  assert.equal(streams.count, 1)
  // The client had gone before.
  second.takeover!(socketOf(true), Buffer.alloc(0))
  assert.equal(streams.count, 0)
})

test('plain answers and failures count no longer than they take', async () => {
  const streams = new OpenStreams(1)
  assert.equal(await streams.hold(async () => plain), plain)
  await assert.rejects(
    streams.hold(() => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(streams.count, 0)
})
