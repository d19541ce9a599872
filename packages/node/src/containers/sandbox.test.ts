import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PodProblem } from '../contract.ts'
import { parseResolvConf, podDns } from './dns.ts'
import { sandboxConfigOf } from './sandbox.ts'
import { SETTINGS, testContainer, testPod } from './testing.ts'

/** What is absent on the wire is left out. */
const wire = (value: unknown) => JSON.parse(JSON.stringify(value))

test('a plain pod becomes a sandbox of its own names, network and DNS', () => {
  const pod = testPod(
    {
      containers: [testContainer({ ports: [{ containerPort: 80, protocol: 'TCP' }] })],
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
    },
    { labels: { app: 'web' }, annotations: { note: 'x' } },
  )
  assert.deepEqual(wire(sandboxConfigOf(pod, 2, SETTINGS)), {
    metadata: { name: 'web', namespace: 'shop', uid: 'uid-1', attempt: 2 },
    hostname: 'web',
    logDirectory: '/data/node/logs/pods/shop_web_uid-1',
    dnsConfig: {
      servers: ['10.96.0.10'],
      searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com'],
      options: ['ndots:5'],
    },
    portMappings: [{ protocol: 0, containerPort: 80, hostPort: 0, hostIp: '' }],
    labels: {
      app: 'web',
      'io.kubernetes.pod.name': 'web',
      'io.kubernetes.pod.namespace': 'shop',
      'io.kubernetes.pod.uid': 'uid-1',
    },
    annotations: { note: 'x' },
    linux: {
      cgroupParent: '/brume/kubepods/besteffort/poduid-1',
      sysctls: {},
      securityContext: {
        namespaceOptions: { network: 0, ipc: 0, pid: 1 },
        supplementalGroups: [],
        privileged: false,
        seccomp: { profileType: 2, localhostRef: '/data/node/sandbox-seccomp.json' },
      },
      resources: { cpuPeriod: 100000, cpuQuota: 0, cpuShares: 2 },
      overhead: {},
    },
  })
})

test('what the pod says of users, groups, sysctls and namespaces holds for its sandbox', () => {
  const pod = testPod({
    hostNetwork: true,
    hostIPC: true,
    shareProcessNamespace: true,
    initContainers: [
      testContainer({
        name: 'side',
        restartPolicy: 'Always',
        ports: [{ hostPort: 53, containerPort: 53, protocol: 'UDP' }],
      }),
      testContainer({ name: 'init', ports: [{ containerPort: 1 }] }),
    ],
    containers: [
      testContainer({
        securityContext: { privileged: true },
        resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '500m', memory: '1Gi' } },
        ports: [
          { name: 'a', containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1' },
          { name: 'a', containerPort: 81 },
        ],
      }),
    ],
    overhead: { cpu: '100m', memory: '64Mi' },
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 0,
      fsGroup: 2000,
      supplementalGroups: [3000],
      seLinuxOptions: { level: 's0:c1' },
      sysctls: [{ name: 'net.core.somaxconn', value: '1024' }],
    },
  })
  const config = wire(sandboxConfigOf(pod, 0, SETTINGS))
  assert.equal(config.hostname, '')
  assert.deepEqual(config.portMappings, [
    { protocol: 0, containerPort: 80, hostPort: 8080, hostIp: '127.0.0.1' },
    { protocol: 1, containerPort: 53, hostPort: 53, hostIp: '' },
  ])
  assert.deepEqual(config.linux, {
    cgroupParent: '/brume/kubepods/burstable/poduid-1',
    sysctls: { 'net.core.somaxconn': '1024' },
    securityContext: {
      namespaceOptions: { network: 2, ipc: 2, pid: 0 },
      selinuxOptions: { level: 's0:c1' },
      runAsUser: { value: 1000 },
      runAsGroup: { value: 0 },
      supplementalGroups: [2000, 3000],
      privileged: true,
      seccomp: { profileType: 0 },
    },
    resources: { cpuPeriod: 100000, cpuQuota: 50000, cpuShares: 512, memoryLimitInBytes: 1024 ** 3 },
    overhead: { cpuPeriod: 100000, cpuQuota: 10000, cpuShares: 102, memoryLimitInBytes: 64 * 1024 ** 2 },
  })
})

test('a group without a user is for the containers alone: the runtime would refuse the sandbox', () => {
  const pod = testPod({ securityContext: { runAsGroup: 3000 } })
  const { runAsUser, runAsGroup } = sandboxConfigOf(pod, 0, SETTINGS).linux!.securityContext!
  assert.deepEqual([runAsUser, runAsGroup], [undefined, undefined])
})

test('a pod with requests that equal limits is directly below the root', () => {
  const resources = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } }
  const config = sandboxConfigOf(testPod({ containers: [testContainer({ resources })] }), 0, SETTINGS)
  assert.equal(config.linux?.cgroupParent, '/brume/kubepods/poduid-1')
})

const long = (length: number) => 'x'.repeat(length)

const HOSTNAMES: [string, object, object, string][] = [
  ['its own', { hostname: 'db-0' }, {}, 'db-0'],
  ['not its domain', { hostname: 'db-0', subdomain: 'db' }, {}, 'db-0'],
  [
    'all of it',
    { hostname: 'db-0', subdomain: 'db', setHostnameAsFQDN: true },
    {},
    'db-0.db.shop.svc.cluster.local',
  ],
  ['no domain that is not there', { setHostnameAsFQDN: true }, {}, 'web'],
  ['63 letters of a longer name', {}, { name: `${long(61)}-.y` }, long(61)],
]

for (const [what, spec, metadata, expected] of HOSTNAMES) {
  test(`the host name is ${what}`, () => {
    assert.equal(sandboxConfigOf(testPod(spec, metadata), 0, SETTINGS).hostname, expected)
  })
}

test('a full name that the kernel cannot hold is refused', () => {
  const pod = testPod({ hostname: long(40), subdomain: 'db', setHostnameAsFQDN: true })
  assert.throws(
    () => sandboxConfigOf(pod, 0, SETTINGS),
    (error) => {
      assert.ok(error instanceof PodProblem)
      assert.equal(error.reason, 'FailedCreatePodSandBox')
      assert.match(error.message, /is too long \(64 characters is the max, 66 characters requested\)$/)
      return true
    },
  )
})

const NODE = { servers: ['192.0.2.53'], searches: ['example.com'], options: ['edns0'] }
const POLICIES: [object, object][] = [
  [{ dnsPolicy: 'Default' }, NODE],
  [
    { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } },
    { servers: ['1.1.1.1'], searches: [], options: [] },
  ],
  [{ dnsPolicy: 'ClusterFirst', hostNetwork: true }, NODE],
  [
    {
      dnsPolicy: 'Default',
      dnsConfig: {
        searches: ['example.com', 'b'],
        options: [{ name: 'edns0' }, { name: 'ndots', value: '2' }],
      },
    },
    { servers: ['192.0.2.53'], searches: ['example.com', 'b'], options: ['edns0', 'ndots:2'] },
  ],
  [
    {
      dnsPolicy: 'ClusterFirstWithHostNet',
      hostNetwork: true,
      dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
    },
    {
      servers: ['10.96.0.10'],
      searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com'],
      options: ['ndots:1'],
    },
  ],
]

for (const [spec, expected] of POLICIES) {
  test(`DNS of ${JSON.stringify(spec)}`, () => {
    assert.deepEqual(podDns(testPod(spec), SETTINGS), { config: expected, warnings: [] })
  })
}

test("without a DNS server of the cloud a pod gets the node's, and a warning", () => {
  const { config, warnings } = podDns(testPod(), { ...SETTINGS, clusterDns: [] })
  assert.deepEqual(config, NODE)
  assert.deepEqual(
    warnings.map(({ reason }) => reason),
    ['MissingClusterDNS'],
  )
})

test('more name servers and domains than libc takes are left out, with a warning', () => {
  const pod = testPod({
    dnsPolicy: 'None',
    dnsConfig: {
      nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'],
      searches: [long(254), ...Array.from({ length: 40 }, (_, i) => `${i}${long(100)}`)],
    },
  })
  const { config, warnings } = podDns(pod, SETTINGS)
  assert.deepEqual(config.servers, ['1.1.1.1', '2.2.2.2', '3.3.3.3'])
  assert.ok(config.searches.join(' ').length <= 2048 && config.searches.length >= 18)
  assert.deepEqual(
    warnings.map(({ reason }) => reason),
    ['DNSConfigForming', 'DNSConfigForming'],
  )
})

test('reads resolv.conf as libc does', () => {
  const text = [
    '# search no',
    'nameserver 192.0.2.1',
    '  nameserver\t2001:db8::1  ',
    'nameserver',
    'search a b',
    'search example.com. . c',
    'options ndots:2 rotate',
    'options ndots:3',
    'sortlist x',
  ].join('\n')
  assert.deepEqual(parseResolvConf(text), {
    servers: ['192.0.2.1', '2001:db8::1'],
    searches: ['example.com', 'c'],
    options: ['ndots:3', 'rotate'],
  })
})
