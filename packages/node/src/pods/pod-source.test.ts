import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Informer, InformerHandler } from '@brume/client/informer'
import type { Pod } from '../contract.ts'
import { podOf } from '../testing/observed.ts'
import { PodSource } from './pod-source.ts'

const pod = (resourceVersion: string, uid = 'u1') => podOf({}, { metadata: { resourceVersion, uid } })

/** A source whose events the test makes. */
function sourceWith() {
  let handler: InformerHandler<Pod> = {}
  const informer = {
    addHandler(given: InformerHandler<Pod>) {
      handler = given
      return () => {}
    },
  } as unknown as Informer<Pod>
  const pods = new PodSource(informer)
  const heard: string[] = []
  pods
    .source(
      ({ metadata }) => heard.push(`${metadata.uid} at ${metadata.resourceVersion}`),
      (uid) => heard.push(`${uid} gone`),
    )
    .start(() => {})
  return { pods, heard, handler }
}

test('the answer to a write counts at once, and its event wakes nobody', () => {
  const { pods, heard, handler } = sourceWith()
  handler.add?.(pod('1'))
  pods.saw(pod('3'))
  assert.equal(pods.get('u1')?.metadata.resourceVersion, '3')
  handler.update?.(pod('3'), pod('1'))
  handler.update?.(pod('4'), pod('3'))
  assert.deepEqual(heard, ['u1 at 1', 'u1 at 4'])
})

test('an event that is older than what is known takes nothing back', () => {
  const { pods, heard, handler } = sourceWith()
  handler.add?.(pod('1'))
  pods.saw(pod('5'))
  handler.update?.(pod('3'), pod('1'))
  assert.equal(pods.get('u1')?.metadata.resourceVersion, '5')
  assert.deepEqual(heard, ['u1 at 1', 'u1 at 3'])
})

test('an answer about a pod that is gone does not bring it back', () => {
  const { pods, handler } = sourceWith()
  handler.add?.(pod('1'))
  handler.delete?.(pod('2'))
  pods.saw(pod('3'))
  assert.equal(pods.get('u1'), undefined)
})

test('a namesake takes the place of a pod that is gone', () => {
  const { pods, heard, handler } = sourceWith()
  handler.add?.(pod('1'))
  handler.update?.(pod('2', 'u2'), pod('1'))
  assert.deepEqual(heard, ['u1 at 1', 'u1 gone', 'u2 at 2'])
  assert.deepEqual(
    [...pods.all()].map(({ metadata }) => metadata.uid),
    ['u2'],
  )
})
