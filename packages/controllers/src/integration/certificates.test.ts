import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CERTIFICATE_SIGNING_REQUESTS, CONFIG_MAPS, SECRETS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { certificateCredentials, tokenCredentials } from '@brume/client/credentials'
import { HttpTransport } from '@brume/client/http-transport'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('a joining machine on a control plane', () => {
  let plane: TestControlPlane
  let folder: string

  before(async () => {
    plane = await startTestControlPlane()
    folder = mkdtempSync(join(tmpdir(), 'brume-join-'))
    await plane.client.resource(SECRETS).create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      data: {
        'token-id': base64('abcdef'),
        'token-secret': base64('0123456789abcdef'),
        'usage-bootstrap-authentication': base64('true'),
        'usage-bootstrap-signing': base64('true'),
      },
    })
  })
  after(async () => {
    await plane.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  function as(credentials: ConstructorParameters<typeof HttpTransport>[0]['credentials']): Client {
    const { url: server, pki } = plane.plane
    return new Client({ transport: new HttpTransport({ server, ca: pki.ca.certificatePem, credentials }) })
  }

  it('finds cluster-info signed with its token', async () => {
    await eventually('the signature is there', async () => {
      const { data } = await plane.client
        .resource(CONFIG_MAPS)
        .get({ namespace: 'kube-public', name: 'cluster-info' })
      return data['jws-kubeconfig-abcdef'] !== undefined && data.kubeconfig.includes(plane.plane.url)
    })
  })

  it('gets a client certificate with its token and is let in with it', async (t) => {
    const key = join(folder, 'key')
    let pem: Buffer
    try {
      pem = execFileSync(
        'openssl',
        'req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /O=system:nodes/CN=system:node:n1 -keyout'
          .split(' ')
          .concat(key),
        { stdio: ['ignore', 'pipe', 'ignore'] },
      )
    } catch {
      return t.skip('openssl makes the request; install it')
    }
    const joining = as(tokenCredentials('abcdef.0123456789abcdef'))
    const requests = joining.resource(CERTIFICATE_SIGNING_REQUESTS)
    await requests.create({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'n1' },
      spec: {
        request: pem.toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['digital signature', 'client auth'],
        expirationSeconds: 86_400,
        username: 'system:node:n1',
        groups: ['system:masters'],
      },
    })
    const { spec } = await requests.get({ name: 'n1' })
    assert.equal(
      spec.username,
      'system:bootstrap:abcdef',
      'what a requester says of itself counts for nothing',
    )
    assert.equal(spec.groups.includes('system:masters'), false)
    const certificatePem = await eventually('the certificate is issued', async () => {
      const { status } = await requests.get({ name: 'n1' })
      return status?.certificate && Buffer.from(status.certificate, 'base64').toString()
    })
    const certificate = new X509Certificate(certificatePem)
    assert.match(certificate.subject, /CN=system:node:n1/)
    assert.ok(Date.parse(certificate.validTo) - Date.now() < 2 * 86_400_000)
    const node = as(certificateCredentials({ certificatePem, keyPem: readFileSync(key, 'utf8') }))
    const review = await node.json<{ status: { userInfo: { username: string } } }>({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
    })
    assert.equal(review.status.userInfo.username, 'system:node:n1')
    joining.transport.close()
    node.transport.close()
  })
})
