import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Finding } from '@brume/machine/checks/finding'
import { observeMachine } from '@brume/machine/facts'
import type { ObservedCloud } from '../status/observe.ts'
import { apiFindings, auditFindings, hostFindings } from './findings.ts'
import type { ObservedHost } from './observe.ts'

const NOW = Date.UTC(2026, 5, 1)
const DAY_MS = 24 * 3600_000
const GIB = 1024 ** 3

const WELL: ObservedHost = {
  dataDir: '/d',
  facts: {
    ...observeMachine('/'),
    root: true,
    architecture: 'x64',
    kernel: '6.1.0',
    memoryBytes: 4 * GIB,
    nowMs: NOW,
    capabilities: { CAP_NET_ADMIN: true, CAP_SYS_ADMIN: true, CAP_SYS_RESOURCE: true },
    namespaces: ['ipc', 'mnt', 'net', 'pid', 'uts'],
    seccomp: true,
    sysctlsWritable: true,
    cgroups: { version: 2, controllers: ['cpu', 'memory', 'pids'], writable: true },
    disk: {
      dataDir: '/var/lib/brume',
      path: '/d',
      type: 'ext4',
      freeBytes: 50 * GIB,
      freeFiles: 1e6,
      options: ['rw'],
    },
    busyPorts: [6443],
    otherRuntimes: [],
    maxOpenFiles: 1e6,
    inotifyInstances: 512,
  },
  missing: { names: [], install: undefined },
  trials: [],
  firewall: [],
  used: true,
  runs: true,
  joined: undefined,
  containerd: { runs: true },
  certificates: [{ path: '/d/pki/ca.crt', endsMs: NOW + 300 * DAY_MS }],
}

const text = ({ level, check, message, next }: Finding) => `${level} ${check}: ${message} -> ${next}`
const wrong = (host: Partial<ObservedHost>) =>
  hostFindings({ ...WELL, ...host }, NOW)
    .filter(({ level }) => level !== 'ok')
    .map(text)

describe('the doctor', () => {
  it('finds nothing wrong where all is well', () => {
    assert.deepEqual(wrong({}), [])
  })

  const cases: [string, Partial<ObservedHost>, string][] = [
    [
      'missing programs',
      { missing: { names: ['runc', 'nft'], install: 'apt-get install runc nftables' } },
      'problem programs: not installed: runc, nft -> ./brume up   (installs them), or: apt-get install runc nftables',
    ],
    [
      'a firewall in the way',
      { firewall: ['it drops packets: nft insert rule x: y'] },
      'problem firewall: it drops packets -> nft insert rule x: y',
    ],
    [
      'a cloud that does not run',
      { runs: false, facts: { ...WELL.facts, busyPorts: [] } },
      'problem cloud: the cloud in /d does not run -> ./brume up --data-dir /d',
    ],
    [
      'no cloud at all',
      { runs: false, used: false, containerd: undefined, facts: { ...WELL.facts, busyPorts: [] } },
      'warning cloud: there is no cloud in /d -> ./brume up --data-dir /d',
    ],
    [
      "a node of another machine's cloud whose agent does not run",
      { runs: false, joined: 'https://192.0.2.1:6443', facts: { ...WELL.facts, busyPorts: [] } },
      'problem cloud: the agent of this node of https://192.0.2.1:6443 does not run -> ./brume join --data-dir /d',
    ],
    [
      'a runtime that does not come back',
      { containerd: { runs: false } },
      'problem containerd: does not run, though Brume starts it again -> ./brume logs containerd --data-dir /d',
    ],
    [
      'a certificate past its end',
      { certificates: [{ path: '/d/pki/x.crt', endsMs: NOW - DAY_MS }] },
      'problem certificates: /d/pki/x.crt is past its end (2026-05-31) -> ./brume up   (makes a new one)',
    ],
    [
      'a certificate near its end',
      { certificates: [{ path: '/d/pki/x.crt', endsMs: NOW + 2 * DAY_MS }] },
      'warning certificates: /d/pki/x.crt ends on 2026-06-03, and was not renewed -> ./brume logs',
    ],
    [
      'a certificate that is none',
      { certificates: [{ path: '/d/pki/x.crt', endsMs: undefined }] },
      'problem certificates: /d/pki/x.crt cannot be read as a certificate -> ls -l /d/pki/x.crt',
    ],
    [
      'that it was not started by root',
      { facts: { ...WELL.facts, root: false } },
      'warning rights: without root, a part of the machine cannot be looked at -> sudo ./brume doctor',
    ],
  ]
  for (const [title, host, finding] of cases) {
    it(`names ${title}, and what to do`, () => {
      assert.deepEqual(wrong(host), [finding])
    })
  }

  it('says that events of the audit log were lost', () => {
    const metric = (lost: number) => `# TYPE x counter\napiserver_audit_error_total{plugin="log"} ${lost}\n`
    assert.deepEqual(auditFindings(metric(7), '/d').map(text), [
      'problem audit log: 7 events were lost since the start: the disk took nothing -> df -h /d   (and ./brume logs --data-dir /d)',
    ])
    assert.deepEqual(auditFindings(metric(0), '/d').map(text), ['ok audit log: is written -> undefined'])
    assert.deepEqual(auditFindings('', '/d'), [])
  })

  it('calls what holds up the cloud a problem, and a pod that cannot start a warning', () => {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: { conditions: [{ type: 'Ready', status: 'False', message: 'containerd has ended' }] },
    }
    const waiting = { state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } } }
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { nodeName: 'n1' },
      status: { phase: 'Pending', containerStatuses: [waiting] },
    }
    const cloud: ObservedCloud = {
      version: 'v1.32',
      ready: true,
      checks: [],
      nodes: [node],
      namespaces: [],
      pods: [pod],
      claims: [],
      definitions: [],
      classes: [],
      counts: {},
      hidden: [],
    }
    assert.deepEqual(apiFindings(cloud, NOW).map(text), [
      'problem cloud: node n1 is not ready: containerd has ended -> kubectl describe node n1',
      'warning workloads: pod default/p waits with ErrImagePull: no such image -> kubectl describe pod --namespace default p',
    ])
    const annotations = { 'brume.dev/edge-problem': ':80 is in use. Next: ./brume up --http-port PORT' }
    const edge = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'brume', annotations },
    }
    assert.deepEqual(apiFindings({ ...cloud, nodes: [], pods: [], classes: [edge] }, NOW).map(text), [
      'problem cloud: the HTTP edge does not serve: :80 is in use -> ./brume up --http-port PORT',
    ])
    const [first] = apiFindings({ ...cloud, nodes: [], pods: [] }, NOW)
    assert.equal(text(first!), 'ok cloud: the API is ready: 0 nodes, 0 pods -> undefined')
  })
})
