import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../../validate/json.ts'
import { createErrors, podObject } from '../../fixtures.ts'
import { pod } from './kind.ts'

const C = 'spec.containers[0]'
const withContainer = (container: Json, spec: Json = {}) =>
  createErrors(pod, podObject({ containers: [{ name: 'c', image: 'a', ...container }], ...spec }))
const withSpec = (spec: Json) => createErrors(pod, podObject(spec))

test('accepts a pod that uses much of the API', () => {
  const container = {
    command: ['a'],
    ports: [{ name: 'http', containerPort: 80 }],
    env: [
      { name: 'A', value: '1' },
      { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      { name: 'C', valueFrom: { fieldRef: { fieldPath: "metadata.labels['x/y']" } } },
      { name: 'D', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
    ],
    envFrom: [{ prefix: 'P_', configMapRef: { name: 'c' } }],
    resources: { limits: { cpu: '1', 'hugepages-2Mi': '4Mi' }, requests: { cpu: '1', memory: '1Gi' } },
    livenessProbe: { exec: { command: ['true'] } },
    readinessProbe: { tcpSocket: { port: 'http' } },
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
    volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a/b' }],
    securityContext: {
      runAsUser: 0,
      capabilities: { add: ['NET_ADMIN'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
  const spec = {
    volumes: [{ name: 'v' }],
    initContainers: [
      { name: 'i', image: 'a' },
      { name: 's', image: 'a', restartPolicy: 'Always', startupProbe: { grpc: { port: 1 } } },
    ],
  }
  assert.deepEqual(withContainer(container, spec), [])
})

test('containers: names, images, policies', () => {
  const cases: [Json, string[]][] = [
    [{ containers: [] }, ['spec.containers: Required value']],
    [{ containers: [{}] }, [`${C}.name: Required value`, `${C}.image: Required value`]],
    [
      { containers: [{ name: 'c', image: ' a' }] },
      [`${C}.image: Invalid value: " a": must not have leading or trailing whitespace`],
    ],
    [
      {
        containers: [
          { name: 'c', image: 'a' },
          { name: 'c', image: 'a' },
        ],
      },
      ['spec.containers[1].name: Duplicate value: "c"'],
    ],
    [
      { containers: [{ name: 'c', image: 'a', restartPolicy: 'Always' }] },
      [`${C}.restartPolicy: Forbidden: may not be set for non-init containers`],
    ],
    [{ initContainers: [{ name: 'c', image: 'a' }] }, ['spec.initContainers[0].name: Duplicate value: "c"']],
    [
      { initContainers: [{ name: 'i', image: 'a', livenessProbe: { exec: { command: ['x'] } } }] },
      [
        'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      { initContainers: [{ name: 'i', image: 'a', restartPolicy: 'Never' }] },
      ['spec.initContainers[0].restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      { ephemeralContainers: [{ name: 'e', image: 'a' }] },
      ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
    ],
  ]
  for (const [spec, expected] of cases) assert.deepEqual(withSpec(spec), expected)
  assert.deepEqual(withContainer({ imagePullPolicy: 'Often' }), [
    `${C}.imagePullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"`,
  ])
  assert.deepEqual(withContainer({ terminationMessagePolicy: 'X' }), [
    `${C}.terminationMessagePolicy: Unsupported value: "X": supported values: "File", "FallbackToLogsOnError"`,
  ])
})

test('ephemeral containers: only what a debugger needs', () => {
  const broken = podObject({
    ephemeralContainers: [
      {
        name: 'e',
        image: 'a',
        targetContainerName: 'nobody',
        ports: [{ containerPort: 1 }],
        volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'x' }],
      },
    ],
    volumes: [{ name: 'v' }],
  })
  const E = 'spec.ephemeralContainers[0]'
  assert.deepEqual(createErrors(pod, broken), [
    `${E}.targetContainerName: Not found: "nobody"`,
    `${E}.ports: Forbidden: cannot be set for an Ephemeral Container`,
    `${E}.volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container`,
    'spec.ephemeralContainers: Forbidden: cannot be set on create',
  ])
})

test('ports', () => {
  const cases: [Json[], string[]][] = [
    [[{}], [`${C}.ports[0].containerPort: Required value`]],
    [
      [{ containerPort: 70000 }],
      [`${C}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`],
    ],
    [
      [{ containerPort: 1, protocol: 'HTTP' }],
      [`${C}.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"`],
    ],
    [
      [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
      [`${C}.ports[1].name: Duplicate value: "a"`],
    ],
    [
      [
        { containerPort: 1, hostPort: 9 },
        { containerPort: 2, hostPort: 9 },
      ],
      [`${C}.ports[1].hostPort: Duplicate value: "TCP//9"`],
    ],
  ]
  for (const [ports, expected] of cases) assert.deepEqual(withContainer({ ports }), expected)
  assert.deepEqual(withContainer({ ports: [{ containerPort: 1, hostPort: 2 }] }, { hostNetwork: true }), [
    `${C}.ports[0].hostPort: Invalid value: 2: must match \`containerPort\` when \`hostNetwork\` is true`,
  ])
})

test('environment', () => {
  const E = `${C}.env[0]`
  const cases: [Json, string[]][] = [
    [{}, [`${E}.name: Required value`]],
    [
      { name: 'A=B' },
      [
        `${E}.name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`,
      ],
    ],
    [
      { name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      [`${E}.valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`],
    ],
    [
      { name: 'A', valueFrom: {} },
      [
        `${E}.valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
      ],
    ],
    [
      { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.nothing' } } },
      [
        `${E}.valueFrom.fieldRef.fieldPath: Invalid value: "metadata.nothing": error converting fieldPath: field label not supported: metadata.nothing`,
      ],
    ],
    [
      { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
      [
        `${E}.valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
      ],
    ],
    [
      { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '5' } } },
      [
        `${E}.valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
      ],
    ],
    [
      { name: 'A', valueFrom: { secretKeyRef: { name: 's' } } },
      [`${E}.valueFrom.secretKeyRef.key: Required value`],
    ],
  ]
  for (const [variable, expected] of cases) assert.deepEqual(withContainer({ env: [variable] }), expected)
  assert.deepEqual(withContainer({ envFrom: [{}] }), [
    `${C}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``,
  ])
  assert.deepEqual(withContainer({ envFrom: [{ secretRef: {} }] }), [
    `${C}.envFrom[0].secretRef.name: Required value`,
  ])
})

test('probes and hooks', () => {
  const cases: [Json, string[]][] = [
    [{ livenessProbe: {} }, [`${C}.livenessProbe: Required value: must specify a handler type`]],
    [
      { livenessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } },
      [`${C}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`],
    ],
    [
      { startupProbe: { exec: { command: ['a'] }, successThreshold: 2 } },
      [`${C}.startupProbe.successThreshold: Invalid value: 2: must be 1`],
    ],
    [
      { readinessProbe: { exec: { command: ['a'] }, terminationGracePeriodSeconds: 3 } },
      [
        `${C}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be set for readinessProbes`,
      ],
    ],
    [
      { livenessProbe: { httpGet: { port: 0, scheme: 'FTP' }, periodSeconds: -1 } },
      [
        `${C}.livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`,
        `${C}.livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"`,
        `${C}.livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0`,
      ],
    ],
    [{ lifecycle: { postStart: { exec: {} } } }, [`${C}.lifecycle.postStart.exec.command: Required value`]],
    [
      { lifecycle: { preStop: { sleep: { seconds: 31 } } } },
      [
        `${C}.lifecycle.preStop.sleep: Invalid value: 31: must be greater than 0 and less than terminationGracePeriodSeconds (30). Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.`,
      ],
    ],
  ]
  for (const [container, expected] of cases) assert.deepEqual(withContainer(container), expected)
})

test('resources', () => {
  const R = `${C}.resources`
  const cases: [Json, string[]][] = [
    [
      { limits: { cpu: '1' }, requests: { cpu: '2' } },
      [`${R}.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
    ],
    [
      { limits: { cpu: '-1' } },
      [
        `${R}.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
        `${R}.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
      ],
    ],
    [
      { requests: { 'example.com/gpu': '1' } },
      [`${R}.limits: Required value: Limit must be set for non overcommitable resources`],
    ],
    [
      { limits: { 'example.com/gpu': '2' }, requests: { 'example.com/gpu': '1' } },
      [`${R}.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2`],
    ],
    [
      { requests: { gpu: '1' } },
      [
        `${R}.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified`,
        `${R}.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers`,
      ],
    ],
    [{ limits: { 'hugepages-2Mi': '2Mi' } }, [`${R}: Forbidden: HugePages require cpu or memory`]],
    [
      { limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } },
      [
        `${R}.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
        `${R}.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
      ],
    ],
    [
      { claims: [{ name: 'x' }] },
      [`${R}.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty`],
    ],
  ]
  for (const [resources, expected] of cases) assert.deepEqual(withContainer({ resources }), expected)
  const resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }]
  assert.deepEqual(withContainer({ resizePolicy }, { restartPolicy: 'Never' }), [
    `${C}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when \`restartPolicy\` is 'Never'`,
  ])
})

test('security contexts', () => {
  const S = `${C}.securityContext`
  const cases: [Json, string[]][] = [
    [{ runAsUser: -1 }, [`${S}.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`]],
    [
      { procMount: 'Unmasked' },
      [`${S}.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``],
    ],
    [
      { privileged: true, allowPrivilegeEscalation: false },
      [
        `${S}: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
      ],
    ],
    [
      { seccompProfile: { type: 'Localhost' } },
      [`${S}.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`],
    ],
    [
      { seccompProfile: { type: 'Localhost', localhostProfile: '../x' } },
      [`${S}.seccompProfile.localhostProfile: Invalid value: "../x": must not contain '..'`],
    ],
    [
      { appArmorProfile: { type: 'Odd' } },
      [
        `${S}.appArmorProfile.type: Unsupported value: "Odd": supported values: "Localhost", "RuntimeDefault", "Unconfined"`,
      ],
    ],
  ]
  for (const [securityContext, expected] of cases)
    assert.deepEqual(withContainer({ securityContext }), expected)
})
