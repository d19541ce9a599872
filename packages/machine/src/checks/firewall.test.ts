import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Firewall, firewallProblems, type NftObject } from './firewall.ts'

const FORWARD: NftObject = {
  chain: { family: 'ip', table: 'filter', name: 'FORWARD', hook: 'forward', policy: 'drop' },
}

function firewall(nftables: readonly NftObject[], more: Partial<Firewall> = {}): Firewall {
  return { nftables, legacy: '', bridgeNetfilter: false, ...more }
}

describe("a machine's firewall", () => {
  it('is no matter where forwarded packets are accepted', () => {
    const accepting: NftObject = { chain: { ...FORWARD.chain!, policy: 'accept' } }
    const output: NftObject = { chain: { ...FORWARD.chain!, hook: 'output' } }
    const bridge: NftObject = { chain: { ...FORWARD.chain!, family: 'bridge' } }
    assert.deepEqual(firewallProblems(firewall([accepting, output, bridge]), 'brume0'), [])
  })

  it('that drops them is named with the command that lets pods through', () => {
    assert.deepEqual(firewallProblems(firewall([FORWARD]), 'brume0'), [
      "this machine's firewall drops forwarded packets (chain FORWARD of table ip filter), so pods do not reach the outside: iptables -I FORWARD -i brume0 -j ACCEPT && iptables -I FORWARD -o brume0 -j ACCEPT",
    ])
    const own: NftObject = {
      chain: { family: 'inet', table: 'site', name: 'forward', hook: 'forward', policy: 'drop' },
    }
    assert.match(
      firewallProblems(firewall([own]), 'brume0')[0]!,
      /: nft insert rule inet site forward iifname "brume0" accept && nft insert rule inet site forward oifname "brume0" accept$/,
    )
  })

  it('that drops what comes in keeps pods from the API', () => {
    const input: NftObject = { chain: { ...FORWARD.chain!, name: 'INPUT', hook: 'input' } }
    assert.deepEqual(firewallProblems(firewall([input]), 'brume0'), [
      "this machine's firewall drops what comes in (chain INPUT of table ip filter), so pods do not reach the API and names: iptables -I INPUT -i brume0 -j ACCEPT",
    ])
    const legacy = '-P INPUT DROP\n-P FORWARD ACCEPT\n'
    assert.match(
      firewallProblems(firewall([], { legacy }), 'brume0')[0]!,
      /iptables-legacy -I INPUT -i brume0 -j ACCEPT$/,
    )
  })

  it('is spoken to in its own words', () => {
    const ufw: NftObject = { chain: { family: 'ip', table: 'filter', name: 'ufw-user-forward' } }
    assert.match(
      firewallProblems(firewall([FORWARD, ufw]), 'brume0')[0]!,
      /: ufw route allow in on brume0 && ufw route allow out on brume0$/,
    )
    const firewalld = {
      chain: {
        family: 'inet',
        table: 'firewalld',
        name: 'filter_FORWARD',
        hook: 'forward',
        policy: 'accept',
      },
    }
    const of = (expr: unknown[]): NftObject => ({
      rule: { family: 'inet', table: 'firewalld', chain: 'filter_FORWARD', expr },
    })
    const zones = of([{ jump: { target: 'filter_FORWARD_ZONES' } }])
    const reject = of([{ reject: { type: 'icmpx', expr: 'admin-prohibited' } }])
    assert.match(
      firewallProblems(firewall([firewalld, zones, reject]), 'brume0')[0]!,
      /: firewall-cmd --permanent --zone=trusted --add-interface=brume0 && firewall-cmd --reload$/,
    )
    // A last rule with a condition lets the rest through.
    const invalid = of([
      { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'invalid' } },
      { drop: null },
    ])
    assert.deepEqual(firewallProblems(firewall([firewalld, invalid]), 'brume0'), [])
    const trusted: NftObject = {
      rule: {
        family: 'inet',
        table: 'firewalld',
        chain: 'filter_FORWARD_ZONES',
        expr: [
          { match: { op: '==', left: { meta: { key: 'iifname' } }, right: 'brume0' } },
          { goto: { target: 'filter_FWD_trusted' } },
        ],
      },
    }
    assert.deepEqual(firewallProblems(firewall([firewalld, zones, reject, trusted]), 'brume0'), [])
  })

  it('stops neighbours too where bridges pass it', () => {
    const [problem] = firewallProblems(firewall([FORWARD], { bridgeNetfilter: true }), 'brume0')
    assert.match(problem!, /so pods reach neither each other nor the outside: /)
  })

  it('that lets the bridge through is no matter', () => {
    const rule: NftObject = {
      rule: {
        family: 'ip',
        table: 'filter',
        chain: 'FORWARD',
        expr: [
          { match: { op: '==', left: { meta: { key: 'iifname' } }, right: 'brume0' } },
          { accept: null },
        ],
      },
    }
    assert.deepEqual(firewallProblems(firewall([FORWARD, rule]), 'brume0'), [])
    assert.equal(firewallProblems(firewall([FORWARD, rule]), 'brume-1').length, 1)
  })

  it('of the older kind is read too', () => {
    const legacy = '-P FORWARD DROP\n-A FORWARD -i docker0 -j ACCEPT\n'
    assert.match(
      firewallProblems(firewall([], { legacy }), 'brume0')[0]!,
      /iptables-legacy -I FORWARD -i brume0/,
    )
    const opened = `${legacy}-A FORWARD -i brume0 -j ACCEPT\n`
    assert.deepEqual(firewallProblems(firewall([], { legacy: opened }), 'brume0'), [])
  })
})
