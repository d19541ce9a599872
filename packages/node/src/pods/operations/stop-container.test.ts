import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '@brume/client/testing/fake-clock'
import type { LifecycleHooks } from '../../contract.ts'
import { PodProblem } from '../../contract.ts'
import { CriError } from '../../cri/connection.ts'
import type { Cri } from '../../cri/cri.ts'
import { GRPC_STATUS } from '../../grpc/status.ts'
import { testNodeContext } from '../../testing/node-context.ts'
import { container, podOf, specOf } from '../../testing/observed.ts'
import { stopContainer } from './stop-container.ts'

const HOOKED = specOf('a', { lifecycle: { preStop: { exec: { command: ['x'] } } } })

/** Stops the container `a`; the grace that the runtime was given, the hook's limit, and the events. */
function stopping(of: {
  leftSeconds: number
  spec?: typeof HOOKED
  hook?: LifecycleHooks['run']
  gone?: boolean
}) {
  const clock = fakeClock()
  const graces: number[] = []
  const limits: number[] = []
  const cri = {
    async stopContainer(_id: string, seconds: number) {
      graces.push(seconds)
      if (of.gone) throw new CriError('StopContainer', { code: GRPC_STATUS.notFound, message: 'gone' })
    },
  } as unknown as Cri
  const context = testNodeContext({ root: '/nowhere', cri, clock })
  const hooks: LifecycleHooks = {
    async run(options) {
      limits.push(options.timeoutMs)
      await of.hook?.(options)
    },
  }
  const request = {
    pod: podOf(),
    container: container('a'),
    spec: of.spec,
    leftSeconds: of.leftSeconds,
    message: 'Stopping container a',
    podIp: '10.1.0.2',
  }
  const done = stopContainer({ context, hooks }, request)
  return { done, clock, graces, limits, reasons: () => context.events.map(({ reason }) => reason) }
}

test('a container gets its grace, and the event that says why', async () => {
  const { done, graces, reasons } = stopping({ leftSeconds: 30 })
  await done
  assert.deepEqual([graces, reasons()], [[30], ['Killing']])
})

test('no grace is shorter than two seconds', async () => {
  const { done, graces } = stopping({ leftSeconds: 0 })
  await done
  assert.deepEqual(graces, [2])
})

test('the time of its preStop hook is taken off its grace', async () => {
  const hook = Promise.withResolvers<void>()
  const { done, clock, graces, limits } = stopping({
    leftSeconds: 30,
    spec: HOOKED,
    hook: () => hook.promise,
  })
  await clock.advance(12_000)
  hook.resolve()
  await done
  assert.deepEqual([limits, graces], [[30_000], [18]])
})

test('a hook that used the whole grace up leaves two seconds', async () => {
  const hook = Promise.withResolvers<void>()
  const { done, clock, graces } = stopping({ leftSeconds: 5, spec: HOOKED, hook: () => hook.promise })
  await clock.advance(5000)
  hook.resolve()
  await done
  assert.deepEqual(graces, [2])
})

test('a hook that fails is told and keeps nothing from ending', async () => {
  const hook = async () => {
    throw new PodProblem('FailedPreStopHook', 'command failed')
  }
  const { done, graces, reasons } = stopping({ leftSeconds: 30, spec: HOOKED, hook })
  await done
  assert.deepEqual([graces, reasons()], [[30], ['Killing', 'FailedPreStopHook']])
})

test('one that is gone has stopped', async () => {
  await stopping({ leftSeconds: 30, gone: true }).done
})
