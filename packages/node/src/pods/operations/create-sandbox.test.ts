import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod, PodVolumes } from '../../contract.ts'
import { PodProblem } from '../../contract.ts'
import type { Cri } from '../../cri/cri.ts'
import { createSandbox, type SandboxParts, type SandboxRequest } from './create-sandbox.ts'

const pod = { metadata: { name: 'p', uid: 'u' }, spec: {} } as unknown as Pod
const NEVER = new AbortController().signal

/** What was called, in order; `broken`: the call that fails. */
function parts(broken?: string): { parts: SandboxParts; calls: string[] } {
  const calls: string[] = []
  const call = (name: string) => async () => {
    calls.push(name)
    await new Promise((resolve) => setImmediate(resolve))
    if (name === broken) throw new PodProblem('FailedMount', `${name} failed`)
    calls.push(`${name} done`)
    return 's1'
  }
  const cri = {
    runPodSandbox: call('run'),
    stopPodSandbox: call('stop'),
    removePodSandbox: call('remove'),
  } as unknown as Cri
  return {
    calls,
    parts: {
      context: { cri } as SandboxParts['context'],
      volumes: { ensure: call('volumes') } as unknown as PodVolumes,
      prepare: call('cgroup') as unknown as SandboxParts['prepare'],
      sandboxConfig: async () => ({}),
      runtimeHandler: () => '',
    },
  }
}

const request = (more: Partial<SandboxRequest>): SandboxRequest => ({
  pod,
  attempt: 0,
  replaces: [],
  firstTry: true,
  ...more,
})

test('at first what a pod stands on is made side by side with its sandbox', async () => {
  const { parts: to, calls } = parts()
  await createSandbox(to, request({}), NEVER)
  assert.deepEqual(calls.slice(0, 3).sort(), ['cgroup', 'run', 'volumes'])
  assert.equal(calls.length, 6)
})

test('a sandbox whose volumes could not be made is taken away, and why is told', async () => {
  const { parts: to, calls } = parts('volumes')
  await assert.rejects(createSandbox(to, request({}), NEVER), /volumes failed/)
  assert.deepEqual(calls.slice(-4), ['stop', 'stop done', 'remove', 'remove done'])
})

test('after a failure volumes come first, and no sandbox is made in vain', async () => {
  const { parts: to, calls } = parts('volumes')
  await assert.rejects(createSandbox(to, request({ firstTry: false }), NEVER), /volumes failed/)
  assert.equal(calls.includes('run'), false)
})

test('a sandbox that could not be made is what is told', async () => {
  const { parts: to, calls } = parts('run')
  await assert.rejects(createSandbox(to, request({}), NEVER), /run failed/)
  assert.equal(calls.includes('stop'), false)
})
