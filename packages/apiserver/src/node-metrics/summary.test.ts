import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { readSummary } from './summary.ts'

const time = '2026-01-01T12:00:00Z'
const use = (cpu: number, memory: number) => ({
  cpu: { time, usageNanoCores: cpu, usageCoreNanoSeconds: 1 },
  memory: { time, workingSetBytes: memory, usageBytes: 1 },
})
const summary = {
  node: { nodeName: 'n1', ...use(5e9, 1024) },
  pods: [
    {
      podRef: { name: 'a', namespace: 'ns', uid: 'u1' },
      containers: [
        { name: 'main', ...use(1e6, 2048) },
        { name: 'side', ...use(2e6, 4096) },
      ],
    },
    {
      podRef: { name: 'b', namespace: 'ns', uid: 'u2' },
      containers: [{ name: 'main', ...use(1e6, 2048) }, { name: 'new' }],
    },
    { podRef: { name: 'c', namespace: 'ns', uid: 'u3' } },
  ],
}

test('a summary gives what the node and its pods use, and leaves out pods that are not measured in whole', () => {
  const { node, pods } = readSummary(JSON.stringify(summary))
  assert.deepEqual(node, { time, cpuNanoCores: 5e9, memoryBytes: 1024 })
  assert.deepEqual([...pods.keys()], ['u1'])
  assert.deepEqual(pods.get('u1')!.containers.get('side'), { time, cpuNanoCores: 2e6, memoryBytes: 4096 })
})

test('whatever an agent answers, it is read or refused', () => {
  const random = seededRandom(11)
  const text = JSON.stringify(summary)
  for (let round = 0; round < 2000; round++) {
    const at = random.below(text.length)
    const piece = ['', 'null', '[]', '{}', '"x"', '-1e999', ',', '"'][random.below(8)]!
    const broken = text.slice(0, at) + piece + text.slice(at + random.below(40))
    try {
      for (const pod of readSummary(broken).pods.values()) {
        for (const { cpuNanoCores, memoryBytes } of pod.containers.values()) {
          assert.ok(Number.isFinite(cpuNanoCores) && Number.isFinite(memoryBytes))
        }
      }
    } catch (error) {
      assert.ok(error instanceof SyntaxError || /no stats summary/.test(String(error)), `${error}\n${broken}`)
    }
  }
})
