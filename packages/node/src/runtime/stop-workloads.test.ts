import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '@brume/base/log'
import { mountsBelow } from '@brume/machine/mounts'
import { ownNames } from '@brume/machine/own-names'
import { run } from '@brume/machine/run'
import { startTestContainerd, type TestContainerd, whyNoContainers } from '@brume/testkit/containerd'
import { type Cri, connectCri } from '../cri/cri.ts'
import { ensureNetwork, type PodNetwork } from '../network/network.ts'
import { ensureSandboxImage } from './import-image.ts'
import { registryHosts } from './registry-hosts.ts'
import { stopWorkloads } from './stop-workloads.ts'

describe('pods of a containerd of its own', { skip: whyNoContainers() ?? false, timeout: 120_000 }, () => {
  let test: TestContainerd
  let cri: Cri
  let network: PodNetwork
  before(async () => {
    test = await startTestContainerd()
    cri = connectCri(test.containerd.socket)
    network = await ensureNetwork({ dataDir: test.dataDir, logger: silentLogger })
    await ensureSandboxImage(test.containerd.paths, cri)
  })
  after(async () => {
    cri.close()
    await test.stop()
  })

  const startPod = (name: string) =>
    cri.runPodSandbox({
      metadata: { name, uid: name, namespace: 'default', attempt: 0 },
      hostname: name,
      logDirectory: join(test.dataDir, 'node/logs'),
      linux: { cgroupParent: `${ownNames(test.dataDir).cgroup}/kubepods/pod${name}` },
    })

  it('start without a registry, with addresses of the range', async () => {
    mkdirSync(join(test.dataDir, 'node/logs'), { recursive: true })
    const status = await cri.podSandboxStatus(await startPod('one'))
    assert.equal(status.network?.ip, network.range!.replace('0/24', '2'))
    const namespaces = mountsBelow(test.dataDir).filter(({ type }) => type === 'nsfs')
    assert.equal(namespaces.length, 1)
  })

  it('are stopped, and leave no process, mount, namespace or control group', async () => {
    await startPod('two')
    test.containerd.close()
    assert.equal(await stopWorkloads({ dataDir: test.dataDir, graceSeconds: 1 }), 2)
    assert.equal(await stopWorkloads({ dataDir: test.dataDir, graceSeconds: 1 }), 0)
    const { stdout } = await run(['ps', '-eo', 'args'])
    assert.equal(stdout.includes(test.dataDir), false)
    assert.equal(existsSync(test.containerd.paths.state), false)
    assert.equal(existsSync(`/sys/fs/cgroup/memory${ownNames(test.dataDir).cgroup}`), false)
    // Images stay for the next start.
    assert.equal(existsSync(join(test.containerd.paths.root, 'io.containerd.content.v1.content')), true)
  })
})

describe('the way to the built-in registry', () => {
  it("is the API server's, with the node's own certificate", () => {
    const access = {
      url: 'https://192.0.2.2:6443',
      ca: '/d/ca.crt',
      certificate: '/d/n.crt',
      key: '/d/n.key',
    }
    assert.equal(
      registryHosts(access),
      `server = "https://192.0.2.2:6443"
capabilities = ["pull", "resolve"]
ca = "/d/ca.crt"
client = [["/d/n.crt", "/d/n.key"]]

[host]
`,
    )
  })
})
