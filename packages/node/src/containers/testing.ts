// Pods and a node's settings for the tests of this folder.

import type { ContainerSpec, Pod } from '../contract.ts'
import type { NodeSettings } from './settings.ts'

export const SETTINGS: NodeSettings = {
  clusterDomain: 'cluster.local',
  clusterDns: ['10.96.0.10'],
  hostDns: { servers: ['192.0.2.53'], searches: ['example.com'], options: ['edns0'] },
  hostIps: ['192.0.2.7', '2001:db8::7'],
  allocatable: { cpu: '1900m', memory: '3Gi', 'ephemeral-storage': '10Gi' },
  memoryCapacityBytes: 4 * 1024 ** 3,
  cgroups: { version: 1, root: '/brume/kubepods', swap: false, hugePageSizes: [] },
  seccompDir: '/data/node/seccomp',
  sandboxProfile: '/data/node/sandbox-seccomp.json',
  seccompDefault: false,
  logsDir: '/data/node/logs/pods',
}

export function testContainer(fields: object = {}): ContainerSpec {
  return { name: 'app', image: 'registry.example/app:1', ...fields }
}

export function testPod(spec: object = {}, metadata: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', uid: 'uid-1', ...metadata },
    spec: { nodeName: 'node-1', serviceAccountName: 'default', containers: [testContainer()], ...spec },
  }
}
