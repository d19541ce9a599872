// Logs, commands and ports through the Kubernetes project's own client for JavaScript.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { type BareNode, startBareNode } from '@brume/testkit/bare-node'
import { whyNoBusybox } from '@brume/testkit/busybox-image'
import { whyNoContainers } from '@brume/testkit/containerd'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import * as k8s from '@kubernetes/client-node'

const skip = whyNoContainers() ?? whyNoBusybox() ?? false
const PORT = 20_177

function gather() {
  const stream = new PassThrough()
  let text = ''
  stream.on('data', (chunk) => {
    text += chunk
  })
  return { stream, text: () => text }
}

describe("the JavaScript client's streams", { skip, timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let node: BareNode
  let config: k8s.KubeConfig
  before(async () => {
    plane = await startTestControlPlane()
    node = await startBareNode(plane)
    config = new k8s.KubeConfig()
    config.loadFromFile(plane.kubeconfig)
    const serve = `echo begun; echo page > /tmp/page; httpd -f -p 127.0.0.1:${PORT} -h /tmp`
    await node.start({ name: 'p', command: ['sh', '-c', serve] })
  })
  after(async () => {
    await node?.stop()
    await plane?.stop()
  })

  it('exec gives the input, both outputs and the status', async () => {
    const [out, err] = [gather(), gather()]
    const status = await new Promise<k8s.V1Status>((resolve, reject) => {
      const command = ['sh', '-c', 'read line; echo "got $line"; echo wrong >&2; exit 4']
      new k8s.Exec(config)
        .exec(
          'default',
          'p',
          'main',
          command,
          out.stream,
          err.stream,
          Readable.from(['a line\n']),
          false,
          resolve,
        )
        .catch(reject)
    })
    assert.deepEqual([out.text(), err.text()], ['got a line\n', 'wrong\n'])
    assert.equal(status.status, 'Failure')
    assert.equal(status.details?.causes?.[0]?.message, '4')
  })

  it('logs are followed to their end', async () => {
    await node.start({ name: 'short', command: ['sh', '-c', 'echo one; sleep 0.5; echo two'] })
    const log = gather()
    await new k8s.Log(config).log('default', 'short', 'main', log.stream, { follow: true })
    await once(log.stream, 'end')
    assert.equal(log.text(), 'one\ntwo\n')
  })

  it('attach shows what comes', async () => {
    await node.start({ name: 'talker', command: ['sh', '-c', 'while true; do echo tick; sleep 0.2; done'] })
    const out = gather()
    const ws = (await new k8s.Attach(config).attach(
      'default',
      'talker',
      'main',
      out.stream,
      null,
      null,
      false,
    )) as {
      close(): void
    }
    await eventually('two ticks', () => out.text().startsWith('tick\ntick\n'))
    ws.close()
  })

  it('ports are forwarded', async () => {
    const forward = new k8s.PortForward(config)
    const server = createServer((socket) => {
      void forward.portForward('default', 'p', [PORT], socket, null, socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as { port: number }
      const client = connect(port, '127.0.0.1')
      let text = ''
      client.on('data', (chunk) => {
        text += chunk
      })
      client.write('GET /page HTTP/1.0\r\n\r\n')
      await eventually('the page', () => text.endsWith('\r\n\r\npage\n'))
      client.destroy()
    } finally {
      server.close()
    }
  })
})
