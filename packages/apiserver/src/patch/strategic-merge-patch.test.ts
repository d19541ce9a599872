import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { StatusError } from '@brume/base/errors'
import { deepFreeze } from '@brume/base/values'
import { CONFIG_MAP, DEPLOYMENT, POD, SERVICE } from '../apply/testing/schemas.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

function apply(document: unknown, patch: unknown, schema: ObjectSchema = POD): unknown {
  return applyStrategicMergePatch(deepFreeze(document), deepFreeze(patch), schema)
}

const spec = (document: object, patch: object, schema?: ObjectSchema) =>
  (apply({ spec: document }, { spec: patch }, schema) as { spec: unknown }).spec

function failure(document: object, patch: unknown, schema?: ObjectSchema): StatusError {
  try {
    apply(document, patch, schema)
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error))
    return error
  }
  throw new Error(`the patch applied: ${JSON.stringify(patch)}`)
}

test('maps merge and null removes', () => {
  const document = { metadata: { labels: { a: '1', b: '2' }, name: 'n' } }
  const patch = { metadata: { labels: { a: null, c: '3' }, generateName: null } }
  assert.deepEqual(apply(document, patch, CONFIG_MAP), {
    metadata: { labels: { b: '2', c: '3' }, name: 'n' },
  })
})

test('containers merge by name, new ones come before those that only the server has', () => {
  assert.deepEqual(
    spec(
      {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '1' },
        ],
      },
      {
        containers: [
          { name: 'b', image: '2' },
          { name: 'c', image: '1' },
        ],
      },
    ),
    {
      containers: [
        { name: 'a', image: '1' },
        { name: 'b', image: '2' },
        { name: 'c', image: '1' },
      ],
    },
  )
  assert.deepEqual(spec({ containers: [{ name: 'a' }] }, { containers: [{ name: 'b' }] }), {
    containers: [{ name: 'b' }, { name: 'a' }],
  })
})

test('ports of containers merge by containerPort, of services by port', () => {
  assert.deepEqual(
    spec(
      { containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'web' }, { containerPort: 443 }] }] },
    ),
    {
      containers: [
        { name: 'a', ports: [{ containerPort: 80, protocol: 'TCP', name: 'web' }, { containerPort: 443 }] },
      ],
    },
  )
  assert.deepEqual(
    spec({ ports: [{ port: 53, protocol: 'UDP' }] }, { ports: [{ port: 53, nodePort: 30053 }] }, SERVICE),
    { ports: [{ port: 53, protocol: 'UDP', nodePort: 30053 }] },
  )
})

test('lists without a merge strategy are replaced', () => {
  assert.deepEqual(
    spec(
      { containers: [{ name: 'a', args: ['x', 'y'] }], tolerations: [{ key: 'a' }] },
      { containers: [{ name: 'a', args: ['z'] }], tolerations: [] },
    ),
    { containers: [{ name: 'a', args: ['z'] }], tolerations: [] },
  )
})

test('$patch: delete takes an item or a map away', () => {
  assert.deepEqual(
    spec(
      { containers: [{ name: 'a' }, { name: 'b' }], securityContext: { runAsUser: 1 } },
      {
        containers: [
          { $patch: 'delete', name: 'a' },
          { $patch: 'delete', name: 'unknown' },
        ],
        securityContext: { $patch: 'delete' },
      },
    ),
    { containers: [{ name: 'b' }], securityContext: {} },
  )
})

test('$patch: replace puts the patch in place of a map or a list', () => {
  assert.deepEqual(
    spec(
      { containers: [{ name: 'a' }], nodeSelector: { x: '1' } },
      { containers: [{ name: 'z' }, { $patch: 'replace' }], nodeSelector: { $patch: 'replace', y: '2' } },
    ),
    { containers: [{ name: 'z' }], nodeSelector: { y: '2' } },
  )
})

test('$retainKeys clears what it does not name', () => {
  assert.deepEqual(
    spec(
      { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }, replicas: 1 },
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      DEPLOYMENT,
    ),
    { strategy: { type: 'Recreate' }, replicas: 1 },
  )
  assert.deepEqual(
    spec(
      { volumes: [{ name: 'v', emptyDir: {} }] },
      {
        volumes: [
          { $retainKeys: ['hostPath', 'name'], name: 'v', hostPath: { path: '/' } },
          { $retainKeys: ['emptyDir', 'name'], name: 'w', emptyDir: { medium: null } },
        ],
      },
    ),
    {
      volumes: [
        { name: 'v', hostPath: { path: '/' } },
        { name: 'w', emptyDir: {} },
      ],
    },
  )
})

test('$deleteFromPrimitiveList takes items from a list of primitives, which otherwise only grows', () => {
  const document = { metadata: { finalizers: ['a', 'b', 'c'] } }
  const patched = (metadata: object) => (apply(document, { metadata }) as typeof document).metadata.finalizers
  assert.deepEqual(patched({ finalizers: ['d', 'b'] }).toSorted(), ['a', 'b', 'c', 'd'])
  assert.deepEqual(patched({ '$deleteFromPrimitiveList/finalizers': ['a', 'x'] }), ['b', 'c'])
  assert.deepEqual(
    patched({
      '$deleteFromPrimitiveList/finalizers': ['b'],
      '$setElementOrder/finalizers': ['d', 'c', 'a'],
      finalizers: ['d'],
    }),
    ['d', 'c', 'a'],
  )
})

test('$setElementOrder orders what it names; the rest stays before what it stood before', () => {
  const names = (live: string[], order: string[], added: object[] = []) => {
    const patch = {
      '$setElementOrder/containers': order.map((name) => ({ name })),
      ...(added.length > 0 ? { containers: added } : {}),
    }
    const merged = spec({ containers: live.map((name) => ({ name })) }, patch) as {
      containers: { name: string }[]
    }
    return merged.containers.map(({ name }) => name).join('')
  }
  assert.equal(names(['a', 'b', 'c'], ['c', 'b', 'a']), 'cba')
  assert.equal(names(['a', 'b', 'c'], ['c', 'a']), 'bca')
  assert.equal(names(['a', 'b', 'c'], ['a', 'c']), 'abc')
  assert.equal(names(['a', 'b'], ['a', 'x', 'b'], [{ name: 'x' }]), 'axb')
  assert.equal(names(['a', 'b'], ['b', 'x'], [{ name: 'x' }, { name: 'a', $patch: 'delete' }]), 'bx')
  assert.equal(names([], ['x', 'y'], [{ name: 'x' }, { name: 'y' }]), 'xy')
})

test('a value with nothing to merge into comes without directives and nulls', () => {
  assert.deepEqual(
    spec(
      {},
      {
        containers: [
          { name: 'a', env: null },
          { name: 'b', $patch: 'delete' },
        ],
        nodeSelector: { $patch: 'delete' },
        affinity: { nodeAffinity: null, podAffinity: {} },
      },
    ),
    { containers: [{ name: 'a' }], affinity: { podAffinity: {} } },
  )
})

test('a member may change its type', () => {
  assert.deepEqual(apply({ data: 'x' }, { data: { a: 'b' } }, CONFIG_MAP), { data: { a: 'b' } })
  assert.deepEqual(apply({ data: { a: 'b' } }, { data: 'x' }, CONFIG_MAP), { data: 'x' })
})

test('malformed patches are told in the words of Kubernetes', () => {
  const live = { spec: { containers: [{ name: 'a', image: 'i' }] } }
  const message = (patch: object) => failure(live, { spec: patch }).message
  assert.equal(
    message({ containers: [{ image: 'x' }] }),
    'map: map[image:x] does not contain declared merge key: name',
  )
  assert.equal(message({ $patch: 'steal' }), 'unknown patch type: steal in map: map[$patch:steal]')
  assert.equal(
    message({ containers: [{ name: 'a', $patch: 'steal' }] }),
    'unknown patch type: steal in map: map[$patch:steal name:a]',
  )
  assert.equal(
    message({ containers: [{ $patch: 'merge' }] }),
    'merging lists cannot yet be specified in the patch',
  )
  assert.equal(message({ $retainKeys: 'x' }), 'invalid patch format of retainKeys')
  assert.equal(message({ $retainKeys: ['nodeName'], hostname: 'x' }), 'invalid patch format of retainKeys')
  assert.equal(
    message({ '$setElementOrder/containers': { a: 1 } }),
    'expected a []interface {}, but received a map[string]interface {}',
  )
  assert.equal(message({ $setElementOrder: [] }), 'invalid patch format of setElementOrder list')
  assert.equal(message({ $deleteFromPrimitiveList: [] }), 'invalid patch format of primitive list')
  assert.equal(
    message({ containers: ['x'] }),
    'list element types are not identical: [[map[image:i name:a]] [x]]',
  )
  assert.equal(
    message({ '$setElementOrder/unheard': [{ name: 'a' }], unheard: [] }),
    'unable to find api field in struct PodSpec for the json field "unheard"',
  )
  assert.equal(
    message({
      '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
      containers: [{ name: 'a' }, { name: 'b' }],
    }),
    "The order in patch list:\n[map[name:a] map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:b] map[name:a]]\n",
  )
  assert.equal(failure(live, { spec: { $patch: 'steal' } }).reason, 'BadRequest')
  const lists = failure(live, { spec: { containers: [[1]] } })
  assert.deepEqual([lists.reason, lists.code], ['Invalid', 422])
})

test('a patch that is no object is a bad request', () => {
  assert.equal(
    failure({}, [1]).message,
    'json: cannot unmarshal array into Go value of type map[string]interface {}',
  )
})

test('what the patch does not name is shared with the document', () => {
  const document = {
    metadata: { name: 'n' },
    spec: { containers: [{ name: 'a' }], volumes: [{ name: 'v' }] },
  }
  const result = apply(document, { spec: { containers: [{ name: 'b' }] } }) as typeof document
  assert.equal(result.metadata, document.metadata)
  assert.equal(result.spec.volumes, document.spec.volumes)
  assert.equal(result.spec.containers[1], document.spec.containers[0])
})
