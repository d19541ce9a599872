import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinResources } from '@brume/api/kinds/builtin'
import { InFlight } from '../http/in-flight.ts'
import { ResourceRegistry } from '../registry/resources.ts'
import { parseRequestInfo } from '../request/info.ts'
import { Counter, MetricsRegistry } from './registry.ts'
import { requestMetrics } from './requests.ts'

function counted(): { ask(method: string, path: string, status?: number): void; lines(): string[] } {
  const registry = new MetricsRegistry()
  const resources = new ResourceRegistry(builtinResources())
  const metrics = requestMetrics(registry, { inFlight: new InFlight(), resources })
  return {
    ask(method, path, status = 200) {
      const info = parseRequestInfo({ method, path, query: new URLSearchParams() })
      metrics.start(info, method)({ status, headers: {}, body: undefined })
    },
    lines: () =>
      registry
        .render()
        .split('\n')
        .filter((line) => line.startsWith('apiserver_request_total{')),
  }
}

test('what is served is counted by verb, resource and code', () => {
  const { ask, lines } = counted()
  ask('GET', '/api/v1/namespaces/a/pods')
  ask('PUT', '/apis/apps/v1/namespaces/a/deployments/d/scale', 409)
  assert.deepEqual(lines(), [
    'apiserver_request_total{verb="LIST",group="",version="v1",resource="pods",subresource="",scope="namespace",code="200"} 1',
    'apiserver_request_total{verb="UPDATE",group="apps",version="v1",resource="deployments",subresource="scale",scope="resource",code="409"} 1',
  ])
})

test('made-up paths, subresources and methods share a few series, whatever they are answered', () => {
  const { ask, lines } = counted()
  for (let i = 0; i < 1_000; i++) {
    for (const status of [200, 401, 403, 404, 405, 429]) {
      ask('GET', `/apis/g${i}/v1/things`, status)
      ask('GET', `/api/v1/namespaces/n/pods/p/s${i}`, status)
      ask('GET', `/${i}`, status)
      ask(`VERB${i}`, '/api/v1/pods', status)
      ask('POST', `/api/v1/namespaces/n${i}/pods/p${i}`, status)
      ask('GET', '/api/v1/namespaces/n/p%0Aods%22%00\\', status)
    }
  }
  assert.ok(lines().length < 60, `${lines().length} series`)
  assert.ok(lines().every((line) => /^apiserver_request_total\{[\w=",.]+\} \d+$/.test(line)))
})

test('labels are escaped, and more of them than a metric can have are one', () => {
  const counter = new Counter({ name: 'c', help: 'x', labels: ['l'] })
  counter.add(['a"b\\c\nd'])
  assert.ok(counter.render().includes('c{l="a\\"b\\\\c\\nd"} 1\n'))
  for (let i = 0; i < 20_000; i++) counter.add([`v${i}`])
  const lines = counter.render().split('\n')
  assert.ok(lines.length < 6_000)
  assert.ok(lines.some((line) => /^c\{l="other"\} \d{5}$/.test(line)))
})
