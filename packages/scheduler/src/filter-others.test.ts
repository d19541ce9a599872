import { describe } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { affinity, app, byApp, check, spread, zones } from './filter-cases.ts'
import { cluster, node, pod } from './fixtures.ts'
import type { Json } from './pod-info.ts'
import { NO_VOLUMES } from './volumes.ts'

describe('other pods', () => {
  const other = pod('o', app('w'))
  check([
    {
      title: 'affinity follows the pod that it names into its zone',
      in: cluster({ ...zones, pods: { b: [other] } }),
      pod: pod('p', { spec: affinity('podAffinity', [byApp('w', 'zone')]) }),
      gives: 'b',
    },
    {
      title: 'affinity without such a pod fits nowhere',
      in: cluster(zones),
      pod: pod('p', { spec: affinity('podAffinity', [byApp('w', 'zone')]) }),
      gives: "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
    },
    {
      title: 'the first pod of a group that wants to be together may start',
      in: cluster({ nodes: [node('a', { labels: { zone: 'x' } })] }),
      pod: pod('p', { ...app('w'), spec: affinity('podAffinity', [byApp('w', 'zone')]) }),
      gives: 'a',
    },
    {
      title: 'a pod of another namespace does not count',
      in: cluster({ ...zones, pods: { b: [pod('o', { ...app('w'), namespace: 'other' })] } }),
      pod: pod('p', { spec: affinity('podAffinity', [byApp('w', 'zone')]) }),
      gives: "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
    },
    {
      title: 'a namespace selector chooses by the labels of namespaces',
      in: cluster({
        ...zones,
        namespaceLabels: (name) => (name === 'other' ? { team: 't' } : undefined),
        pods: { b: [pod('o', { ...app('w'), namespace: 'other' })] },
      }),
      pod: pod('p', {
        spec: affinity('podAffinity', [
          { ...byApp('w', 'zone'), namespaceSelector: { matchLabels: { team: 't' } } },
        ]),
      }),
      gives: 'b',
    },
    {
      title: 'several terms count only pods that match them all',
      in: cluster({ ...zones, pods: { a: [other], b: [pod('both', { labels: { app: 'w', tier: 't' } })] } }),
      pod: pod('p', {
        spec: affinity('podAffinity', [
          byApp('w', 'zone'),
          { labelSelector: { matchLabels: { tier: 't' } }, topologyKey: 'zone' },
        ]),
      }),
      gives: 'b',
    },
    {
      title: 'anti-affinity keeps away from the pods that it names',
      in: cluster({ ...zones, pods: { a: [other], b: [other] } }),
      pod: pod('p', { spec: affinity('podAntiAffinity', [byApp('w')]) }),
      gives: 'a',
    },
    {
      title: 'anti-affinity is named when nothing is left',
      in: cluster({ ...zones, pods: { a: [other], b: [pod('o2', app('w'))] } }),
      pod: pod('p', { spec: affinity('podAntiAffinity', [byApp('w', 'zone')]) }),
      gives: "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
    },
    {
      title: 'pods that run keep away those that they avoid',
      in: cluster({
        nodes: [node('a')],
        pods: { a: [pod('o', { spec: affinity('podAntiAffinity', [byApp('w')]) })] },
      }),
      pod: pod('p', app('w')),
      gives: "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
    },
    {
      title: 'spread keeps the skew',
      in: cluster({ ...zones, pods: { a: [other] } }),
      pod: pod('p', { ...app('w'), spec: spread() }),
      gives: 'b',
    },
    {
      title: 'spread is named when it forbids',
      in: cluster({
        nodes: [node('a', { labels: { zone: 'x' } }), node('b', { labels: { zone: 'y' }, cordoned: true })],
        pods: { a: [other] },
      }),
      pod: pod('p', { ...app('w'), spec: spread() }),
      gives:
        "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable.",
    },
    {
      title: 'a node without the label is named apart',
      in: cluster({ nodes: [node('a')] }),
      pod: pod('p', { ...app('w'), spec: spread() }),
      gives:
        "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).",
    },
    {
      title: 'minDomains holds the rest back until there are enough domains',
      in: cluster({ nodes: [node('a', { labels: { zone: 'x' } })], pods: { a: [other] } }),
      pod: pod('p', { ...app('w'), spec: spread({ minDomains: 2 }) }),
      gives: "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints.",
    },
    {
      title: 'nodes that the selector excludes do not count as empty domains',
      in: cluster({ ...zones, pods: { a: [other] } }),
      pod: pod('p', { ...app('w'), spec: { ...spread(), nodeSelector: { zone: 'x' } } }),
      gives: 'a',
    },
    {
      title: 'nodeAffinityPolicy Ignore counts them',
      in: cluster({ ...zones, pods: { a: [other] } }),
      pod: pod('p', {
        ...app('w'),
        spec: { ...spread({ nodeAffinityPolicy: 'Ignore' }), nodeSelector: { zone: 'x' } },
      }),
      gives:
        "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) didn't match pod topology spread constraints.",
    },
    {
      title: 'nodeTaintsPolicy Honor leaves out nodes that the pod may not enter',
      in: cluster({
        nodes: [
          node('a', { labels: { zone: 'x' } }),
          node('b', { labels: { zone: 'y' }, taints: [{ key: 'k', effect: 'NoSchedule' }] }),
        ],
        pods: { a: [other] },
      }),
      pod: pod('p', { ...app('w'), spec: spread({ nodeTaintsPolicy: 'Honor' }) }),
      gives: 'a',
    },
    {
      title: 'matchLabelKeys counts only pods of the same revision',
      in: cluster({
        nodes: [node('a', { labels: { zone: 'x' } }), node('b', { labels: { zone: 'y' }, cordoned: true })],
        pods: { a: [pod('old', { labels: { app: 'w', rev: '1' } })] },
      }),
      pod: pod('p', { labels: { app: 'w', rev: '2' }, spec: spread({ matchLabelKeys: ['rev'] }) }),
      gives: 'a',
    },
  ])
})

describe('volumes', () => {
  const claims = { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] } }
  const claim = (spec: Json, status: Json): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'ns' },
    spec,
    status,
  })
  const volume: KubeObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pv' },
    spec: {
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['y'] }] }],
        },
      },
    },
  }
  const reader = (found: KubeObject | undefined, pv?: KubeObject) => ({
    ...NO_VOLUMES,
    claim: () => found,
    volume: () => pv,
  })
  const bound = claim({ volumeName: 'pv' }, { phase: 'Bound' })
  check([
    {
      title: 'a claim that does not exist is waited for',
      in: cluster({ ...zones, volumes: reader(undefined) }),
      pod: pod('p', claims),
      gives: '0/2 nodes are available: persistentvolumeclaim "data" not found.',
    },
    {
      title: 'an unbound claim is waited for',
      in: cluster({ ...zones, volumes: reader(claim({}, { phase: 'Pending' })) }),
      pod: pod('p', claims),
      gives: '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
    },
    {
      title: "a bound volume's node affinity decides",
      in: cluster({ ...zones, volumes: reader(bound, volume) }),
      pod: pod('p', claims),
      gives: 'b',
    },
    {
      title: 'a volume out of reach is named',
      in: cluster({ nodes: [node('a', { labels: { zone: 'x' } })], volumes: reader(bound, volume) }),
      pod: pod('p', claims),
      gives: '0/1 nodes are available: 1 node(s) had volume node affinity conflict.',
    },
    {
      title: 'a claim bound to a volume that is gone is named',
      in: cluster({ nodes: [node('a')], volumes: reader(bound) }),
      pod: pod('p', claims),
      gives:
        '0/1 nodes are available: 1 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s).',
    },
  ])
})
