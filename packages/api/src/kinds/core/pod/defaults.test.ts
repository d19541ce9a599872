import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaulted, podObject } from '../../fixtures.ts'
import { pullPolicyFor } from './container-defaults.ts'
import { defaultPodTemplate } from './defaults.ts'
import { pod } from './kind.ts'
import { qosClassOf } from './qos.ts'

test('fills in a minimal pod', () => {
  assert.deepEqual(defaulted(pod, podObject())['spec'], {
    containers: [
      {
        name: 'c',
        image: 'nginx',
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        resources: {},
      },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
  })
})

test('pulls always what has no tag or the tag latest', () => {
  const cases: [string, string][] = [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['registry:5000/nginx', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    ['registry:5000/nginx:1', 'IfNotPresent'],
    [`nginx@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
  ]
  for (const [image, policy] of cases) assert.equal(pullPolicyFor(image), policy, image)
})

test('requests are the limits where they are not given, in pods alone', () => {
  const container = {
    name: 'c',
    image: 'a',
    resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
  }
  const spec = defaulted(pod, podObject({ containers: [container] }))['spec']
  assert.deepEqual(spec.containers[0].resources.requests, { cpu: '500m', memory: '1Gi' })
  const template = { spec: podObject({ containers: [container] })['spec'] }
  defaultPodTemplate(template)
  assert.deepEqual(template.spec.containers[0].resources.requests, { cpu: '500m' })
  assert.equal(template.spec.enableServiceLinks, undefined)
})

test('fills in ports, probes, hooks and field references', () => {
  const container = {
    name: 'c',
    image: 'a',
    ports: [{ containerPort: 80 }],
    env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    readinessProbe: { httpGet: { port: 80 } },
    livenessProbe: { grpc: { port: 1 }, periodSeconds: 5 },
    lifecycle: { preStop: { httpGet: { port: 'http' } } },
  }
  const spec = defaulted(pod, podObject({ hostNetwork: true, containers: [container] }))['spec']
  const filled = spec.containers[0]
  assert.deepEqual(filled.ports, [{ containerPort: 80, protocol: 'TCP', hostPort: 80 }])
  assert.equal(filled.env[0].valueFrom.fieldRef.apiVersion, 'v1')
  assert.deepEqual(filled.readinessProbe, {
    httpGet: { port: 80, path: '/', scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  })
  assert.equal(filled.livenessProbe.grpc.service, '')
  assert.equal(filled.livenessProbe.periodSeconds, 5)
  assert.equal(filled.lifecycle.preStop.httpGet.path, '/')
})

test('fills in volumes', () => {
  const volumes = [
    { name: 'a' },
    { name: 'b', secret: { secretName: 's' } },
    { name: 'c', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
    { name: 'd', hostPath: { path: '/d' } },
    { name: 'e', ephemeral: { volumeClaimTemplate: { spec: {} } } },
    { name: 'f', downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.name' } }] } },
  ]
  const filled = defaulted(pod, podObject({ volumes }))['spec'].volumes
  assert.deepEqual(filled[0], { name: 'a', emptyDir: {} })
  assert.equal(filled[1].secret.defaultMode, 420)
  assert.equal(filled[2].projected.sources[0].serviceAccountToken.expirationSeconds, 3600)
  assert.equal(filled[3].hostPath.type, '')
  assert.equal(filled[4].ephemeral.volumeClaimTemplate.spec.volumeMode, 'Filesystem')
  assert.equal(filled[5].downwardAPI.items[0].fieldRef.apiVersion, 'v1')
})

test('the two names of the service account say the same', () => {
  const spec = defaulted(pod, podObject({ serviceAccount: 'robot' }))['spec']
  assert.equal(spec.serviceAccountName, 'robot')
})

test('setting defaults twice changes nothing', () => {
  const once = defaulted(pod, podObject({ volumes: [{ name: 'a' }], hostNetwork: true }))
  const text = JSON.stringify(once)
  assert.equal(JSON.stringify(defaulted(pod, once)), text)
})

test('classes of service', () => {
  const of = (...resources: object[]) => qosClassOf({ containers: resources.map((r) => ({ resources: r })) })
  const full = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1Gi' } }
  assert.equal(of({}), 'BestEffort')
  assert.equal(of({ limits: { 'example.com/gpu': '1' } }), 'BestEffort')
  assert.equal(of(full), 'Guaranteed')
  assert.equal(of(full, {}), 'Burstable')
  assert.equal(of({ requests: { cpu: '1' } }), 'Burstable')
  assert.equal(
    of({ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } }),
    'Burstable',
  )
})

test('a new pod is pending, with its class, and says when it is gated', () => {
  const fresh = podObject({ schedulingGates: [{ name: 'example.com/hold' }] })
  fresh['status'] = { phase: 'Running' }
  pod.prepareForCreate?.(fresh)
  assert.deepEqual(fresh['status'], {
    phase: 'Pending',
    qosClass: 'BestEffort',
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        lastProbeTime: null,
        lastTransitionTime: null,
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ],
  })
})

test('grace is granted only to pods that a node may be running', () => {
  const grace = (spec: object, status: object, wish?: number) =>
    pod.gracePeriodSeconds?.({ ...podObject(spec), status }, wish)
  assert.equal(grace({ terminationGracePeriodSeconds: 30 }, { phase: 'Pending' }), 0)
  assert.equal(grace({ nodeName: 'n', terminationGracePeriodSeconds: 30 }, { phase: 'Running' }), 30)
  assert.equal(grace({ nodeName: 'n', terminationGracePeriodSeconds: 30 }, { phase: 'Running' }, 5), 5)
  assert.equal(grace({ nodeName: 'n', terminationGracePeriodSeconds: 30 }, { phase: 'Succeeded' }), 0)
  assert.equal(grace({ nodeName: 'n', terminationGracePeriodSeconds: -3 }, { phase: 'Running' }), 1)
})

test('a new pod writes its own labels into its affinity', () => {
  const term = {
    topologyKey: 'zone',
    labelSelector: {},
    matchLabelKeys: ['app', 'none'],
    mismatchLabelKeys: ['tenant'],
  }
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
  const fresh = podObject({ affinity }, { labels: { app: 'a', tenant: 't' } })
  pod.prepareForCreate?.(fresh)
  const [merged] = fresh['spec'].affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution
  assert.deepEqual(merged.labelSelector.matchExpressions, [
    { key: 'app', operator: 'In', values: ['a'] },
    { key: 'tenant', operator: 'NotIn', values: ['t'] },
  ])
})

test('AppArmor profiles are there as field and as annotation', () => {
  const key = 'container.apparmor.security.beta.kubernetes.io/c'
  const byField = podObject({
    securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'x' } },
  })
  pod.prepareForCreate?.(byField)
  assert.equal(byField.metadata.annotations?.[key], 'localhost/x')
  const byAnnotation = podObject({}, { annotations: { [key]: 'runtime/default' } })
  pod.prepareForCreate?.(byAnnotation)
  assert.deepEqual(byAnnotation['spec'].containers[0].securityContext, {
    appArmorProfile: { type: 'RuntimeDefault' },
  })
})
