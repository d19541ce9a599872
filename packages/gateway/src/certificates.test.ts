import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { createSecureContext } from 'node:tls'
import { findExecutable } from '@brume/machine/executables'
import { selfSigned } from '@brume/testkit/self-signed'
import { certificateFiles } from './certificates.ts'
import type { Certificate, Claim } from './model.ts'

const skip = findExecutable('openssl') === undefined ? 'openssl is not installed' : false
const GARBAGE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

interface More extends Pick<Certificate, 'hosts' | 'by'> {
  claims: readonly Claim[]
}

function filesOf(certificate: string, key: string, { claims, ...more }: More = { hosts: ['a'], claims: [] }) {
  const data = {
    'tls.crt': Buffer.from(certificate).toString('base64'),
    'tls.key': Buffer.from(key).toString('base64'),
  }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'd', name: 's' }, data }
  const wanted = [{ namespace: 'd', secret: 's', ...more }]
  return certificateFiles(wanted, () => secret, { dir: '/edge', own: 'own', claims })
}

describe("Ingresses' certificates", { skip }, () => {
  const fresh = () => selfSigned({ commonName: 'a' })

  it('are written with their chain and key, and nothing else of the Secret', () => {
    const [first, second] = [fresh(), fresh()]
    const noise = `words before\n${second.key}`
    const { files, problems } = filesOf(
      `${noise}${first.certificate}\nwords between${'x'.repeat(100_000)}\n${second.certificate}`,
      `${first.key}\n${second.key}`,
    )
    assert.deepEqual(problems, [])
    const pem = files.get('certs/d.s.pem') ?? ''
    assert.deepEqual(pem.match(/BEGIN [A-Z ]+/g), [
      'BEGIN CERTIFICATE',
      'BEGIN CERTIFICATE',
      'BEGIN PRIVATE KEY',
    ])
    assert.doesNotMatch(pem, /words/)
    assert.equal(files.get('crt-list'), '/edge/certs/own.pem\n/edge/certs/d.s.pem a\n')
    createSecureContext({ cert: pem, key: pem })
  })

  it('are written for hosts of their own namespace alone, whatever names are in them', () => {
    const { certificate, key } = fresh()
    const claims = [{ host: 'a', namespace: 'mine', order: '1' }]
    const list = (hosts: string[], order: string) => {
      const object = { apiVersion: 'v1', kind: 'Ingress', metadata: { namespace: 'd', name: 'i' } }
      const { files, problems } = filesOf(certificate, key, { hosts, claims, by: { object, order } })
      return [files.get('crt-list'), problems.map(({ message }) => message)]
    }
    const why = 'Secret s is not shown for a: namespace mine had that host first; name another host'
    for (const hosts of [['a'], []]) assert.deepEqual(list(hosts, '2'), ['/edge/certs/own.pem\n', [why]])
    for (const hosts of [['a'], []])
      assert.deepEqual(list(hosts, '0'), ['/edge/certs/own.pem\n/edge/certs/d.s.pem a\n', []])
  })

  it('are left out, with the reason, where HAProxy would refuse them and all others with them', () => {
    const good = fresh()
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const short = selfSigned({ commonName: 'a', kind: ['rsa:1024'] })
    const cases: [string, string, RegExp][] = [
      [`${good.certificate}${GARBAGE}`, good.key, /holds no usable certificate and key/],
      [GARBAGE, good.key, /holds no usable certificate and key/],
      ['', '', /holds no usable certificate and key/],
      [short.certificate, short.key, /key too small/],
      [`${good.certificate}${short.certificate}`, good.key, /key too small/],
      [good.certificate, String(other.export({ type: 'pkcs8', format: 'pem' })), /not its certificate's/],
    ]
    for (const [certificate, key, why] of cases) {
      const { files, problems } = filesOf(certificate, key)
      assert.match(problems[0]?.message ?? '', why)
      assert.deepEqual(
        [[...files.keys()], files.get('crt-list')],
        [['certs/own.pem', 'crt-list'], '/edge/certs/own.pem\n'],
      )
    }
  })
})
