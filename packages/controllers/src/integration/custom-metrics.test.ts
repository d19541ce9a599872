// Metrics that others measure. The adapter is a server of its own, reached as an aggregating API server would reach it; the
// API server of this cloud aggregates none yet, and the autoscaler says so.

import assert from 'node:assert/strict'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { certificateCredentials } from '@brume/client/credentials'
import { HttpTransport } from '@brume/client/http-transport'
import { eventually } from '@brume/testkit/eventually'
import { testServerCertificate } from '@brume/testkit/server-certificate'
import { withCluster } from '@brume/testkit/with-cluster'
import { metricValues } from '../horizontal-pod-autoscaler/metric-apis.ts'
import { workload } from './workloads.ts'

const NS = 'measured'
const metric = { name: 'rps', selector: { matchLabels: { verb: 'GET' } } }
const target = { type: 'AverageValue', averageValue: '10' }
const SPECS = {
  Pods: { type: 'Pods', pods: { metric, target } },
  Object: {
    type: 'Object',
    object: {
      metric: { name: 'rps' },
      target,
      describedObject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web' },
    },
  },
  External: { type: 'External', external: { metric, target } },
} as const

describe('metrics that others measure', { timeout: 120_000 }, () => {
  const cluster = withCluster({ namespace: NS, nodes: ['n1'] })
  let adapter: Http2SecureServer
  let own: HttpTransport
  let client: Client
  const asked: string[] = []

  before(async () => {
    const { cert, key, ca } = await testServerCertificate()
    adapter = createSecureServer({ cert, key })
    adapter.on('stream', (stream, headers) => {
      const path = String(headers[':path'])
      const group = path.split('/')[2]
      if (path.split('/').length === 3) {
        stream.respond({ ':status': 200, 'content-type': 'application/json' })
        stream.end(JSON.stringify({ kind: 'APIGroup', name: group, versions: [{ version: 'v1beta1' }] }))
        return
      }
      asked.push(path)
      stream.respond({ ':status': 200, 'content-type': 'application/json' })
      stream.end(JSON.stringify({ items: [{ describedObject: { name: 'p' }, value: '12' }] }))
    })
    await new Promise<void>((resolve) => adapter.listen(0, '127.0.0.1', resolve))
    own = new HttpTransport({
      server: `https://127.0.0.1:${(adapter.address() as AddressInfo).port}`,
      ca,
      credentials: certificateCredentials({}),
    })
    const plane = cluster.client.transport
    client = new Client({
      transport: {
        request: (request) => (request.path.includes('.metrics.k8s.io') ? own : plane).request(request),
        close: () => {},
      },
    })
  })
  after(() => {
    own?.close()
    adapter?.close()
  })

  it('are asked for by pods, by object and by name', async () => {
    for (const spec of Object.values(SPECS)) {
      const values = await metricValues(client, spec, { namespace: NS, podSelector: 'app=web' })
      assert.deepEqual(values, { items: [{ describedObject: { name: 'p' }, value: '12' }] })
    }
    assert.deepEqual(asked.map(decodeURIComponent), [
      `/apis/custom.metrics.k8s.io/v1beta1/namespaces/${NS}/pods/*/rps?labelSelector=app=web&metricLabelSelector=verb=GET`,
      `/apis/custom.metrics.k8s.io/v1beta1/namespaces/${NS}/ingresses.networking.k8s.io/web/rps`,
      `/apis/external.metrics.k8s.io/v1beta1/namespaces/${NS}/rps?labelSelector=verb=GET`,
    ])
    assert.equal(
      await metricValues(client, { type: 'Resource' }, { namespace: NS, podSelector: '' }),
      undefined,
    )
  })

  it('are said to be served by nobody, in a condition with the kind of metric', async () => {
    await cluster.client
      .resource(DEPLOYMENTS)
      .create(workload({ kind: 'Deployment', name: 'web', namespace: NS, spec: { replicas: 1 } }))
    const autoscalers = cluster.client.resource(HORIZONTAL_POD_AUTOSCALERS)
    const wanted = {
      Pods: [
        'FailedGetPodsMetric',
        'unable to get metric rps: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
      ],
      Object: [
        'FailedGetObjectMetric',
        `unable to get metric rps: Ingress on ${NS} web/unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered`,
      ],
      External: [
        'FailedGetExternalMetric',
        `unable to get external metric ${NS}/rps/&LabelSelector{MatchLabels:map[string]string{verb: GET,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get rps.external.metrics.k8s.io)`,
      ],
    } as const
    // One after the other: two autoscalers of the same pods would be ambiguous.
    for (const [type, [reason, message]] of Object.entries(wanted)) {
      const name = type.toLowerCase()
      await autoscalers.create({
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name, namespace: NS },
        spec: {
          maxReplicas: 5,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
          metrics: [SPECS[type as keyof typeof SPECS]],
        },
      })
      const active = await eventually(`the condition of ${name}`, async () => {
        const { status } = await autoscalers.get({ namespace: NS, name })
        return status?.['conditions']?.find((one: { type: string }) => one.type === 'ScalingActive')
      })
      assert.deepEqual(
        [active.status, active.reason, active.message],
        ['False', reason, `the HPA was unable to compute the replica count: ${message}`],
      )
      await autoscalers.delete({ namespace: NS, name })
    }
  })
})
