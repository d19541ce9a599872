import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { INGRESSES } from '@brume/client/builtin'
import { annotationProblem, askingOfGateway, askingOfIngress, wantsOf } from './wants.ts'

const ASKS = { 'brume.dev/certificate': 'acme' }

function ingress(name: string, spec: object, annotations: Record<string, string> = ASKS): KubeObject {
  const metadata = { name, namespace: 'd', uid: name, annotations, creationTimestamp: '2030-01-01T00:00:00Z' }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec } as KubeObject
}

const rules = (...hosts: string[]) => hosts.map((host) => ({ host }))

function wanted(objects: readonly KubeObject[], all = false) {
  const found = wantsOf(objects.map(askingOfIngress), { all })
  return [...found].map(([key, { hosts, problem }]) =>
    problem === undefined ? [key, hosts] : [key, problem],
  )
}

describe('the certificates that are wanted', () => {
  it('are those of the tls section, in the Secrets that it names', () => {
    const tls = [{ hosts: ['A.example.org', 'b.example.org'], secretName: 'ab' }, { secretName: 'rest' }]
    const found = wanted([ingress('web', { tls, rules: rules('A.example.org', 'c.example.org') })])
    assert.deepEqual(found, [
      ['d/ab', ['a.example.org', 'b.example.org']],
      ['d/rest', ['c.example.org']],
    ])
  })

  it('are one for all hosts of the rules where there is no tls section', () => {
    const found = wanted([ingress('web', { rules: rules('b.example.org', 'a.example.org') })])
    assert.deepEqual(found, [['d/web-tls', ['a.example.org', 'b.example.org']]])
  })

  it('are one for all that name the same Secret', () => {
    const one = (name: string, host: string) => ingress(name, { tls: [{ hosts: [host], secretName: 's' }] })
    const found = wanted([one('b', 'b.example.org'), one('a', 'a.example.org')])
    assert.deepEqual(found, [['d/s', ['a.example.org', 'b.example.org']]])
  })

  it('are none where nobody asks', () => {
    assert.deepEqual(wanted([ingress('web', { rules: rules('a.example.org') }, {})]), [])
  })

  it('are those of all hosts that a CA could know where everything outside has one, but for whoever says no', () => {
    const none = { 'brume.dev/certificate': 'none' }
    const found = wanted(
      [
        ingress('web', { rules: rules('web.brume.localhost', 'a.example.org', '*.example.org') }, {}),
        ingress('home', { rules: rules('home.brume.localhost') }, {}),
        ingress('own', { rules: rules('b.example.org') }, none),
      ],
      true,
    )
    assert.deepEqual(found, [['d/web-tls', ['a.example.org']]])
  })

  it('say what cannot be had, and where that is written', () => {
    const of = (spec: object) => String(wanted([ingress('web', spec)])[0]?.[1])
    assert.match(
      of({ tls: [{ hosts: ['*.a.org'], secretName: 's' }] }),
      /^spec\.tls\[0\]: "\*\.a\.org" is a wildcard/,
    )
    assert.match(
      of({ rules: rules('hello.brume.localhost') }),
      /^spec\.rules: .* leads to each machine itself/,
    )
    assert.match(of({ rules: rules('intranet') }), /name a host with a domain/)
    assert.match(of({ rules: [{}] }), /^spec\.rules names no host/)
    const many = Array.from({ length: 101 }, (_, index) => `h${index}.example.org`)
    assert.match(of({ rules: rules(...many) }), /more than 100 hosts/)
  })

  it('leave a word that means nothing out, and say so', () => {
    const odd = ingress('web', { rules: rules('a.example.org') }, { 'brume.dev/certificate': 'yes' })
    assert.match(annotationProblem(askingOfIngress(odd)) ?? '', /"yes" is not acme or none/)
    assert.deepEqual(wanted([odd]), [])
  })
})

describe('a Gateway', () => {
  it('asks for its listeners that end TLS here', () => {
    const tls = (name: string, more: object = {}) => ({ certificateRefs: [{ name, ...more }] })
    const listeners = [
      { name: 'plain', protocol: 'HTTP', hostname: 'a.org' },
      { name: 'a', protocol: 'HTTPS', hostname: 'a.org', tls: tls('a') },
      { name: 'b', protocol: 'TLS', hostname: 'b.org', tls: { mode: 'Passthrough' } },
      { name: 'c', protocol: 'HTTPS', hostname: 'c.org', tls: tls('c', { namespace: 'other' }) },
      { name: 'd', protocol: 'HTTPS', tls: tls('d') },
    ]
    const gateway = { ...ingress('g', { listeners }), kind: 'Gateway' }
    const found = wantsOf([askingOfGateway(gateway, INGRESSES)], { all: false })
    assert.deepEqual([...found.keys()], ['d/a'])
    assert.deepEqual(found.get('d/a')?.hosts, ['a.org'])
  })
})
