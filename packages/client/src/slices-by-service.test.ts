import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { Informer, InformerHandler } from './informer.ts'
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
  const handler: InformerHandler<KubeObject> = {}
  const informer = { addHandler: (given: InformerHandler<KubeObject>) => Object.assign(handler, given) }
  const index = new SlicesByService(informer as unknown as Informer)
  const names = (service: string) => [...index.of('d', service)].map(({ metadata }) => metadata.name)
  handler.add!(slice('a', 'web'))
  handler.add!(slice('b', 'web'))
  handler.add!(slice('c', undefined))
  assert.deepEqual(names('web'), ['a', 'b'])
  handler.update!(slice('b', 'db'), slice('b', 'web'))
  assert.deepEqual([names('web'), names('db')], [['a'], ['b']])
  handler.delete!(slice('a', 'web'))
  assert.deepEqual(names('web'), [])
})
