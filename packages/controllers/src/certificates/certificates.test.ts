import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { calledFor, decideApproval } from './approver.ts'
import { decideRequestAge } from './cleaner.ts'
import { parseRequest } from './request.ts'
import { CLIENT_SIGNER, KUBELET_CLIENT_SIGNER, KUBELET_SERVING_SIGNER, refusal } from './rules.ts'
import { decideSigning } from './signer.ts'

const NOW = Date.UTC(2026, 0, 1)
const at = (ms: number) => new Date(NOW + ms).toISOString()

/** `openssl req -newkey ed25519 -subj /O=system:nodes/CN=system:node:n1`, with and without names. */
const NODE_REQUEST = make('/O=system:nodes/CN=system:node:n1')
const SERVING_REQUEST = make('/O=system:nodes/CN=system:node:n1', 'DNS:n1,IP:10.0.0.1')
const NODE_USAGES = ['key encipherment', 'digital signature', 'client auth']

function make(subject: string, names?: string): string | undefined {
  const extension = names === undefined ? [] : ['-addext', `subjectAltName=${names}`]
  try {
    const pem = execFileSync(
      'openssl',
      ['req', '-new', '-newkey', 'ed25519', '-nodes', '-keyout', '/dev/null', '-subj', subject, ...extension],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    return pem.toString('base64')
  } catch {
    return undefined
  }
}

const skip = NODE_REQUEST === undefined ? 'openssl makes the test requests; install it' : false

function csr(spec: object, status: object = {}): KubeObject {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'r', uid: 'u', resourceVersion: '1', creationTimestamp: at(0) },
    spec: { signerName: KUBELET_CLIENT_SIGNER, usages: NODE_USAGES, request: NODE_REQUEST, ...spec },
    status,
  }
}

const condition = (type: string, ms = 0) => ({ type, status: 'True', lastUpdateTime: at(ms) })

describe('certificate requests', { skip }, () => {
  it('are read with subject and alternative names', () => {
    assert.deepEqual(parseRequest(SERVING_REQUEST!), {
      commonName: 'system:node:n1',
      organizations: ['system:nodes'],
      dnsNames: ['n1'],
      ipAddresses: ['0a000001'],
      emailAddresses: [],
      uris: [],
    })
    assert.equal(parseRequest(Buffer.from('no PEM').toString('base64')), undefined)
  })

  it('never break the reader, however they are damaged', () => {
    const pem = Buffer.from(SERVING_REQUEST!, 'base64').toString()
    const [, body] = /REQUEST-----\n([\s\S]+)\n-----END/.exec(pem)!
    const der = Buffer.from(body!, 'base64')
    for (let i = 0; i < der.length; i++) {
      for (const byte of [0x00, 0x7f, 0x80, 0x84, 0xff, der[i]! ^ 1]) {
        const damaged = Buffer.from(der)
        damaged[i] = byte
        const text = `-----BEGIN CERTIFICATE REQUEST-----\n${damaged.toString('base64')}\n-----END CERTIFICATE REQUEST-----`
        parseRequest(Buffer.from(text).toString('base64'))
      }
      const cut = `-----BEGIN CERTIFICATE REQUEST-----\n${der.subarray(0, i).toString('base64')} \n-----END CERTIFICATE REQUEST-----`
      if (i < der.length - 1) assert.equal(parseRequest(Buffer.from(cut).toString('base64')), undefined)
    }
  })

  it('of nodes are approved when who asks may have them, and of nobody else', () => {
    const parsed = parseRequest(NODE_REQUEST!)!
    assert.deepEqual(calledFor(csr({ username: 'system:bootstrap:abcdef' }), parsed), ['nodeclient'])
    assert.deepEqual(calledFor(csr({ username: 'system:node:n1' }), parsed), ['selfnodeclient', 'nodeclient'])
    assert.deepEqual(calledFor(csr({ signerName: CLIENT_SIGNER }), parsed), [])
    assert.deepEqual(calledFor(csr({}), parseRequest(SERVING_REQUEST!)!), [])
    assert.deepEqual(decideApproval({ request: csr({}), granted: [] }, NOW).actions, [])
    const { request } = decideApproval({ request: csr({}), granted: ['nodeclient'] }, NOW).actions[0]!
    assert.equal(request['status'].conditions[0].reason, 'AutoApproved')
    assert.match(request['status'].conditions[0].message, /^Auto approving kubelet client certificate/)
    const denied = csr({}, { conditions: [condition('Denied')] })
    assert.deepEqual(decideApproval({ request: denied, granted: ['nodeclient'] }, NOW).actions, [])
  })

  it('are signed once approved, for a year at most and ten minutes at least', () => {
    assert.deepEqual(decideSigning(csr({}), NOW).actions, [])
    const approved = (spec: object) => csr(spec, { conditions: [condition('Approved')] })
    const duration = (expirationSeconds?: number) => {
      const action = decideSigning(approved({ expirationSeconds }), NOW).actions[0]
      return action?.type === 'sign' ? action.input.durationSeconds : undefined
    }
    assert.equal(duration(), 31_536_000)
    assert.equal(duration(3600), 3600)
    assert.equal(duration(1), 600)
    assert.equal(duration(1e9), 31_536_000)
    assert.deepEqual(decideSigning(approved({ signerName: 'example.com/mine' }), NOW).actions, [])
    const signed = csr({}, { conditions: [condition('Approved')], certificate: 'x' })
    assert.deepEqual(decideSigning(signed, NOW).actions, [])
  })

  it("that break their signer's rules fail with the reason, though approved", () => {
    const request = csr({ request: SERVING_REQUEST }, { conditions: [condition('Approved')] })
    const action = decideSigning(request, NOW).actions[0]!
    assert.ok(action.type === 'fail')
    const failed = action.request['status'].conditions[1]
    assert.equal(failed.type, 'Failed')
    assert.equal(failed.reason, 'SignerValidationFailure')
    assert.equal(failed.message, 'DNS subjectAltNames are not allowed')
    assert.deepEqual(decideSigning(action.request, NOW).actions, [])
  })

  it('are held to the rules of each signer', () => {
    const node = parseRequest(NODE_REQUEST!)!
    const serving = parseRequest(SERVING_REQUEST!)!
    const SERVING = ['digital signature', 'server auth']
    assert.equal(refusal(KUBELET_CLIENT_SIGNER, node, NODE_USAGES), undefined)
    assert.equal(refusal(KUBELET_CLIENT_SIGNER, node, NODE_USAGES.slice(1)), undefined)
    assert.match(
      refusal(KUBELET_CLIENT_SIGNER, node, [...NODE_USAGES, 'server auth'])!,
      /^usages did not match/,
    )
    assert.match(refusal(KUBELET_CLIENT_SIGNER, { ...node, organizations: [] }, NODE_USAGES)!, /organization/)
    assert.match(refusal(KUBELET_CLIENT_SIGNER, { ...node, commonName: 'root' }, NODE_USAGES)!, /common name/)
    assert.equal(refusal(KUBELET_SERVING_SIGNER, serving, SERVING), undefined)
    assert.match(refusal(KUBELET_SERVING_SIGNER, node, SERVING)!, /DNS or IP/)
    assert.equal(refusal(CLIENT_SIGNER, node, ['client auth']), undefined)
    assert.match(refusal(CLIENT_SIGNER, node, ['digital signature'])!, /usages/)
    assert.match(refusal(CLIENT_SIGNER, node, ['client auth', 'server auth'])!, /usages/)
  })

  it('are deleted when they are of no more use', () => {
    const hour = 3_600_000
    const age = (status: object, ms: number) => decideRequestAge(csr({}, status), NOW + ms)
    assert.deepEqual(age({}, hour), { actions: [], requeueAfterMs: 23 * hour })
    assert.equal(age({}, 24 * hour).actions.length, 1)
    assert.equal(age({ conditions: [condition('Denied')] }, hour).actions.length, 1)
    assert.equal(age({ conditions: [condition('Failed')] }, hour - 1).actions.length, 0)
    assert.deepEqual(age({ conditions: [condition('Approved')] }, 1000 * hour), { actions: [] })
    assert.equal(age({ conditions: [condition('Approved')], certificate: 'AAAA' }, hour).actions.length, 1)
  })
})
