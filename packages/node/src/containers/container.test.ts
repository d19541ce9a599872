import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerSpec, ImageUser, Pod } from '../contract.ts'
import { type ContainerOptions, containerConfigOf, containerHash } from './container.ts'
import { MASKED_PATHS, READONLY_PATHS } from './security.ts'
import { SETTINGS, testContainer, testPod } from './testing.ts'

const wire = (value: unknown) => JSON.parse(JSON.stringify(value))

function configOf(pod: Pod, container: ContainerSpec, options: Partial<ContainerOptions> = {}) {
  return wire(
    containerConfigOf({
      pod,
      container,
      attempt: 0,
      imageRef: 'sha256:abc',
      imageUser: { uid: 0 },
      env: [],
      mounts: [],
      settings: SETTINGS,
      ...options,
    }),
  )
}

const securityOf = (podContext: object, context: object, imageUser: ImageUser = { uid: 0 }) =>
  configOf(testPod({ securityContext: podContext }), testContainer({ securityContext: context }), {
    imageUser,
  }).linux.securityContext

test('a container becomes its configuration, references expanded', () => {
  const container = testContainer({
    command: ['/bin/run', '--to=$(TARGET)'],
    args: ['$$(TARGET)', '$(NONE)'],
    workingDir: '/srv',
    stdin: true,
    stdinOnce: true,
    tty: true,
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    lifecycle: { preStop: { exec: { command: ['true'] } } },
    ports: [{ containerPort: 80 }],
  })
  const pod = testPod({ terminationGracePeriodSeconds: 30 }, { deletionGracePeriodSeconds: 5 })
  const mount = { containerPath: '/data', hostPath: '/h' }
  const device = { containerPath: '/dev/x', hostPath: '/dev/y', permissions: 'mrw' }
  const found = configOf(pod, container, {
    attempt: 3,
    env: [{ key: 'TARGET', value: 'moon' }],
    mounts: [mount],
    devices: [device],
  })
  const { linux, ...rest } = found
  assert.deepEqual(rest, {
    metadata: { name: 'app', attempt: 3 },
    image: { image: 'sha256:abc', userSpecifiedImage: 'registry.example/app:1' },
    command: ['/bin/run', '--to=moon'],
    args: ['$(TARGET)', '$(NONE)'],
    workingDir: '/srv',
    envs: [{ key: 'TARGET', value: 'moon' }],
    mounts: [mount],
    devices: [device],
    labels: {
      'io.kubernetes.pod.name': 'web',
      'io.kubernetes.pod.namespace': 'shop',
      'io.kubernetes.pod.uid': 'uid-1',
      'io.kubernetes.container.name': 'app',
    },
    annotations: {
      'io.kubernetes.container.hash': containerHash(container),
      'io.kubernetes.container.restartCount': '3',
      'io.kubernetes.container.terminationMessagePath': '/dev/termination-log',
      'io.kubernetes.container.terminationMessagePolicy': 'File',
      'io.kubernetes.pod.deletionGracePeriod': '5',
      'io.kubernetes.pod.terminationGracePeriod': '30',
      'io.kubernetes.container.preStopHandler': '{"exec":{"command":["true"]}}',
      'io.kubernetes.container.ports': '[{"containerPort":80}]',
    },
    logPath: 'app/3.log',
    stdin: true,
    stdinOnce: true,
    tty: true,
  })
  assert.deepEqual(linux, {
    resources: { cpuPeriod: 100000, cpuQuota: 0, cpuShares: 2, oomScoreAdj: 1000 },
    securityContext: {
      privileged: false,
      namespaceOptions: { network: 0, ipc: 0, pid: 1 },
      runAsUser: { value: 0 },
      readonlyRootfs: false,
      supplementalGroups: [],
      noNewPrivs: false,
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
      seccomp: { profileType: 1 },
    },
  })
})

test('another image is another container, another limit is not', () => {
  const before = testContainer()
  assert.equal(containerHash({ ...before, resources: { limits: { cpu: '1' } } }), containerHash(before))
  assert.notEqual(containerHash({ ...before, image: 'other' }), containerHash(before))
})

test("the container's security context wins over the pod's field by field", () => {
  const found = securityOf(
    {
      runAsUser: 1,
      runAsGroup: 2,
      fsGroup: 5,
      supplementalGroups: [6],
      supplementalGroupsPolicy: 'Strict',
      seLinuxOptions: { type: 'pod' },
      seccompProfile: { type: 'RuntimeDefault' },
      appArmorProfile: { type: 'Unconfined' },
    },
    {
      runAsUser: 1001,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      procMount: 'Unmasked',
      seccompProfile: { type: 'Localhost', localhostProfile: 'p/x.json' },
    },
  )
  assert.deepEqual(found, {
    capabilities: { addCapabilities: ['NET_ADMIN'], dropCapabilities: ['ALL'] },
    privileged: false,
    namespaceOptions: { network: 0, ipc: 0, pid: 1 },
    selinuxOptions: { type: 'pod' },
    runAsUser: { value: 1001 },
    runAsGroup: { value: 2 },
    readonlyRootfs: true,
    supplementalGroups: [5, 6],
    supplementalGroupsPolicy: 1,
    noNewPrivs: true,
    maskedPaths: [],
    readonlyPaths: [],
    seccomp: { profileType: 2, localhostRef: '/data/node/seccomp/p/x.json' },
    apparmor: { profileType: 1 },
  })
})

const USERS: [object, ImageUser, object][] = [
  [{}, {}, { runAsUser: { value: 0 } }],
  [{}, { uid: 101 }, { runAsUser: { value: 101 } }],
  [{}, { username: 'nginx' }, { runAsUsername: 'nginx' }],
  [{ runAsUser: 7 }, { username: 'nginx' }, { runAsUser: { value: 7 } }],
  [{ runAsUser: 0 }, { uid: 101 }, { runAsUser: { value: 0 } }],
]

for (const [context, image, expected] of USERS) {
  test(`runs as ${JSON.stringify(expected)} by ${JSON.stringify({ context, image })}`, () => {
    const { runAsUser, runAsUsername } = securityOf({}, context, image)
    assert.deepEqual(wire({ runAsUser, runAsUsername }), expected)
  })
}

const WHERE = '(pod: "web_shop(uid-1)", container: app)'
const REFUSED: [object, object, ImageUser, string][] = [
  [{ runAsNonRoot: true }, {}, { uid: 0 }, `container has runAsNonRoot and image will run as root ${WHERE}`],
  [{ runAsNonRoot: true }, {}, {}, `container has runAsNonRoot and image will run as root ${WHERE}`],
  [
    { runAsNonRoot: true, runAsUser: 0 },
    {},
    { uid: 5 },
    `container's runAsUser breaks non-root policy ${WHERE}`,
  ],
  [
    {},
    { runAsNonRoot: true },
    { username: 'web' },
    `container has runAsNonRoot and image has non-numeric user (web), cannot verify user is non-root ${WHERE}`,
  ],
  [
    {},
    { seccompProfile: { type: 'Localhost' } },
    {},
    'localhostProfile must be set if seccompProfile type is Localhost.',
  ],
  [{ appArmorProfile: { type: 'Localhost' } }, {}, {}, 'missing localhost apparmor profile name'],
]

for (const [podContext, context, image, message] of REFUSED) {
  test(`refuses: ${message} (${JSON.stringify(image)})`, () => {
    assert.throws(() => securityOf(podContext, context, image), {
      name: 'PodProblem',
      reason: 'CreateContainerConfigError',
      message,
    })
  })
}

test('who must not be root may be anyone else', () => {
  securityOf({ runAsNonRoot: true }, {}, { uid: 1 })
  securityOf({ runAsNonRoot: true }, { runAsUser: 5 }, { uid: 0 })
  securityOf({ runAsNonRoot: true }, { runAsNonRoot: false }, { uid: 0 })
})

test('an ephemeral container sees the processes of its target, unless the pod shares them anyway', () => {
  const pidOf = (spec: object) => {
    const { namespaceOptions } = configOf(testPod(spec), testContainer(), { targetContainerId: 'c-1' }).linux
      .securityContext
    return [namespaceOptions.pid, namespaceOptions.targetId]
  }
  assert.deepEqual(pidOf({}), [3, 'c-1'])
  assert.deepEqual(pidOf({ shareProcessNamespace: true }), [0, undefined])
  assert.deepEqual(pidOf({ hostPID: true }), [2, undefined])
})

test('the old annotation of AppArmor holds where there is no field', () => {
  const annotations = { 'container.apparmor.security.beta.kubernetes.io/app': 'localhost/mine' }
  const pod = testPod({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }, { annotations })
  const { apparmor } = configOf(pod, testContainer()).linux.securityContext
  assert.deepEqual(apparmor, { profileType: 2, localhostRef: 'mine' })
})
