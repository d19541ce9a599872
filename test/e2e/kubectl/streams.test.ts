// kubectl logs, exec, attach, cp and port-forward against real containers, by the oldest way (SPDY) and the newest
// (WebSocket), and in between.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { type BareNode, startBareNode } from '@brume/testkit/bare-node'
import { whyNoBusybox } from '@brume/testkit/busybox-image'
import { whyNoContainers } from '@brume/testkit/containerd'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { type Kubectl, kubectls, runsAll } from './kubectls.ts'
import { type Running, startKubectl } from './running.ts'

const skip = whyNoContainers() ?? whyNoBusybox() ?? (kubectls().length === 0 ? 'no kubectl' : false)
/** Serves a file of its own, on a port that its name gives; says something now and then. */
const SERVER = 'echo begun; echo wrong >&2; httpd -f -p 127.0.0.1:$PORT -h /tmp'

describe('kubectl and containers', { skip, timeout: 170_000 }, () => {
  let plane: TestControlPlane
  let node: BareNode
  let folder: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'brume-streams-'))
    plane = await startTestControlPlane()
    node = await startBareNode(plane)
  })
  after(async () => {
    await node?.stop()
    await plane?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const kubectl of kubectls().filter(runsAll)) {
    describe(`kubectl ${kubectl.version}`, () => {
      const run = (args: string[], stdin?: string | Buffer) => start(kubectl, args, stdin).result
      const start = (of: Kubectl, args: string[], stdin?: string | Buffer): Running =>
        startKubectl(of, { kubeconfig: plane.kubeconfig, folder }, args, stdin)
      const pod = `web-${kubectl.minor}`
      const port = 20_000 + kubectl.minor
      before(() => node.start({ name: pod, command: ['sh', '-c', SERVER.replace('$PORT', String(port))] }))

      it('exec gives both streams and the exit code', async () => {
        const result = await run(['exec', pod, '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])
        assert.deepEqual([result.code, result.stdout], [7, 'out\n'])
        assert.equal(result.stderr, 'err\ncommand terminated with exit code 7\n')
      })

      it('exec takes standard input to its end', async () => {
        const input = randomBytes(2_000_000)
        const result = await run(['exec', '-i', pod, '--', 'sha256sum'], input)
        assert.equal(result.stdout.split(' ')[0], createHash('sha256').update(input).digest('hex'))
      })

      it('exec gives a large output whole, also when it is read slowly', async () => {
        const result = await run(['exec', pod, '--', 'sh', '-c', 'yes 0123456789 | head -n 1000000'])
        assert.equal(result.stdout.length, 11_000_000)
      })

      it('new kubectls stay with WebSockets and fall back to nothing', {
        skip: kubectl.minor < 31 ? 'older ones speak SPDY alone' : false,
      }, async () => {
        const ran = await run(['exec', pod, '-v=6', '--', 'echo', 'ran'])
        assert.equal(ran.stdout, 'ran\n')
        assert.doesNotMatch(ran.stderr, /fallback/i)
        assert.match(ran.stderr, /subprotocol is v5\.channel\.k8s\.io/)
        const forward = start(kubectl, ['port-forward', pod, `:${port}`, '-v=6'])
        try {
          const local = await eventually(
            'forwarding',
            () => /127\.0\.0\.1:(\d+) ->/.exec(forward.stdout)?.[1],
          )
          assert.equal((await fetch(`http://127.0.0.1:${local}/none`)).status, 404)
          assert.doesNotMatch(forward.stderr, /fallback/i)
          assert.match(forward.stderr, /negotiated protocol: portforward\.k8s\.io/)
        } finally {
          forward.stop()
          await forward.result
        }
      })

      it('what cannot be run is said', async () => {
        const result = await run(['exec', pod, '--', 'nosuch'])
        assert.notEqual(result.code, 0)
        assert.match(result.stderr, /exec: "nosuch": executable file not found in \$PATH/)
        const nowhere = await run(['exec', pod, '-c', 'nope', '--', 'true'])
        assert.equal(
          nowhere.stderr,
          `Error from server (BadRequest): container nope is not valid for pod ${pod}\n`,
        )
      })

      it('cp copies there and back', async () => {
        const [from, back] = [join(folder, `from-${kubectl.minor}`), join(folder, `back-${kubectl.minor}`)]
        const content = randomBytes(3_000_000)
        writeFileSync(from, content)
        assert.equal((await run(['cp', from, `${pod}:/tmp/file`])).code, 0)
        assert.equal((await run(['cp', `${pod}:/tmp/file`, back])).code, 0)
        assert.ok(readFileSync(back).equals(content))
      })

      it('port-forward carries several connections at once', async () => {
        await run(['exec', pod, '--', 'sh', '-c', 'yes hello | head -c 300000 > /tmp/page'])
        const forward = start(kubectl, ['port-forward', `pod/${pod}`, `:${port}`])
        try {
          const local = await eventually(
            'forwarding',
            () => /127\.0\.0\.1:(\d+) ->/.exec(forward.stdout)?.[1],
          )
          const pages = await Promise.all(
            Array.from({ length: 8 }, async () => (await fetch(`http://127.0.0.1:${local}/page`)).text()),
          )
          assert.deepEqual(new Set(pages.map((page) => page.length)), new Set([300_000]))
          const again = await fetch(`http://127.0.0.1:${local}/none`)
          assert.equal(again.status, 404)
        } finally {
          forward.stop()
          await forward.result
        }
      })

      it('port-forward to a port where nothing listens says so', async () => {
        const forward = start(kubectl, ['port-forward', `pod/${pod}`, ':1'])
        try {
          const local = await eventually(
            'forwarding',
            () => /127\.0\.0\.1:(\d+) ->/.exec(forward.stdout)?.[1],
          )
          await assert.rejects(fetch(`http://127.0.0.1:${local}/`))
          await eventually(
            'the reason',
            () =>
              forward.stderr.includes('Connection refused') || forward.stderr.includes('connection refused'),
          )
        } finally {
          forward.stop()
          await forward.result
        }
      })

      it('logs are read, followed, and cut', async () => {
        const name = `talker-${kubectl.minor}`
        await node.start({
          name,
          command: ['sh', '-c', 'for i in 1 2 3 4; do echo line $i; done; sleep 1000'],
        })
        const sees = (text: string) =>
          eventually(text, async () => (await run(['logs', name])).stdout.includes(text))
        await sees('line 4')
        assert.equal((await run(['logs', name, '--tail=2'])).stdout, 'line 3\nline 4\n')
        assert.equal((await run(['logs', name, '--limit-bytes=8'])).stdout, 'line 1\nl')
        assert.match(
          (await run(['logs', name, '--timestamps', '--tail=1'])).stdout,
          /^\d{4}-\S{24}Z line 4\n$/,
        )
        assert.equal((await run(['logs', name, '--since-time=2100-01-01T00:00:00Z'])).stdout, '')
        const previous = await run(['logs', name, '--previous'])
        assert.equal(
          previous.stderr,
          `Error from server (BadRequest): previous terminated container "main" in pod "${name}" not found\n`,
        )
      })

      it('logs -f ends with the container, and attach shows what it says', async () => {
        const name = `reader-${kubectl.minor}`
        await node.start({
          name,
          stdinOnce: true,
          command: ['sh', '-c', 'echo ready; while read x; do echo got $x; [ "$x" = stop ] && exit 0; done'],
        })
        const following = start(kubectl, ['logs', '-f', name])
        await eventually('ready', () => following.stdout.includes('ready'))
        const attached = await run(['attach', '-i', name], 'one\nstop\n')
        assert.match(attached.stdout, /got one\ngot stop\n/)
        const { code, stdout } = await following.result
        assert.deepEqual([code, stdout], [0, 'ready\ngot one\ngot stop\n'])
      })
    })
  }

  const scriptless = findExecutable('script') === undefined && 'script is not installed'
  for (const kubectl of [kubectls()[0], kubectls().at(-1)]) {
    it(`a terminal is as large as the client's (${kubectl?.version})`, { skip: scriptless }, async () => {
      const name = `terminal-${kubectl!.minor}`
      await node.start({ name, command: ['sleep', '1000'] })
      const exec = `${kubectl!.path} exec -it ${name} -- sh -c 'until stty size 2>/dev/null | grep [1-9]; do sleep 0.1; done'`
      const command = `stty rows 31 cols 97; exec ${exec}`
      const place = { kubeconfig: plane.kubeconfig, folder }
      const running = startKubectl({ path: 'script' }, place, ['-qec', command, '/dev/null'], null)
      assert.match((await running.result).stdout, /31 97/)
    })
  }
})
