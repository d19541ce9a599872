// A machine as people have it: systemd, control groups of version 2 with all controllers, a kernel that reboots.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Guest, whyNoGuest } from './guest.ts'

const why = whyNoGuest()
const TIMEOUT_MS = 3600_000
const UP_LIMIT_S = 600
const IMAGE = 'registry.brume.internal/library/web'

/** Of the pod's own shell. */
const pod = (name: string, command: string, more = '', volumes = '') => `
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  restartPolicy: Never
  containers:
  - name: c
    image: ${IMAGE}
    command: [sh, -c, '${command}']
    ${more}
  ${volumes}
END
`

describe('a machine with systemd', { skip: why === '' ? false : why, timeout: TIMEOUT_MS }, () => {
  let guest: Guest
  before(async () => {
    guest = await Guest.start()
  })
  after(() => guest?.stop())

  const inCloud = (script: string) =>
    guest.run(`cd brume; export KUBECONFIG=/var/lib/brume/kubeconfig\n${script}`)
  /** A command's output, when it is as wanted. */
  const until = (command: string, wanted: string) =>
    inCloud(`for i in $(seq ${UP_LIMIT_S / 5}); do found=$(${command} 2>&1 || true); [[ $found == ${wanted} ]] && exit; sleep 5; done
echo "$found" >&2; exit 1`)
  const ready = () => until('./brume status', "*'1 ready'*")
  const started = () =>
    inCloud(`kubectl get pod -l app=hello -o jsonpath='{.items[0].status.containerStatuses[0].containerID}'`)
  const served = () =>
    until(`curl -s -m10 -H 'Host: hello.brume.localhost' http://127.0.0.1/`, "*'It works'*")

  it('gets the cloud as a service, and an app', async () => {
    await inCloud('./brume service install')
    await ready()
    await inCloud('./brume image build web && ./brume run hello --image web --port 8080 --public')
    await served()
  })

  it('keeps its apps while the service stops, starts again and is killed', async () => {
    const before = await started()
    await inCloud('systemctl stop brume')
    await served()
    await inCloud('systemctl start brume')
    await ready()
    await inCloud('kill -9 $(systemctl show --property MainPID --value brume)')
    await ready()
    assert.equal(await started(), before)
  })

  it('holds pods to their limits, and says who was out of memory', async () => {
    const limits = 'resources: {limits: {memory: 32Mi, cpu: 500m}}'
    await inCloud(pod('limits', 'cd /sys/fs/cgroup; cat memory.max cpu.max; exec tail /dev/zero', limits))
    const reason = `kubectl get pod limits -o jsonpath='{.status.containerStatuses[0].state.terminated.reason}'`
    await until(reason, 'OOMKilled')
    assert.equal(await inCloud('kubectl logs limits'), `${32 * 1024 * 1024}\n50000 100000\n`)
  })

  it('evicts who takes the most memory, and goes on', async () => {
    const fill =
      'i=0; while :; do dd if=/dev/zero of=/m/$i bs=1M count=24 2>/dev/null; i=$((i+1)); sleep 3; done'
    const [mount, volume] = [
      'volumeMounts: [{name: m, mountPath: /m}]',
      'volumes: [{name: m, emptyDir: {medium: Memory}}]',
    ]
    await inCloud(pod('hog', fill, mount, volume))
    await until(`kubectl get pod hog -o jsonpath='{.status.phase} {.status.reason}'`, "'Failed Evicted'")
    await served()
  })

  it('comes back from a reboot with its apps; what was to run once has failed', async () => {
    await inCloud(pod('once', 'sleep 100000'))
    await until(`kubectl get pod once -o jsonpath='{.status.phase}'`, 'Running')
    await guest.reboot()
    await ready()
    await served()
    await until(`kubectl get pod once -o jsonpath='{.status.phase}'`, 'Failed')
  })
})
