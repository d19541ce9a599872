import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepClone } from '@brume/base/values'
import type { KubeObject } from '../../../object.ts'
import type { Json } from '../../../validate/json.ts'
import { defaulted, lines, podObject, updateErrors } from '../../fixtures.ts'
import { validateEphemeralUpdate } from './ephemeral-update.ts'
import { pod } from './kind.ts'
import { validatePodResize } from './resize.ts'

const ONLY =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

const update = (spec: Json, change: (spec: Json, object: KubeObject) => void) =>
  updateErrors(pod, podObject(spec), (object) => change(object['spec'], object))

test('images, deadlines and tolerations may change', () => {
  assert.deepEqual(
    update({}, (spec) => (spec.containers[0].image = 'b')),
    [],
  )
  assert.deepEqual(
    update({}, (spec) => (spec.activeDeadlineSeconds = 5)),
    [],
  )
  assert.deepEqual(
    update({ tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute' }] }, (spec) => {
      spec.tolerations[0].tolerationSeconds = 5
      spec.tolerations.push({ key: 'b', operator: 'Exists' })
    }),
    [],
  )
  assert.deepEqual(
    update({ terminationGracePeriodSeconds: -1 }, (spec) => (spec.terminationGracePeriodSeconds = 1)),
    [],
  )
})

test('nothing else of the spec may change, and the message says what did', () => {
  assert.deepEqual(
    update({}, (spec) => (spec.hostNetwork = true)),
    [`spec: Forbidden: ${ONLY}\n- spec.hostNetwork: nil\n+ spec.hostNetwork: true`],
  )
  assert.deepEqual(
    update({}, (spec) => (spec.containers[0].command = ['x'])),
    [`spec: Forbidden: ${ONLY}\n- spec.containers[0].command: nil\n+ spec.containers[0].command: ["x"]`],
  )
  assert.deepEqual(
    update({}, (spec) => spec.containers.push({ name: 'd', image: 'x' })),
    ['spec.containers: Forbidden: pod updates may not add or remove containers'],
  )
  assert.deepEqual(
    update({ activeDeadlineSeconds: 5 }, (spec) => (spec.activeDeadlineSeconds = 6)),
    ['spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value'],
  )
  assert.deepEqual(
    update({ activeDeadlineSeconds: 5 }, (spec) => delete spec.activeDeadlineSeconds),
    ['spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value'],
  )
  assert.deepEqual(
    update({ tolerations: [{ key: 'a', operator: 'Exists' }] }, (spec) => (spec.tolerations = [])),
    ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
  )
})

test('gates may only be removed, and placement narrowed while there is one', () => {
  const gated = { schedulingGates: [{ name: 'a/b' }], nodeSelector: { x: '1' } }
  assert.deepEqual(
    update(gated, (spec) => (spec.schedulingGates = [])),
    [],
  )
  assert.deepEqual(
    update(gated, (spec) => spec.schedulingGates.push({ name: 'c/d' })),
    [
      "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c/d'",
    ],
  )
  assert.deepEqual(
    update(gated, (spec) => (spec.nodeSelector.y = '2')),
    [],
  )
  assert.deepEqual(
    update(gated, (spec) => (spec.nodeSelector.x = '2')),
    [
      'spec.nodeSelector: Invalid value: {"x":"2"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ],
  )
  const term = (keys: string[]) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: keys.map((key) => ({ key, operator: 'Exists' })) }],
      },
    },
  })
  assert.deepEqual(
    update(gated, (spec) => (spec.affinity = term(['a']))),
    [],
  )
  assert.deepEqual(
    update({ ...gated, affinity: term(['a']) }, (spec) => (spec.affinity = term(['a', 'b']))),
    [],
  )
  assert.match(
    update({ ...gated, affinity: term(['a']) }, (spec) => (spec.affinity = term(['b'])))[0]!,
    /nodeSelectorTerms\[0\]: Invalid value: .*: only additions are allowed \(no mutations or deletions\)$/,
  )
  assert.match(
    update({ nodeSelector: { x: '1' } }, (spec) => (spec.nodeSelector.y = '2'))[0]!,
    /^spec: Forbidden: pod updates/,
  )
})

test('the status keeps its class and what has ended stays ended', () => {
  const check = (restartPolicy: string, before: Json, now: Json) => {
    const old = { ...defaulted(pod, podObject({ restartPolicy })), status: before }
    return lines(pod.validateStatusUpdate?.({ ...deepClone(old), status: now }, old, { now: 0 }))
  }
  assert.deepEqual(check('Always', { qosClass: 'BestEffort' }, { qosClass: 'Burstable' }), [
    'status.qosClass: Invalid value: "Burstable": field is immutable',
  ])
  const ended = { containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 1 } } }] }
  const running = { containerStatuses: [{ name: 'c', state: { running: {} } }] }
  assert.deepEqual(check('Always', ended, running), [])
  assert.deepEqual(check('OnFailure', ended, running), [])
  assert.deepEqual(check('Never', ended, running), [
    'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
  ])
  assert.deepEqual(check('Always', {}, { podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] }), [
    'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP family',
  ])
  assert.deepEqual(check('Always', {}, { hostIP: '1.1.1.1', hostIPs: [{ ip: '1.1.1.2' }] }), [
    'status.hostIPs[0].ip: Invalid value: "1.1.1.2": must be equal to `hostIP`',
  ])
})

test('ephemeral containers are added, never changed or removed', () => {
  const old = defaulted(pod, podObject({ ephemeralContainers: [{ name: 'e', image: 'a' }] }))
  const change = (edit: (spec: Json) => void) => {
    const next = deepClone(old)
    edit(next['spec'])
    defaulted(pod, next)
    return lines(validateEphemeralUpdate(next, old))
  }
  assert.deepEqual(
    change((spec) => spec.ephemeralContainers.push({ name: 'f', image: 'b' })),
    [],
  )
  assert.deepEqual(
    change((spec) => (spec.ephemeralContainers = [])),
    ['spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be removed\n'],
  )
  assert.deepEqual(
    change((spec) => (spec.ephemeralContainers[0].image = 'b')),
    [
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed\n- container.image: "a"\n+ container.image: "b"',
    ],
  )
})

test('a resize changes cpu and memory alone', () => {
  const resources = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '256Mi' } }
  const old = defaulted(pod, podObject({ containers: [{ name: 'c', image: 'a', resources }] }))
  const change = (edit: (spec: Json) => void) => {
    const next = deepClone(old)
    edit(next['spec'])
    return lines(validatePodResize(next, old))
  }
  assert.deepEqual(
    change((spec) => (spec.containers[0].resources.requests.cpu = '700m')),
    [],
  )
  assert.deepEqual(
    change((spec) => delete spec.containers[0].resources.requests.cpu),
    ['spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed'],
  )
  assert.deepEqual(
    change((spec) => (spec.containers[0].resources.limits.memory = '512Mi')),
    [
      'spec.containers[0].resources.limits[memory]: Forbidden: memory limits cannot be decreased unless resizePolicy is RestartContainer',
    ],
  )
  assert.deepEqual(
    change((spec) => (spec.containers[0].image = 'b')),
    ['spec: Forbidden: only cpu and memory resources are mutable'],
  )
  assert.deepEqual(
    change((spec) => (spec.containers[0].resources.requests = { cpu: '1', memory: '1Gi' })),
    ['spec: Invalid value: "": Pod QOS Class may not change as a result of resizing'],
  )
})
