import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DecodeError } from '@brume/api/schema/decode-error'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { decodeMessage, encodeMessage } from './codec.ts'

const CONFIG = {
  metadata: { name: 'web', attempt: 3 },
  image: { image: 'sha256:1' },
  command: ['sh', '-c', ''],
  envs: [{ key: 'A', value: 'ä' }],
  labels: { one: '1', empty: '' },
  linux: {
    resources: { cpuQuota: -1, memoryLimitInBytes: 2 ** 40, oomScoreAdj: -997 },
    securityContext: { runAsUser: { value: 0 }, supplementalGroups: [0, 1, 65_536], noNewPrivs: true },
  },
}

describe('messages of the CRI', () => {
  it('come back as they went, zero in a message of its own included', () => {
    const back = decodeMessage('ContainerConfig', encodeMessage('ContainerConfig', CONFIG))
    // An absent zero says the same as a zero: proto3.
    assert.deepEqual(back, {
      ...CONFIG,
      linux: { ...CONFIG.linux, securityContext: { ...CONFIG.linux.securityContext, runAsUser: {} } },
    })
  })

  it('are written as protobuf has it', () => {
    const bytes = encodeMessage('PodSandboxStatusRequest', { podSandboxId: 'ab', verbose: true })
    assert.equal(bytes.toString('hex'), '0a0261621001')
    assert.equal(encodeMessage('KeyValue', {}).length, 0)
  })

  it('take numbers packed and one by one, and skip what is not known', () => {
    const packed = Buffer.from('12020102', 'hex')
    const single = Buffer.from('10011002', 'hex')
    const unknown = Buffer.from('fa0603616263', 'hex')
    for (const bytes of [packed, single]) {
      assert.deepEqual(decodeMessage('PortForwardRequest', Buffer.concat([unknown, bytes])), { port: [1, 2] })
    }
  })

  it('refuse what is no message, and nothing else happens', () => {
    const random = seededRandom(3)
    const seed = encodeMessage('ContainerConfig', CONFIG)
    let refused = 0
    for (let i = 0; i < 5000; i++) {
      try {
        decodeMessage('ContainerConfig', mutateBytes(seed, random))
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error))
        refused++
      }
    }
    assert.ok(refused > 0)
  })
})
