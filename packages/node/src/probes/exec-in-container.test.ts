// What a container runtime really answers to commands of probes and hooks.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { BUSYBOX_IMAGE, importBusybox, whyNoBusybox } from '@brume/testkit/busybox-image'
import { startTestContainerd, type TestContainerd, whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { type Cri, connectCri } from '../cri/cri.ts'
import { NAMESPACE_NODE } from '../cri/enums.ts'
import { ensureSandboxImage } from '../runtime/import-image.ts'
import { check } from './check.ts'

const skip = whyNoContainers() ?? whyNoBusybox() ?? false

describe('commands in a container', { skip, timeout: 120_000 }, () => {
  let test: TestContainerd
  let cri: Cri
  let id: string

  before(async () => {
    test = await startTestContainerd()
    cri = connectCri(test.containerd.socket)
    await Promise.all([ensureSandboxImage(test.containerd.paths, cri), importBusybox(test.containerd.paths)])
    await eventually('the image is known', async () => (await cri.imageStatus(BUSYBOX_IMAGE)) !== undefined)
    const namespaceOptions = { network: NAMESPACE_NODE }
    const sandboxConfig = {
      metadata: { name: 'p', namespace: 'ns', uid: 'u', attempt: 0 },
      logDirectory: test.dataDir,
      linux: { securityContext: { namespaceOptions } },
    }
    const podSandboxId = await cri.runPodSandbox(sandboxConfig)
    const config = {
      metadata: { name: 'c', attempt: 0 },
      image: { image: BUSYBOX_IMAGE },
      command: ['sleep', '3600'],
      logPath: 'c.log',
      linux: { resources: {}, securityContext: { namespaceOptions } },
    }
    id = await cri.createContainer({ podSandboxId, sandboxConfig, config })
    await cri.startContainer(id)
  })
  after(async () => {
    cri?.close()
    await test?.stop()
  })
  const look = (command: string[], timeoutSeconds = 20) =>
    check(
      cri,
      { exec: { command }, timeoutSeconds },
      {
        container: { name: 'c', image: BUSYBOX_IMAGE, env: [{ name: 'NAME', value: 'world' }] },
        containerId: id,
        podIp: '127.0.0.1',
      },
    )

  it('pass with 0, and tell what they said on both streams otherwise', async () => {
    assert.deepEqual(await look(['echo', 'hello $(NAME)']), { result: 'success', output: 'hello world\n' })
    const { result, output } = await look(['sh', '-c', 'echo out; echo err >&2; exit 2'])
    assert.equal(result, 'failure')
    assert.match(output, /out\n/)
    assert.match(output, /err\n/)
  })

  it('fail when they take too long, and are ended', async () => {
    const { result, output } = await look(['sleep', '1234'], 1)
    assert.equal(result, 'failure')
    assert.match(output, /timed out after 1s$/)
    await eventually('no such process', async () => {
      const { stdout } = await cri.execSync(id, ['ps'], 20)
      return !stdout.toString().includes('sleep 1234')
    })
  })

  it('that are not there say nothing about the container', async () => {
    const { result, output } = await look(['/nope'])
    assert.equal(result, 'error')
    assert.match(output, /no such file or directory/)
  })
})
