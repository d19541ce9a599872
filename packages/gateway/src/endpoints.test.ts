import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { type ServiceSource, serversOf } from './endpoints.ts'

const slice = (addressType: string, ip: string): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: addressType },
  addressType,
  ports: [{ name: '', port: 8080 }],
  endpoints: [{ addresses: [ip] }],
})

function behind(ipFamilies: string[]): unknown {
  const spec = { ipFamilies, ports: [{ port: 80 }] }
  const source: ServiceSource = {
    service: () => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec }),
    slices: () => [slice('IPv4', '10.42.0.7'), slice('IPv6', 'fd00::7')],
  }
  return serversOf({ namespace: 'd', service: 's', port: '80' } as Parameters<typeof serversOf>[0], source)
}

it('asks the endpoints of a Service by IPv4, and by IPv6 where it has that alone', () => {
  assert.deepEqual(behind(['IPv4', 'IPv6']), { servers: [{ ip: '10.42.0.7', port: 8080 }] })
  assert.deepEqual(behind(['IPv6']), { servers: [{ ip: 'fd00::7', port: 8080 }] })
})
