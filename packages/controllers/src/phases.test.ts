import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { Client } from '@brume/client/client'
import { type ControllerSpec, defineController } from '@brume/client/controller'
import type { Transport } from '@brume/client/transport'
import { firstControllers } from './first.ts'
import { startInPhases } from './phases.ts'
import { startControllers } from './start.ts'

/** A server that does not answer. */
const silent: Transport = {
  request: ({ signal }) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  close() {},
}
const options = () => ({
  client: new Client({ transport: silent, clock: systemClock }),
  clock: systemClock,
  logger: silentLogger,
  rootCaPem: '',
})

function controller(name: string, synced: Promise<void>): ControllerSpec {
  return defineController<string, never>({
    name,
    sources: [{ start: () => () => {}, synced: () => synced }],
    observe: () => undefined,
    decide: () => ({ actions: [] }),
    act() {},
  })
}

/** The first are at work when told so. */
function inPhases() {
  const work = Promise.withResolvers<void>()
  let asked = 0
  let bootstrapped = () => {}
  const running = startInPhases(options(), {
    first(dependencies) {
      bootstrapped = () => dependencies.onBootstrapped()
      return ['service-account', 'root-ca-publisher'].map((name) => controller(name, work.promise))
    },
    async others() {
      asked++
      return [controller('other', Promise.resolve())]
    },
  })
  const begin = () => {
    work.resolve()
    bootstrapped()
  }
  return { running, begin, asked: () => asked, names: () => running.controllers.map(({ name }) => name) }
}

test('the others are asked for, once, when the first are at work', async () => {
  const { running, begin, asked, names } = inPhases()
  for (let i = 0; i < 10; i++) await turn()
  assert.deepEqual([asked(), names()], [0, ['service-account', 'root-ca-publisher']])
  begin()
  await running.usable
  await running.ready
  assert.deepEqual([asked(), names()], [1, ['service-account', 'root-ca-publisher', 'other']])
  await running.stop()
})

test('nothing starts after a stop', async () => {
  const { running, begin, names } = inPhases()
  begin()
  await running.stop()
  for (let i = 0; i < 10; i++) await turn()
  assert.deepEqual(names(), ['service-account', 'root-ca-publisher'])
})

test('all at once are the first and all others, each once', async () => {
  const running = startControllers(options())
  const names = running.controllers.map(({ name }) => name)
  const first: string[] = []
  const phases = startInPhases(options(), {
    first(dependencies) {
      const specs = firstControllers(dependencies)
      first.push(...specs.map(({ name }) => name))
      return specs
    },
  })
  assert.equal(new Set(names).size, names.length)
  assert.ok(first.every((name) => names.includes(name)))
  assert.ok(names.length > 30, `${names.length} controllers`)
  await Promise.all([running.stop(), phases.stop()])
})
