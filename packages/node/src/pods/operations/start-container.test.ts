import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImagePuller, LifecycleHooks } from '../../contract.ts'
import { PodProblem } from '../../contract.ts'
import { CriError } from '../../cri/connection.ts'
import type { Cri } from '../../cri/cri.ts'
import { GRPC_STATUS } from '../../grpc/status.ts'
import { testNodeContext } from '../../testing/node-context.ts'
import { podOf, sandbox, specOf } from '../../testing/observed.ts'
import { Memories } from '../memory.ts'
import { type StartParts, startContainer } from './start-container.ts'

const HOOKED = specOf('a', { lifecycle: { postStart: { exec: { command: ['x'] } } } })

interface Given {
  start?: () => Promise<unknown>
  create?: () => Promise<string>
  images?: ImagePuller['ensure']
  hook?: LifecycleHooks['run']
  guarded?: () => Promise<void>
}

/** Starts the container `a`; what was asked of the runtime, in order, and the events. */
function started({ start, create, images, hook, guarded }: Given, spec = specOf('a')) {
  const calls: string[] = []
  const said = (call: string, answer?: () => Promise<unknown>) => async () => {
    calls.push(call)
    return answer?.()
  }
  const cri = {
    createContainer: said('create', create ?? (async () => 'c1')),
    startContainer: said('start', start),
    stopContainer: said('stop'),
    removeContainer: said('remove'),
  } as unknown as Cri
  const context = testNodeContext({ root: '/nowhere', cri })
  const memories = new Memories()
  const parts: StartParts = {
    context,
    memories,
    images: { ensure: images ?? (async () => ({ imageRef: 'i', imageUser: {} })) },
    hooks: { run: hook ?? (async () => {}) },
    sandboxConfig: async () => ({}),
    containerConfig: async () => ({}),
    guarded: guarded ?? (async () => {}),
  }
  const controller = new AbortController()
  const request = {
    pod: podOf({ containers: [spec] }),
    spec,
    kind: 'app' as const,
    attempt: 0,
    sandbox: sandbox(),
  }
  const done = startContainer(parts, request, controller.signal)
  return { done, calls, controller, memories, reasons: () => context.events.map(({ reason }) => reason) }
}

const refused = async () => {
  throw new CriError('X', { code: GRPC_STATUS.unknown, message: 'no such file' })
}

test('no container is started before what guards its network is in place', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { done, calls } = started({ guarded: () => promise })
  await new Promise((next) => setImmediate(next))
  assert.deepEqual(calls, ['create'])
  resolve()
  await done
  assert.deepEqual(calls, ['create', 'start'])
})

test('a container whose network is not guarded goes, and why is told', async () => {
  const guarded = async () => {
    throw new PodProblem('PodAddressNotEnforced', 'no nft')
  }
  const { done, calls } = started({ guarded })
  await assert.rejects(done, /no nft/)
  assert.deepEqual(calls, ['create', 'remove'])
})

test('a container is made, then started, and both are told', async () => {
  const { done, calls, reasons } = started({})
  await done
  assert.deepEqual(
    [calls, reasons()],
    [
      ['create', 'start'],
      ['Created', 'Started'],
    ],
  )
})

test('what the runtime refuses is the reason that the status shows', async () => {
  const because = (reason: string) => (error: unknown) =>
    error instanceof PodProblem && error.reason === reason
  await assert.rejects(
    started({ create: refused as () => Promise<string> }).done,
    because('CreateContainerError'),
  )
  await assert.rejects(started({ start: refused }).done, because('RunContainerError'))
})

test('a runtime that does not answer is nobody’s mistake', async () => {
  const away = async () => {
    throw new CriError('X', { code: GRPC_STATUS.unavailable, message: 'connection refused' })
  }
  await assert.rejects(started({ start: away }).done, CriError)
})

test('whoever waits for an image and is given up makes nothing', async () => {
  const { done, calls, controller } = started({ images: () => new Promise(() => {}) })
  controller.abort()
  await assert.rejects(done)
  assert.deepEqual(calls, [])
})

test('one that is given up after it was made is removed, not started', async () => {
  const made = Promise.withResolvers<string>()
  const { done, calls, controller } = started({ create: () => made.promise })
  await new Promise((resolve) => setImmediate(resolve))
  controller.abort()
  made.resolve('c1')
  await done
  assert.deepEqual(calls, ['create', 'remove'])
})

test('it counts as hooked until its postStart hook is done', async () => {
  const hook = Promise.withResolvers<void>()
  const { done, memories } = started({ hook: () => hook.promise }, HOOKED)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([...memories.of('u1', new Set()).hooked], ['c1'])
  hook.resolve()
  await done
  assert.deepEqual([...memories.of('u1', new Set()).hooked], [])
})

test('a postStart hook that fails ends the container, and says so', async () => {
  const hook = async () => {
    throw new PodProblem('FailedPostStartHook', 'command failed')
  }
  const { done, calls, reasons, memories } = started({ hook }, HOOKED)
  await assert.rejects(done, (error) => error instanceof PodProblem && error.reason === 'PostStartHookError')
  assert.deepEqual(calls, ['create', 'start', 'stop'])
  assert.deepEqual(reasons(), ['Created', 'Started', 'FailedPostStartHook'])
  assert.deepEqual([...memories.of('u1', new Set()).hooked], [])
})
