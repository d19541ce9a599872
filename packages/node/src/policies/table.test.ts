import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicies } from '@brume/api/network/policies'
import { run } from '@brume/machine/run'
import { policyScript } from './table.ts'

const pod = (name: string, ip: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name, uid: name },
  spec: { nodeName: 'here', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 80 }] }] },
  status: { phase: 'Running', podIPs: [{ ip }] },
})
const policy = (spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: 'p' },
  spec: { podSelector: {}, ...spec },
})
const block = (cidr: string, ...except: string[]) => ({ ipBlock: { cidr, except } })
const PODS = [pod('a', '10.42.0.5'), pod('b', '10.42.0.6')]

function scriptOf(spec: object, pods = PODS): string {
  const world = { policies: [policy(spec)], pods, namespaces: new Map(), nodeName: 'here' }
  return policyScript({ table: 't', bridge: 'b', filters: compilePolicies(world) })
}

describe('the filters of network policies', { timeout: 60_000 }, () => {
  it('name a pod as far as nft takes it', () => {
    const script = scriptOf({}, [pod('x'.repeat(253), '10.42.0.5')])
    const [, comment = ''] = /comment "([^"]*)"/.exec(script) ?? []
    assert.equal(comment.length, 128)
  })

  it('write blocks as nft reads them, and leave out those of IPv6', () => {
    const from = [block('010.001.002.003/08', '010.1.0.0/16', '::1/128'), block('fd00::/8')]
    const script = scriptOf({ ingress: [{ from }] }, [pod('a', '10.42.0.5')])
    assert.match(script, /ip saddr 10\.0\.0\.0\/8 ip saddr != \{ 10\.1\.0\.0\/16 \} return/)
    assert.doesNotMatch(script, /::|fd00/)
  })

  it('let nobody in who is in no block that is left', () => {
    const script = scriptOf({ ingress: [{ from: [block('fd00::/8')] }] }, [pod('a', '10.42.0.5')])
    const rules = script.split('\n').filter((line) => line.startsWith('add rule ip t ingress-10-42-0-5'))
    assert.deepEqual(rules, [
      'add rule ip t ingress-10-42-0-5 ip saddr 10.42.0.5 return',
      'add rule ip t ingress-10-42-0-5 drop comment "shop/a"',
    ])
  })

  it('name each port once', () => {
    const ports = [
      { port: 80 },
      { port: 443, protocol: 'UDP' },
      { port: 90, endPort: 99 },
      { port: 70, endPort: 92 },
    ]
    const script = scriptOf({ ingress: [{ ports }, { ports: [{ protocol: 'TCP' }, { port: 7 }] }] })
    assert.match(script, / meta l4proto \. th dport \{ tcp \. 70-99, udp \. 443 \} return/)
    assert.match(script, / meta l4proto \{ tcp \} return/)
    assert.doesNotMatch(script, /tcp \. 7 /)
  })

  it('are taken by nft, whatever the API takes', async (t) => {
    const specs = [
      { ingress: [{ from: [block('0.0.0.0/0'), block('10.0.0.0/8'), block('10.0.0.0/16')] }] },
      { ingress: [{ from: [block('10.0.0.9/8', '10.0.0.0/16', '10.0.0.0/24', '10.0.0.0/24')] }] },
      { ingress: [{ from: [block('00.0.0.0/00'), block('255.255.255.255/32'), { podSelector: {} }] }] },
      { ingress: [{ ports: [{ port: 80 }, { port: 70, endPort: 90 }, { protocol: 'SCTP' }] }] },
      { ingress: [{ ports: [{ port: 1, endPort: 65_535 }, { port: 'web' }, { port: 'none' }] }] },
      { policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }], ports: [{ port: 'web' }] }] },
    ]
    const scripts = specs.map((spec) => scriptOf(spec))
    scripts.push(scriptOf({}, [pod('x'.repeat(253), '10.42.0.5')]), scriptOf({}, [PODS[0]!, PODS[0]!]))
    for (const input of scripts) {
      try {
        await run(['unshare', '--net', 'nft', '-f', '-'], { input })
      } catch (error) {
        if (process.getuid?.() !== 0 || (error as { code?: string }).code === 'ENOENT')
          return t.skip('needs root, unshare and nft')
        throw error
      }
    }
  })
})
