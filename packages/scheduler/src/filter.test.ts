import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refusalMessage } from './explain.ts'
import { check, nodeTerms, zones } from './filter-cases.ts'
import { cluster, node, placeOn, pod } from './fixtures.ts'

describe('demands on the node itself', () => {
  const tainted = (effect: string) => node('a', { taints: [{ key: 'k', value: 'v', effect }] })
  check([
    {
      title: 'without nodes, says so',
      in: cluster({ nodes: [] }),
      pod: pod('p'),
      gives: 'no nodes available to schedule pods',
    },
    {
      title: 'a cordoned node takes no pod',
      in: cluster({ nodes: [node('a', { cordoned: true })] }),
      pod: pod('p'),
      gives: '0/1 nodes are available: 1 node(s) were unschedulable.',
    },
    {
      title: 'a cordoned node takes a pod that tolerates it',
      in: cluster({ nodes: [node('a', { cordoned: true })] }),
      pod: pod('p', {
        spec: { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] },
      }),
      gives: 'a',
    },
    {
      title: 'nodeName names the only node',
      in: cluster({ nodes: [node('a')] }),
      pod: pod('p', { spec: { nodeName: 'b' } }),
      gives: "0/1 nodes are available: 1 node(s) didn't match the requested node name.",
    },
    ...['NoSchedule', 'NoExecute'].map((effect) => ({
      title: `an untolerated ${effect} taint is named`,
      in: cluster({ nodes: [tainted(effect)] }),
      pod: pod('p'),
      gives: '0/1 nodes are available: 1 node(s) had untolerated taint {k: v}.',
    })),
    {
      title: 'a toleration of the same value lets the pod in',
      in: cluster({ nodes: [tainted('NoSchedule')] }),
      pod: pod('p', { spec: { tolerations: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } }),
      gives: 'a',
    },
    {
      title: 'a toleration of another value does not',
      in: cluster({ nodes: [tainted('NoSchedule')] }),
      pod: pod('p', { spec: { tolerations: [{ key: 'k', value: 'w' }] } }),
      gives: '0/1 nodes are available: 1 node(s) had untolerated taint {k: v}.',
    },
    {
      title: 'Exists without a key tolerates everything',
      in: cluster({ nodes: [tainted('NoExecute')] }),
      pod: pod('p', { spec: { tolerations: [{ operator: 'Exists' }] } }),
      gives: 'a',
    },
    {
      title: 'a node selector needs every label',
      in: cluster(zones),
      pod: pod('p', { spec: { nodeSelector: { zone: 'y' } } }),
      gives: 'b',
    },
    {
      title: 'a selector that no node matches is named',
      in: cluster(zones),
      pod: pod('p', { spec: { nodeSelector: { zone: 'z' } } }),
      gives: "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
    },
    {
      title: 'required node affinity takes any of its terms, and Gt compares numbers',
      in: cluster({ nodes: [node('a', { labels: { n: '9' } }), node('b', { labels: { n: '10' } })] }),
      pod: pod('p', {
        spec: nodeTerms(
          { matchExpressions: [{ key: 'x', operator: 'Exists' }] },
          { matchExpressions: [{ key: 'n', operator: 'Gt', values: ['9'] }] },
        ),
      }),
      gives: 'b',
    },
    {
      title: 'an empty term matches no node',
      in: cluster(zones),
      pod: pod('p', { spec: nodeTerms({}) }),
      gives: "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
    },
    {
      title: 'matchFields names nodes; the others are not asked',
      in: cluster({ nodes: [node('a', { cordoned: true }), node('b')] }),
      pod: pod('p', {
        spec: nodeTerms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }),
      }),
      gives:
        "0/2 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity], 1 node(s) were unschedulable.",
    },
    {
      title: 'a group that is asked for by an annotation is a node selector',
      in: cluster({ nodes: [node('a'), node('b', { labels: { 'brume.dev/group': 'web' } })] }),
      pod: pod('p', { annotations: { 'brume.dev/group': 'web' } }),
      gives: 'b',
    },
  ])
})

describe('room', () => {
  const full = pod('full', { requests: { cpu: '3' } })
  check([
    {
      title: 'CPU, memory and the number of pods are counted, each with its reason',
      in: cluster({
        nodes: [node('a'), node('b', { memory: '100Mi' }), node('c', { pods: '0' })],
        pods: { a: [full] },
      }),
      pod: pod('p', { requests: { cpu: '2', memory: '1Gi' } }),
      gives: '0/3 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods.',
    },
    {
      title: 'extended resources are whole and must be there',
      in: cluster({ nodes: [node('a', { more: { 'example.org/gpu': '1' } }), node('b')] }),
      pod: pod('p', { requests: { 'example.org/gpu': '2' } }),
      gives: '0/2 nodes are available: 2 Insufficient example.org/gpu.',
    },
    {
      title: 'a pod that asks for nothing fits a node without any CPU left',
      in: cluster({ nodes: [node('a', { cpu: '3' })], pods: { a: [full] } }),
      pod: pod('p'),
      gives: 'a',
    },
    {
      title: 'sidecars run beside containers, init containers before them, and overhead comes on top',
      in: cluster({ nodes: [node('a', { cpu: '3100m' })] }),
      pod: pod('p', {
        requests: { cpu: '1' },
        spec: {
          overhead: { cpu: '100m' },
          initContainers: [
            { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } },
            { name: 'i', resources: { requests: { cpu: '2100m' } } },
          ],
        },
      }),
      gives: '0/1 nodes are available: 1 Insufficient cpu.',
    },
    {
      title: 'a host port is held once for each protocol, and by every address when it is held by all',
      in: cluster({
        nodes: [node('a')],
        pods: { a: [pod('q', { spec: { containers: [{ ports: [{ hostPort: 80 }] }] } })] },
      }),
      pod: pod('p', {
        spec: { containers: [{ ports: [{ hostPort: 80, hostIP: '10.0.0.1', protocol: 'TCP' }] }] },
      }),
      gives: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    },
    {
      title: 'the same host port of another protocol is free',
      in: cluster({
        nodes: [node('a')],
        pods: { a: [pod('q', { spec: { containers: [{ ports: [{ hostPort: 80 }] }] } })] },
      }),
      pod: pod('p', { spec: { containers: [{ ports: [{ hostPort: 80, protocol: 'UDP' }] }] } }),
      gives: 'a',
    },
  ])

  it('says how much less would do', () => {
    const snapshot = cluster({ nodes: [node('a')], pods: { a: [full] } })
    const placed = placeOn(snapshot, pod('p', { requests: { cpu: '2' } }))
    assert(placed.node === undefined)
    assert.equal(
      refusalMessage(placed, snapshot, 'no'),
      '0/1 nodes are available: 1 Insufficient cpu. preemption: no To place it: ' +
        'ask for less cpu (asked for 2, at most 1 is free on a node), or add a node.',
    )
  })
})
