import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { FLOW_SCHEMAS, PRIORITY_LEVELS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { decideDangling } from './controller.ts'

const API = 'flowcontrol.apiserver.k8s.io/v1'
const spec = { priorityLevelConfiguration: { name: 'l' }, rules: [] }
const schema = (status?: object): KubeObject => ({
  apiVersion: API,
  kind: 'FlowSchema',
  metadata: { name: 's' },
  spec,
  ...(status && { status }),
})

describe('a FlowSchema', () => {
  it('is told whether its level is there, once', () => {
    for (const hasLevel of [true, false]) {
      const [action] = decideDangling({ schema: schema(), hasLevel }).actions
      assert.equal(action!.condition.status, hasLevel ? 'False' : 'True')
      const told = schema({ conditions: [action!.condition] })
      assert.deepEqual(decideDangling({ schema: told, hasLevel }).actions, [])
      assert.equal(decideDangling({ schema: told, hasLevel: !hasLevel }).actions.length, 1)
    }
  })
})

describe('a FlowSchema on a control plane', { timeout: 60_000 }, () => {
  const cluster = withCluster({ namespace: 'flows' })

  it('dangles until its level comes, and again when it goes', async () => {
    const schemas = cluster.client.resource(FLOW_SCHEMAS)
    const levels = cluster.client.resource(PRIORITY_LEVELS)
    const isDangling = (status: string) =>
      eventually(`Dangling is ${status}`, async () => {
        const { status: found } = await schemas.get({ name: 's' })
        return found?.conditions?.some(
          (condition: { type: string; status: string }) =>
            condition.type === 'Dangling' && condition.status === status,
        )
      })
    const subjects = [{ kind: 'User', user: { name: 'nobody' } }]
    const nonResourceRules = [{ verbs: ['get'], nonResourceURLs: ['/x'] }]
    await schemas.create({ ...schema(), spec: { ...spec, rules: [{ subjects, nonResourceRules }] } })
    await isDangling('True')
    await levels.create({
      apiVersion: API,
      kind: 'PriorityLevelConfiguration',
      metadata: { name: 'l' },
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    })
    await isDangling('False')
    await levels.delete({ name: 'l' })
    await isDangling('True')
  })
})
