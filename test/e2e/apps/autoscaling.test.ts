// What real containers use, as kubectl top shows it, and a Deployment that grows and shrinks by it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS } from '@brume/client/builtin'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { whyNoPackages } from '@brume/testkit/package-sources'
import { kubectls } from '../kubectl/kubectls.ts'
import { runCommand } from '../kubectl/session.ts'
import { type Apps, startApps } from './cloud.ts'

const IMAGE = 'registry.brume.internal/library/busybox:latest'
const NAME = 'worker'
const LIMIT_MS = 90_000
const noKubectl = kubectls().length === 0 ? 'kubectl is not installed' : undefined
const skip = whyNoContainers() ?? noKubectl ?? (await whyNoPackages()) ?? false

/** Busy while it is told to be, and never more than its limit. */
const WORK = `trap 'exit 0' TERM; while :; do
  if [ -e /tmp/busy ]; then i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; else sleep 0.5; fi
done`

describe('use of resources on a node', { skip, timeout: 300_000 }, () => {
  let apps: Apps
  before(async () => {
    apps = await startApps()
    await apps.build('busybox')
    const resources = { requests: { cpu: '50m', memory: '16Mi' }, limits: { cpu: '200m', memory: '32Mi' } }
    const containers = [{ name: 'main', image: IMAGE, command: ['sh', '-c', WORK], resources }]
    const labels = { app: NAME }
    const template = { metadata: { labels }, spec: { containers } }
    const spec = { replicas: 1, selector: { matchLabels: labels }, template }
    await apps.apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: NAME }, spec })
    await apps.ready(`app=${NAME}`)
  })
  after(() => apps?.stop())

  const key = { namespace: 'default', name: NAME }
  const replicas = async () => (await apps.client.resource(DEPLOYMENTS).get(key))['spec'].replicas
  const reasons = async () => {
    const { status } = await apps.client.resource(HORIZONTAL_POD_AUTOSCALERS).get(key)
    return (status?.conditions ?? []).map(({ type, reason }: Record<string, string>) => `${type} ${reason}`)
  }

  it('is shown by kubectl top, old and new', async () => {
    const all = kubectls()
    for (const { path, version } of [all[0]!, all.at(-1)!]) {
      const top = async (...args: string[]) => {
        const env = { KUBECONFIG: apps.kubeconfig, HOME: '/nonexistent', PATH: process.env['PATH'] ?? '' }
        const { stdout } = await runCommand(path, ['top', ...args, '--no-headers'], {
          stdin: '',
          cwd: '/',
          env,
        })
        return stdout
      }
      const pods = await eventually(
        `kubectl ${version} to show the pod`,
        async () => /^worker-\S+\s+\d+m\s+\d+Mi/m.exec(await top('pods')),
        LIMIT_MS,
      )
      assert.ok(pods)
      assert.match(await top('nodes'), /^here\s+\d+m\s+\d+%\s+\d+Mi\s+\d+%/m)
    }
  })

  it('makes a busy Deployment larger, and smaller again when it rests', async () => {
    const first = (await apps.ready(`app=${NAME}`)).metadata.name!
    await apps.kubectl(['exec', first, '--', 'touch', '/tmp/busy'])
    const target = { type: 'Utilization', averageUtilization: 60 }
    await apps.apply({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: NAME },
      spec: {
        minReplicas: 1,
        maxReplicas: 2,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: NAME },
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
        behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      },
    })
    await eventually('a second pod', async () => (await replicas()) === 2, LIMIT_MS)
    await eventually('its condition', async () =>
      (await reasons()).includes('ScalingActive ValidMetricFound'),
    )
    await apps.kubectl(['exec', first, '--', 'rm', '/tmp/busy'])
    await eventually('one pod again', async () => (await replicas()) === 1, LIMIT_MS)
  })
})
