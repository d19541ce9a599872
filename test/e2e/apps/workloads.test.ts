// Every workload kind on a real node, with real kubectl: rolled and rolled back, run to completion, on a schedule, on
// every node, with names and data of their own; and what does not run says why.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { CRON_JOBS, JOBS, PERSISTENT_VOLUME_CLAIMS, PODS } from '@brume/client/builtin'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { whyNoPackages } from '@brume/testkit/package-sources'
import { kubectls } from '../kubectl/kubectls.ts'
import { type Apps, isReady, startApps } from './cloud.ts'

const IMAGE = 'registry.brume.internal/library/busybox:latest'
const noKubectl = kubectls().length === 0 ? 'kubectl is not installed' : undefined
const skip = whyNoContainers() ?? noKubectl ?? (await whyNoPackages()) ?? false

const METADATA = (name: string) => ({ name, labels: { app: name } })
/** Ends at once when it is told to. */
const STAY = 'trap "exit 0" TERM; while :; do sleep 1 & wait; done'

function podOf(name: string, script: string, more: object = {}) {
  const { container = {}, ...spec } = more as { container?: object }
  return {
    metadata: { labels: { app: name } },
    spec: {
      containers: [{ name: 'main', image: IMAGE, command: ['sh', '-c', script], ...container }],
      ...spec,
    },
  }
}

function workload(kind: string, name: string, spec: object): object {
  const apiVersion = kind.endsWith('Job') ? 'batch/v1' : 'apps/v1'
  const selector = kind.endsWith('Job') ? {} : { selector: { matchLabels: { app: name } } }
  return { apiVersion, kind, metadata: METADATA(name), spec: { ...selector, ...spec } }
}

describe('workloads on a node', { skip, timeout: 240_000 }, () => {
  let apps: Apps
  before(async () => {
    apps = await startApps()
    await apps.build('busybox')
    const template = podOf('tick', 'date', { restartPolicy: 'Never' })
    // Its minute goes by while the others run.
    await apps.apply(
      workload('CronJob', 'tick', { schedule: '* * * * *', jobTemplate: { spec: { template } } }),
    )
  })
  after(() => apps?.stop())

  const logs = (of: string) => apps.kubectl(['logs', of])
  const pod = (name: string) => apps.client.resource(PODS).get({ namespace: 'default', name })
  const mainOf = ({ status }: KubeObject) => status?.containerStatuses?.[0]
  const eventsOf = async (name: string) =>
    (await apps.kubectl(['events', '--for', `pod/${name}`])).split('\n').slice(1).join('\n')

  it('rolls a Deployment forward without a gap, and back', async () => {
    const serve = (text: string) =>
      `mkdir /www; echo ${text} > /www/index.html; trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait`
    const template = podOf('web', serve('one'), {
      container: { readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 } },
    })
    await apps.apply(workload('Deployment', 'web', { replicas: 2, template }))
    await apps.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    const texts = async () => {
      const ready = (await apps.pods('app=web')).filter(isReady)
      const answers = ready.map(async ({ status }) => (await fetch(`http://${status!.podIP}:8080/`)).text())
      return (await Promise.all(answers)).map((text) => text.trim())
    }
    assert.deepEqual(await texts(), ['one', 'one'])
    const change = JSON.stringify([
      { op: 'replace', path: '/spec/template/spec/containers/0/command/2', value: serve('two') },
    ])
    await apps.kubectl(['patch', 'deployment/web', '--type=json', '-p', change])
    await apps.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    await eventually('all answer anew', async () => (await texts()).join() === 'two,two')
    await apps.kubectl(['rollout', 'undo', 'deployment/web'])
    await apps.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    await eventually('all answer as before', async () => (await texts()).join() === 'one,one')
    assert.match(await apps.kubectl(['rollout', 'history', 'deployment/web']), /^2 .*\n3 /m)
    await apps.kubectl(['delete', 'deployment/web'])
  })

  it('runs a Job to its end, and again what failed of it', async () => {
    const script =
      '[ $JOB_COMPLETION_INDEX = 1 ] && [ ! -e /data/tried ] && touch /data/tried && exit 7; echo did $JOB_COMPLETION_INDEX'
    const template = podOf('sum', script, {
      restartPolicy: 'OnFailure',
      volumes: [{ name: 'data', emptyDir: {} }],
      container: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    })
    await apps.apply(
      workload('Job', 'sum', { completions: 3, parallelism: 3, completionMode: 'Indexed', template }),
    )
    await apps.kubectl(['wait', '--for=condition=Complete', 'job/sum', '--timeout=60s'])
    const { status } = await apps.client.resource(JOBS).get({ namespace: 'default', name: 'sum' })
    assert.deepEqual([status?.succeeded, status?.completedIndexes], [3, '0-2'])
    const pods = await apps.pods('app=sum')
    assert.deepEqual(
      pods.map((one) => mainOf(one).restartCount),
      [0, 1, 0],
    )
    assert.equal((await logs(pods[1]!.metadata.name!)).trim(), 'did 1')
  })

  it('runs a DaemonSet on the node, and its pods come back', async () => {
    await apps.apply(workload('DaemonSet', 'each', { template: podOf('each', STAY) }))
    const first = await apps.ready('app=each')
    await apps.kubectl(['delete', 'pod', first.metadata.name!])
    const second = await apps.ready('app=each')
    assert.notEqual(first.metadata.uid, second.metadata.uid)
    await apps.kubectl(['delete', 'daemonset/each'])
  })

  it('gives a StatefulSet names, order and data of its own', async () => {
    const script = `echo $(hostname) >> /data/log; ${STAY}`
    const template = podOf('db', script, {
      container: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    })
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '100Mi' } } },
    }
    await apps.apply(
      workload('StatefulSet', 'db', {
        replicas: 2,
        serviceName: 'db',
        template,
        volumeClaimTemplates: [claim],
      }),
    )
    await apps.kubectl(['rollout', 'status', 'statefulset/db', '--timeout=60s'])
    const [zero, one] = await apps.pods('app=db')
    assert.deepEqual(
      [zero, one].map((each) => each?.metadata.name),
      ['db-0', 'db-1'],
    )
    const started = (of: KubeObject | undefined) => Date.parse(mainOf(of!).state.running.startedAt)
    assert.ok(started(zero) <= started(one))
    await apps.kubectl(['delete', 'pod', 'db-1'])
    await eventually('db-1 is back', async () => {
      const [, again] = await apps.pods('app=db')
      return again !== undefined && again.metadata.uid !== one?.metadata.uid && isReady(again)
    })
    assert.equal(await apps.kubectl(['exec', 'db-1', '--', 'cat', '/data/log']), 'db-1\ndb-1\n')
    assert.equal(await apps.kubectl(['exec', 'db-0', '--', 'cat', '/data/log']), 'db-0\n')
    const { items } = await apps.client.resource(PERSISTENT_VOLUME_CLAIMS).list({ namespace: 'default' })
    assert.deepEqual(
      items.map(({ status }) => status?.phase),
      ['Bound', 'Bound'],
    )
    await apps.kubectl(['delete', 'statefulset/db'])
  })

  it('runs init containers in order, a sidecar beside, and ends them in turn', async () => {
    const say = (name: string, more = '') => ({
      name,
      image: IMAGE,
      command: ['sh', '-c', `echo ${name} >> /x/log; ${more}`],
      volumeMounts: [{ name: 'x', mountPath: '/x' }],
    })
    const leave = (name: string) =>
      `trap 'echo ${name} left >> /x/log; exit 0' TERM; while :; do sleep 1 & wait; done`
    const spec = {
      restartPolicy: 'Never',
      volumes: [{ name: 'x', emptyDir: {} }],
      initContainers: [
        say('first'),
        { ...say('beside', leave('beside')), restartPolicy: 'Always' },
        say('last'),
      ],
      containers: [say('app', 'cat /x/log')],
    }
    await apps.apply({ apiVersion: 'v1', kind: 'Pod', metadata: METADATA('order'), spec })
    const done = await eventually('the pod is over', async () => {
      const found = await pod('order')
      return found.status?.phase === 'Succeeded' ? found : undefined
    })
    assert.equal(await apps.kubectl(['logs', 'order', '-c', 'app']), 'first\nbeside\nlast\napp\n')
    const [, beside] = done.status!.initContainerStatuses
    assert.equal(beside.state.terminated.exitCode, 0)
  })

  const broken = (name: string, container: object) =>
    apps.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: METADATA(name),
      spec: { containers: [{ name: 'main', image: IMAGE, ...container }] },
    })
  const waits = (name: string, reason: string) =>
    eventually(`${name} waits with ${reason}`, async () => {
      const found = mainOf(await pod(name))
      return found?.state.waiting?.reason === reason ? found : undefined
    })

  it('says of a missing image that it is missing', async () => {
    await broken('missing', { image: 'registry.brume.internal/library/late:1' })
    const { state } = await waits('missing', 'ImagePullBackOff')
    assert.match(state.waiting.message, /registry\.brume\.internal\/library\/late:1.*not found/s)
    assert.match(await eventsOf('missing'), /Warning +Failed .*late:1/)
  })

  it('says of a wrong command which one it was', async () => {
    await broken('wrong', { command: ['/no/such/program'] })
    const { lastState } = await waits('wrong', 'CrashLoopBackOff')
    assert.equal(lastState.terminated.reason, 'StartError')
    assert.match(lastState.terminated.message, /"\/no\/such\/program": .*no such file or directory/)
  })

  it('says of a crash loop how it ended, and keeps its last words', async () => {
    const command = ['sh', '-c', 'echo last words; echo because > /dev/termination-log; exit 3']
    await broken('crash', { command })
    const { lastState, restartCount } = await waits('crash', 'CrashLoopBackOff')
    assert.ok(restartCount >= 1)
    const { exitCode, message } = lastState.terminated
    assert.deepEqual([exitCode, message], [3, 'because\n'])
    assert.equal(await logs('crash'), 'last words\n')
    assert.match(await eventsOf('crash'), /Warning +BackOff .*Back-off restarting failed container main/)
  })

  it('says of a container that took too much memory that it was killed for it', async () => {
    const limits = { memory: '16Mi' }
    await broken('greedy', { command: ['sh', '-c', 'tail /dev/zero'], resources: { limits } })
    const found = await eventually('it was killed', async () => {
      const { state, lastState } = mainOf(await pod('greedy')) ?? {}
      return state?.terminated ?? lastState?.terminated
    })
    assert.deepEqual([found.reason, found.exitCode], ['OOMKilled', 137])
  })

  it('ends what it says is broken at once when that is deleted', async () => {
    await apps.kubectl(['delete', 'pod', 'missing', 'wrong', 'crash', 'greedy', 'order', '--timeout=30s'])
  })

  it('runs a CronJob at its minute', { timeout: 90_000 }, async () => {
    const job = await eventually(
      'its first run is over',
      async () => {
        const { items } = await apps.client.resource(JOBS).list({ namespace: 'default' })
        return items.find(
          ({ metadata, status }) => metadata.name?.startsWith('tick-') && status?.succeeded === 1,
        )
      },
      80_000,
    )
    const cron = await apps.client.resource(CRON_JOBS).get({ namespace: 'default', name: 'tick' })
    assert.equal(job.metadata.ownerReferences?.[0]?.uid, cron.metadata.uid)
    assert.match(await logs(`job/${job.metadata.name}`), /20\d\d/)
  })
})
