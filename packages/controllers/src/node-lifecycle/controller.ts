// node-lifecycle: watches over the heartbeats of nodes.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import { LEASES, NODES, PODS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { patchIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import { decideNode, type NodeAction, type ObservedNode } from './decide.ts'
import { podsOn } from './pods-on.ts'
import { readiness } from './taints.ts'

const LEASE_NAMESPACE = 'kube-node-lease'

export function nodeLifecycle({ client, informers, clock, logger }: Dependencies): ControllerSpec {
  const nodes = informers.for(NODES)
  const leases = informers.for(LEASES, { namespace: LEASE_NAMESPACE })
  const on = podsOn(informers.for(PODS))
  const events = new EventRecorder({ client, component: 'node-controller', clock, logger })
  /** The last sign of life, and when we saw it: clocks of nodes are not compared with ours. */
  const heard = new Map<string, { sign: string; at: number }>()
  const ready = new Set<string>()
  const look = (node: KubeObject) => {
    if (readiness(node)?.status === 'True') ready.add(node.metadata.name!)
    else ready.delete(node.metadata.name!)
  }
  nodes.addHandler({
    add: look,
    update: look,
    delete({ metadata }) {
      ready.delete(metadata.name!)
      heard.delete(metadata.name!)
    },
  })
  let wereAllDown = true
  return defineController<ObservedNode, NodeAction>({
    name: 'node-lifecycle',
    sources: [
      fromInformer(nodes, (node) => {
        const areAllDown = ready.size === 0
        if (areAllDown === wereAllDown) return [node.metadata.name!]
        // It has changed for everyone.
        wereAllDown = areAllDown
        return nodes.store.list().map(({ metadata }) => metadata.name!)
      }),
      fromInformer(leases, ({ metadata }) => [metadata.name!]),
    ],
    observe(name) {
      const node = nodes.store.get('', name)
      if (node === undefined) return undefined
      const renewed = leases.store.get(LEASE_NAMESPACE, name)?.['spec']?.renewTime ?? ''
      const sign = `${node.metadata.uid}|${heartbeat(node)}|${renewed}`
      const last = heard.get(name)
      const heardAt = last?.sign === sign ? last.at : clock.now()
      heard.set(name, { sign, at: heardAt })
      return { node, heardAt, pods: on(name), allDown: ready.size === 0 }
    },
    decide: decideNode,
    async act(action) {
      if (action.type === 'setNotReady') return setNotReady(action.pod)
      const { node } = action
      const subject = { ...node, apiVersion: 'v1', kind: 'Node' }
      if (action.type === 'say') {
        const { reason, message } = action
        return void events.record(subject, { type: 'Normal', reason, message })
      }
      if (action.type === 'setStatus') {
        return void (await client.resource(NODES).updateStatus({ ...node, status: action.status }))
      }
      await client.resource(NODES).update({ ...node, spec: { ...node['spec'], taints: action.taints } })
    },
  })

  async function setNotReady(pod: KubeObject): Promise<void> {
    const { namespace, name, uid } = pod.metadata
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: formatTime(clock.now()) }
    const body = { metadata: { uid }, status: { conditions: [condition] } }
    const patch = { type: 'strategic' as const, subresource: 'status', body }
    try {
      await patchIfPresent(client.resource(PODS), { namespace: namespace!, name: name! }, patch)
    } catch (error) {
      // Another pod has its name by now.
      if (!isStatus(error, 'Conflict')) throw error
    }
  }
}

/** What a kubelet renews: our own changes of the status are no sign of life. */
function heartbeat({ status }: KubeObject): string {
  const ready = (status?.conditions ?? []).find(({ type }: { type: string }) => type === 'Ready')
  return `${ready?.lastHeartbeatTime ?? ''}`
}
