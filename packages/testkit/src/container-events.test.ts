// On a real containerd: what the agent hears of its containers.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { ownNames } from '@brume/machine/own-names'
import { type Cri, connectCri } from '@brume/node/cri/cri'
import { NAMESPACE_CONTAINER, NAMESPACE_NODE, NAMESPACE_POD } from '@brume/node/cri/enums'
import { watchContainerEvents } from '@brume/node/cri/events'
import { ensureSandboxImage } from '@brume/node/runtime/import-image'
import { startTestContainerd, type TestContainerd, whyNoContainers } from './containerd.ts'
import { eventually } from './eventually.ts'

describe('events of containers', { skip: whyNoContainers() ?? false, timeout: 90_000 }, () => {
  let runtime: TestContainerd
  let cri: Cri
  before(async () => {
    runtime = await startTestContainerd()
    cri = connectCri(runtime.containerd.socket)
    await ensureSandboxImage(runtime.containerd.paths, cri)
  })
  after(async () => {
    cri?.close()
    await runtime?.stop()
  })

  it('come when something starts and ends, and the stream of them stays open', async () => {
    const heard: string[] = []
    let gaps = 0
    const stop = watchContainerEvents(cri, systemClock, {
      onEvent: (topic, id) => heard.push(`${topic} ${id}`),
      onGap: () => {
        gaps++
      },
    })
    const logDirectory = join(runtime.dataDir, 'logs')
    mkdirSync(logDirectory)
    const namespaceOptions = { network: NAMESPACE_NODE, pid: NAMESPACE_CONTAINER, ipc: NAMESPACE_POD }
    const id = await cri.runPodSandbox({
      metadata: { name: 'p', namespace: 'default', uid: 'u', attempt: 0 },
      logDirectory,
      linux: {
        cgroupParent: ownNames(runtime.dataDir).cgroup,
        securityContext: { namespaceOptions },
      },
    })
    await eventually('its start is heard of', async () => heard.includes(`/tasks/start ${id}`))
    await cri.stopPodSandbox(id)
    await eventually('its end is heard of', async () => heard.includes(`/tasks/exit ${id}`))
    stop()
    assert.equal(gaps, 0)
  })
})
