import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { InformerStore } from './informer-store.ts'
import { keyOf } from './resource-ref.ts'
import { SlicesByService } from './slices-by-service.ts'

function slice(name: string, service: string | undefined): KubeObject {
  const labels: Record<string, string> =
    service === undefined ? {} : { 'kubernetes.io/service-name': service }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'd', name, labels },
  }
}

it('finds the slices of a Service, also when one moves to another, and none when the last is gone', () => {
  const store = new InformerStore<KubeObject>()
  const index = new SlicesByService({ store, addIndex: (name, of) => store.addIndex(name, of) })
  const names = (service: string) => [...index.of('d', service)].map(({ metadata }) => metadata.name)
  store.put(slice('a', 'web'))
  store.put(slice('b', 'web'))
  store.put(slice('c', undefined))
  assert.deepEqual(names('web'), ['a', 'b'])
  store.put(slice('b', 'db'))
  assert.deepEqual([names('web'), names('db')], [['a'], ['b']])
  store.delete(keyOf(slice('a', 'web')))
  assert.deepEqual(names('web'), [])
})
