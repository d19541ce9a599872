import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import {
  CLUSTER_ROLES,
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  RESOURCE_QUOTAS,
} from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { createConfigMap, createNamespace, gone } from './cluster.ts'

const GROUP = 'test.brume.dev'

function definition(plural: string, kind: string): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
}

const ref = (plural: string, kind: string): ResourceRef => ({
  group: GROUP,
  version: 'v1',
  plural,
  kind,
  namespaced: true,
})

const thing = (kind: string, name: string, metadata: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: `${GROUP}/v1`,
  kind,
  metadata: { name, namespace: 'default', ...metadata },
})

describe('custom resources, roles and quotas on a control plane', () => {
  let plane: TestControlPlane
  let client: Client

  before(async () => {
    plane = await startTestControlPlane()
    client = plane.client
  })
  after(() => plane.stop())

  const define = async (plural: string, kind: string) => {
    await client.resource(CUSTOM_RESOURCE_DEFINITIONS).create(definition(plural, kind))
    await eventually(`${plural} is established`, async () => {
      const { status } = await client
        .resource(CUSTOM_RESOURCE_DEFINITIONS)
        .get({ name: `${plural}.${GROUP}` })
      return status?.conditions?.some(
        (c: { type: string; status: string }) => c.type === 'Established' && c.status === 'True',
      )
    })
  }

  it('establishes a definition, and collects garbage of its kind', async () => {
    await define('widgets', 'Widget')
    const widgets = client.resource(ref('widgets', 'Widget'))
    const owner = await eventually('the kind is served', () => widgets.create(thing('Widget', 'owner')))
    const ownerReferences = [
      { apiVersion: `${GROUP}/v1`, kind: 'Widget', name: 'owner', uid: owner.metadata.uid! },
    ]
    await widgets.create(thing('Widget', 'child', { ownerReferences }))
    await createConfigMap(client, 'of-widget', 'default', [owner])
    await widgets.delete({ namespace: 'default', name: 'owner' })
    await eventually('both children are gone', async () => {
      const child = await gone(client, ref('widgets', 'Widget'), { namespace: 'default', name: 'child' })
      return child && gone(client, CONFIG_MAPS, { namespace: 'default', name: 'of-widget' })
    })
  })

  it('refuses the names of another definition, and accepts them when they become free', async () => {
    await define('gadgets', 'Gadget')
    await client.resource(CUSTOM_RESOURCE_DEFINITIONS).create(definition('gizmos', 'Gadget'))
    const accepted = async (status: string) => {
      const crd = await client.resource(CUSTOM_RESOURCE_DEFINITIONS).get({ name: `gizmos.${GROUP}` })
      const condition = crd['status']?.conditions?.find((c: { type: string }) => c.type === 'NamesAccepted')
      return condition?.status === status && condition
    }
    const refused = await eventually('the names are refused', () => accepted('False'))
    assert.match(refused.message, /"Gadget(List)?" is already in use/)
    await client.resource(CUSTOM_RESOURCE_DEFINITIONS).delete({ name: `gadgets.${GROUP}` })
    await eventually('the names are accepted', () => accepted('True'))
  })

  it('deletes all objects of a definition that is deleted, waiting for their finalizers', async () => {
    await define('doodads', 'Doodad')
    const doodads = client.resource(ref('doodads', 'Doodad'))
    await eventually('the kind is served', () =>
      doodads.create(thing('Doodad', 'held', { finalizers: ['test.dev/hold'] })),
    )
    await doodads.create(thing('Doodad', 'free'))
    const key = { name: `doodads.${GROUP}` }
    await client.resource(CUSTOM_RESOURCE_DEFINITIONS).delete(key)
    await eventually('the free one is gone', () =>
      gone(client, ref('doodads', 'Doodad'), { namespace: 'default', name: 'free' }),
    )
    await eventually('the condition says so', async () => {
      const { status } = await client.resource(CUSTOM_RESOURCE_DEFINITIONS).get(key)
      return status.conditions.some((c: { reason: string }) => c.reason === 'InstanceDeletionInProgress')
    })
    await doodads.patch(
      { namespace: 'default', name: 'held' },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    )
    await eventually('the definition is gone', () => gone(client, CUSTOM_RESOURCE_DEFINITIONS, key))
  })

  it('empties a namespace of custom objects too', async () => {
    await define('trinkets', 'Trinket')
    await createNamespace(client, 'custom')
    const trinkets = client.resource(ref('trinkets', 'Trinket'))
    await eventually('the kind is served', () =>
      trinkets.create(thing('Trinket', 't', { namespace: 'custom' })),
    )
    await client.resource(NAMESPACES).delete({ name: 'custom' })
    await eventually('the namespace is gone', () => gone(client, NAMESPACES, { name: 'custom' }))
    assert.deepEqual((await trinkets.list()).items, [])
  })

  it('aggregates the rules of roles by their labels, as they come and go', async () => {
    const roles = client.resource(CLUSTER_ROLES)
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }
    const rules = [{ apiGroups: [GROUP], resources: ['widgets'], verbs: ['get'] }]
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'widget-view', labels },
      rules,
    }
    const viewHas = async () => {
      const view = await roles.get({ name: 'view' })
      return view['rules'].some(({ apiGroups }: { apiGroups?: string[] }) => apiGroups?.includes(GROUP))
    }
    assert.equal(await viewHas(), false)
    await roles.create(role)
    await eventually('view has the rule', viewHas)
    await roles.delete({ name: 'widget-view' })
    await eventually('view has it no more', async () => !(await viewHas()))
  })

  it('keeps the status of a quota', async () => {
    await createNamespace(client, 'limited')
    await client.resource(RESOURCE_QUOTAS).create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace: 'limited' },
      spec: { hard: { 'count/configmaps': '5', pods: '3' } },
    })
    const used = async (count: string) => {
      const { status } = await client.resource(RESOURCE_QUOTAS).get({ namespace: 'limited', name: 'q' })
      return status?.used?.['count/configmaps'] === count && status
    }
    // kube-root-ca.crt is one.
    const status = await eventually('one is counted', () => used('1'))
    assert.deepEqual(status.hard, { 'count/configmaps': '5', pods: '3' })
    assert.equal(status.used.pods, '0')
    await createConfigMap(client, 'more', 'limited')
    await eventually('two are counted', () => used('2'))
    await client.resource(CONFIG_MAPS).delete({ namespace: 'limited', name: 'more' })
    await eventually('one is counted again', () => used('1'))
  })
})
