// The kinds of the Gateway API in a whole control plane.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { CUSTOM_RESOURCE_DEFINITIONS } from '@brume/client/builtin'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import type { ServedKinds } from '../kinds.ts'
import { prepareGatewayApi } from '../prepare.ts'
import { specHash, WRITTEN } from './definition.ts'
import { ensureDefinitions, gatewayApiDefinitions } from './ensure.ts'

describe("the Gateway API's definitions", { timeout: 60_000 }, () => {
  let plane: TestControlPlane
  let kinds: ServedKinds
  before(async () => {
    plane = await startTestControlPlane()
    kinds = (await prepareGatewayApi(plane.client, systemClock))!
  })
  after(() => plane.stop())
  const stored = (name: string) =>
    plane.client.resource(CUSTOM_RESOURCE_DEFINITIONS).get({ name: `${name}.gateway.networking.k8s.io` })

  it('are established, with nothing to complain about', async () => {
    for (const { metadata, spec } of gatewayApiDefinitions()) {
      const conditions = await eventually(`${metadata.name} is established`, async () => {
        const { status } = await stored(spec.names.plural)
        const found: { type: string; status: string }[] = status?.conditions ?? []
        return found.some(({ type }) => type === 'Established') && found
      })
      assert.deepEqual(
        conditions.filter(({ type, status }) =>
          type === 'NonStructuralSchema' ? status === 'True' : status !== 'True',
        ),
        [],
      )
    }
  })

  it('are stored as they are written, so that a second time writes nothing', async () => {
    const before = await stored('httproutes')
    assert.equal(specHash(before['spec']), before.metadata.annotations?.[WRITTEN])
    await ensureDefinitions(plane.client)
    assert.equal((await stored('httproutes')).metadata.resourceVersion, before.metadata.resourceVersion)
  })

  it('of an older Brume are brought up to date', async () => {
    const older = await stored('gatewayclasses')
    const spec = structuredClone(older['spec'])
    spec.versions[0].schema.openAPIV3Schema.description = 'as it was'
    const annotations = { ...older.metadata.annotations, [WRITTEN]: specHash(spec) }
    const resource = plane.client.resource(CUSTOM_RESOURCE_DEFINITIONS)
    await resource.update({ ...older, spec, metadata: { ...older.metadata, annotations } })
    await ensureDefinitions(plane.client)
    const { spec: now } = await stored('gatewayclasses')
    assert.notEqual(now.versions[0].schema.openAPIV3Schema.description, 'as it was')
  })

  it('that somebody changed are left as they are', async () => {
    const body = { spec: { names: { categories: ['gateway-api', 'mine'] } } }
    const resource = plane.client.resource(CUSTOM_RESOURCE_DEFINITIONS)
    await resource.patch({ name: 'grpcroutes.gateway.networking.k8s.io' }, { type: 'merge', body })
    await ensureDefinitions(plane.client)
    assert.deepEqual((await stored('grpcroutes'))['spec'].names.categories, ['gateway-api', 'mine'])
  })

  it('are served in their best versions, with the class of the edge', async () => {
    assert.deepEqual([...kinds.values()].map(({ plural, version }) => `${plural}.${version}`).sort(), [
      'backendtlspolicies.v1',
      'gatewayclasses.v1',
      'gateways.v1',
      'grpcroutes.v1',
      'httproutes.v1',
      'referencegrants.v1',
      'tcproutes.v1',
      'tlsroutes.v1',
    ])
    const { spec } = await plane.client.resource(kinds.get('GatewayClass')!).get({ name: 'brume' })
    assert.equal(spec.controllerName, 'brume.dev/gateway')
  })

  it('fill in what the API says is the default', async () => {
    const gateway = await plane.client.resource(kinds.get('Gateway')!).create({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'g', namespace: 'default' },
      spec: { gatewayClassName: 'brume', listeners: [{ name: 'web', port: 80, protocol: 'HTTP' }] },
    })
    assert.deepEqual(gateway['spec'].listeners[0].allowedRoutes, { namespaces: { from: 'Same' } })
    assert.deepEqual(
      gateway['status'].conditions.map(({ type, reason }: Record<string, string>) => [type, reason]),
      [
        ['Accepted', 'Pending'],
        ['Programmed', 'Pending'],
      ],
    )
  })

  it('refuse what the API does not allow', async () => {
    const spec = { controllerName: 'no-slash' }
    await assert.rejects(
      plane.client.resource(kinds.get('GatewayClass')!).create({
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'GatewayClass',
        metadata: { name: 'x' },
        spec,
      }),
      /spec.controllerName/,
    )
  })
})
