import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ownPorts } from './own-ports.ts'

it("a node's own ports are those of ssh, the agent and the API, and the edge's while it listens", () => {
  const of = (url: string, listening: number[]) => ownPorts({ url, edgePorts: [80, 443] }, () => listening)
  assert.deepEqual(of('https://192.0.2.1:6443', []), [22, 10_250, 6443])
  assert.deepEqual(of('https://192.0.2.1:6443', [80, 5432]), [22, 10_250, 6443, 80])
  assert.deepEqual(of('https://cloud.example', []), [22, 10_250, 443])
})
