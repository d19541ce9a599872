// Streams into containers as clients other than kubectl open them: WebSockets of every Kubernetes protocol, and what
// may not be opened.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { issueClientCertificate } from '@brume/apiserver/auth/pki/client-certificate'
import { type BareNode, startBareNode } from '@brume/testkit/bare-node'
import { whyNoBusybox } from '@brume/testkit/busybox-image'
import { whyNoContainers } from '@brume/testkit/containerd'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { httpOf } from '@brume/testkit/http'
import { exec, PODS_PATH, socketsOf } from './container-sockets.ts'

const skip = whyNoContainers() ?? whyNoBusybox() ?? false

describe('WebSockets into containers', { skip, timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let node: BareNode
  const { admin, open, refused } = socketsOf(() => plane)
  before(async () => {
    plane = await startTestControlPlane()
    node = await startBareNode(plane)
    await node.start({ name: 'p', command: ['sleep', '1000'] })
  })
  after(async () => {
    await node?.stop()
    await plane?.stop()
  })

  const FAILS = ['sh', '-c', 'echo out; echo err >&2; exit 3']

  for (const [name, status] of [
    ['v5.channel.k8s.io', 'json'],
    ['v4.channel.k8s.io', 'json'],
    ['v4.base64.channel.k8s.io', 'json'],
    ['channel.k8s.io', 'text'],
    ['base64.channel.k8s.io', 'text'],
    ['', 'text'],
  ] as const) {
    it(`exec speaks ${name || 'without a protocol'}`, async () => {
      const { ws, text, closed } = await open(exec('p', FAILS), name === '' ? [] : ['unknown', name])
      assert.equal(ws.protocol, name)
      assert.equal(await closed, 1000)
      assert.deepEqual([text.get(1), text.get(2)], ['out\n', 'err\n'])
      if (status === 'text') assert.match(text.get(3) ?? '', /exit code 3/)
      else assert.deepEqual(JSON.parse(text.get(3)!).details.causes, [{ reason: 'ExitCode', message: '3' }])
    })
  }

  it('a command that says nothing says that it has begun', async () => {
    const { ws, closed } = await open(exec('p', ['sleep', '1000']), ['v5.channel.k8s.io'])
    const messages: string[] = []
    ws.on('message', (data: Buffer) => messages.push(data.toString('latin1')))
    await eventually('it says so', () => messages.includes('\x01'))
    ws.terminate()
    await closed
  })

  it('standard input can be closed, and nothing else with it', async () => {
    const { ws, text, closed } = await open(
      exec('p', ['sh', '-c', 'cat; echo done'], 'stdin=true&stdout=true'),
      ['v5.channel.k8s.io'],
    )
    ws.send(Buffer.from('\0some text\n'))
    ws.send(Buffer.from([255, 0]))
    assert.equal(await closed, 1000)
    assert.equal(text.get(1), 'some text\ndone\n')
    assert.equal(JSON.parse(text.get(3)!).status, 'Success')
  })

  it('an output that is not read stops the container, and not the server', async () => {
    const slow = await open(exec('p', ['yes']), ['v4.channel.k8s.io'])
    slow.ws.pause()
    const before = process.memoryUsage().rss
    await eventually('the pipe is full', async () => {
      const { stdout } = await node.cri.execSync(await idOf(node), ['sh', '-c', 'ps | grep -c "[y]es"'], 10)
      return stdout.toString().trim() === '1'
    })
    const quick = await open(exec('p', ['echo', 'quick']), ['v4.channel.k8s.io'])
    await quick.closed
    assert.equal(quick.text.get(1), 'quick\n')
    assert.ok(process.memoryUsage().rss - before < 200_000_000)
    slow.ws.terminate()
    await slow.closed
  })

  it('messages that make no sense are passed over', async () => {
    const { ws, text, closed } = await open(exec('p', ['cat'], 'stdin=true&stdout=true'), [
      'v5.channel.k8s.io',
    ])
    for (const bytes of [[], [9, 1, 2], [3, 1], [255], [255, 77], [255, 0, 0], [4, 123], [1, 65]])
      ws.send(Buffer.from(bytes))
    ws.send(Buffer.from('\0ok\n'))
    ws.send(Buffer.from([255, 0]))
    await closed
    assert.equal(text.get(1), 'ok\n')
  })

  it('what cannot be opened is answered plainly', async () => {
    const v4 = ['v4.channel.k8s.io']
    assert.deepEqual(
      [
        (await refused(exec('p', ['true'], ''), v4)).text,
        (await refused(exec('nope', ['true']), v4)).status,
        (await refused(exec('p', ['true']), ['v9.channel.k8s.io'])).status,
        (await refused(`${PODS_PATH}/p/portforward`, v4)).text,
        (await refused(`${PODS_PATH}/p/portforward?ports=x`, v4)).status,
      ],
      [
        'you must specify at least 1 of stdin, stdout, stderr',
        404,
        400,
        'query parameter "port" is required',
        400,
      ],
    )
    const plain = await httpOf(plane).send('POST', exec('p', ['true']))
    assert.deepEqual([plain.status, plain.body.message], [400, 'Upgrade request required'])
  })

  it('a container that has ended is not found', async () => {
    await node.start({ name: 'ended', command: ['true'] })
    await eventually('its end', async () => {
      const { status, text } = await refused(exec('ended', ['true']), ['v4.channel.k8s.io'])
      return status === 404 && text === 'container not found ("main")'
    })
  })

  it('whoever may only read opens nothing, and foreign pages neither', async () => {
    const { pki } = plane.plane
    const user = await issueClientCertificate(pki, {
      commonName: 'reader',
      organizations: [],
      ttlSeconds: 600,
    })
    const credentials = { cert: user.certificatePem, key: user.privateKeyPem }
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'reader' } }
    const rules = [{ apiGroups: [''], resources: ['pods', 'pods/exec'], verbs: ['get'] }]
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
    const http = httpOf(plane)
    await http.send('POST', `${rbac}/roles`, { ...role, rules })
    await http.send('POST', `${rbac}/rolebindings`, {
      ...role,
      kind: 'RoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
    })
    const answer = await eventually('the role holds', async () => {
      const found = await refused(exec('p', ['true']), ['v4.channel.k8s.io'], credentials)
      return found.text.includes('cannot create resource') && found
    })
    assert.equal(answer.status, 403)
    const foreign = { ...admin(), headers: { 'sec-fetch-site': 'cross-site' } }
    assert.equal((await refused(exec('p', ['true']), ['v4.channel.k8s.io'], foreign)).status, 403)
  })

  it('port forwarding by channels begins with the port and carries bytes both ways', async () => {
    await node.start({
      name: 'web',
      command: ['sh', '-c', 'echo hello > /tmp/x; httpd -f -p 127.0.0.1:20099 -h /tmp'],
    })
    await eventually('the page', async () => {
      const { ws, text, closed } = await open(`${PODS_PATH}/web/portforward?ports=20099,1`, [
        'v4.channel.k8s.io',
      ])
      ws.send(Buffer.from('\0GET /x HTTP/1.0\r\n\r\n'))
      await closed
      const port = Buffer.from([20099 & 255, 20099 >> 8]).toString('latin1')
      return (
        text.get(0)?.startsWith(`${port}HTTP/1.1 200 OK`) &&
        text.get(0)!.endsWith('hello\n') &&
        text.get(3)!.startsWith('\x01\0error forwarding port 1')
      )
    })
  })
})

async function idOf(node: BareNode): Promise<string> {
  const status = (node.pods.get('p') as { status?: { containerStatuses: { containerID: string }[] } }).status!
  return status.containerStatuses[0]!.containerID.slice('containerd://'.length)
}
