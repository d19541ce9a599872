// What kubectl does with containers beyond single streams, on a whole cloud: run and attach, debug, logs of what has
// ended or cannot start, port-forward into a pod's own network.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { BUSYBOX_IMAGE, whyNoBusybox } from '@brume/testkit/busybox-image'
import { startTestCloud, type TestCloud } from '@brume/testkit/cloud'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { kubectls } from './kubectls.ts'
import { type Running, startKubectl } from './running.ts'

const skip = whyNoContainers() ?? whyNoBusybox() ?? (kubectls().length === 0 ? 'no kubectl' : false)
const IMAGE = [`--image=${BUSYBOX_IMAGE}`, '--image-pull-policy=IfNotPresent']

describe('kubectl and a whole cloud', { skip, timeout: 170_000 }, () => {
  let cloud: TestCloud
  let folder: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'brume-cloud-'))
    cloud = await startTestCloud()
  })
  after(async () => {
    await cloud?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const kubectl of new Set([kubectls()[0], kubectls().at(-1)])) {
    if (kubectl === undefined) continue
    describe(`kubectl ${kubectl.version}`, () => {
      const start = (args: string[], stdin: string | null = ''): Running =>
        startKubectl(kubectl, { kubeconfig: cloud.plane.kubeconfig, folder }, args, stdin)
      const run = (args: string[], stdin?: string) => start(args, stdin).result
      const must = async (args: string[], stdin?: string) => {
        const { code, stdout, stderr } = await run(args, stdin)
        assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
        return stdout
      }
      const web = `web-${kubectl.minor}`
      before(async () => {
        const serve = 'echo page > /tmp/index.html; echo begun; httpd -f -p 80 -h /tmp'
        await must(['run', web, ...IMAGE, '--', 'sh', '-c', serve])
        await must(['wait', '--for=condition=Ready', `pod/${web}`, '--timeout=60s'])
      })

      it('run -i attaches, gives the input and takes the pod away', async () => {
        const name = `once-${kubectl.minor}`
        const args = ['run', name, ...IMAGE, '-i', '--rm', '--restart=Never', '--quiet', '--', 'sh']
        const { code, stdout } = await run(args, 'echo sum $((40+2))\nexit 0\n')
        assert.equal(code, 0)
        assert.match(stdout, /sum 42\n/)
        assert.match((await run(['get', 'pod', name])).stderr, /not found/)
      })

      it('port-forward reaches the pod in its own network', async () => {
        const forward = start(['port-forward', web, ':80'])
        try {
          const local = await eventually(
            'forwarding',
            () => /127\.0\.0\.1:(\d+) ->/.exec(forward.stdout)?.[1],
          )
          assert.equal(await (await fetch(`http://127.0.0.1:${local}/index.html`)).text(), 'page\n')
        } finally {
          forward.stop()
          await forward.result
        }
      })

      it('debug adds a container that sees the processes of its target', async () => {
        const args = ['debug', web, ...IMAGE, `--target=${web}`, '-c', 'helper', '-i', '--', 'sh']
        const debugging = start(args, null)
        // Who closes standard input is let go: the shell would go on without anybody.
        debugging.type('ps\nexit 0\n')
        const { code, stdout, stderr } = await debugging.result
        assert.equal(code, 0, stderr)
        assert.match(stdout, /httpd -f -p 80/)
        const logs = await eventually(
          'its log',
          async () => (await run(['logs', web, '-c', 'helper'])).stdout,
        )
        assert.match(logs, /httpd -f -p 80/)
      })

      it('cp copies folders there and back', async () => {
        const from = join(folder, `tree-${kubectl.minor}`)
        mkdirSync(join(from, 'a/b'), { recursive: true })
        for (let i = 0; i < 50; i++) writeFileSync(join(from, 'a/b', `file ${i}`), `content ${i}`)
        await must(['cp', from, `${web}:/tmp/tree`])
        await must(['cp', `${web}:/tmp/tree`, `${from}-back`])
        assert.deepEqual(readdirSync(`${from}-back/a/b`).sort(), readdirSync(join(from, 'a/b')).sort())
      })

      it('logs of a container that was started again, and why there are none', async () => {
        const again = `again-${kubectl.minor}`
        await must(['run', again, ...IMAGE, '--', 'sh', '-c', 'echo this attempt; exit 3'])
        await eventually(
          'the second attempt',
          async () => (await run(['logs', again, '--previous'])).code === 0,
        )
        assert.equal(await must(['logs', again, '--previous']), 'this attempt\n')
        const absent = `absent-${kubectl.minor}`
        await must(['run', absent, `--image=${BUSYBOX_IMAGE}`, '--image-pull-policy=Never', '--', 'true'])
        const bad = `bad-${kubectl.minor}`
        await must(['run', bad, '--image=registry.brume.internal/test/none:1'])
        const { stderr } = await eventually('a reason', async () => {
          const answer = await run(['logs', bad])
          return /pull/.test(answer.stderr) && answer
        })
        assert.match(
          stderr,
          /^Error from server \(BadRequest\): container "bad-\d+" in pod "bad-\d+" is waiting to start: (image can't be pulled|trying and failing to pull image)\n$/,
        )
        assert.match((await run(['exec', bad, '--', 'true'])).stderr, /container not found \("bad-\d+"\)/)
        await must(['delete', 'pod', again, absent, bad, '--now'])
      })
    })
  }
})
