import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cniConf } from './cni-conf.ts'
import { hostPortRules, nodeRules, removalRules } from './nft-rules.ts'

describe("the bridge's CNI configuration", () => {
  it('asks bridge and host-local for an address of the range, and leaves masquerading to us', () => {
    const conf = {
      name: 'brume',
      bridge: 'brume0',
      ranges: ['10.42.0.0/24', 'fd00::/64'],
      mtu: 1500,
      stateDir: '/d/cni/state',
    }
    assert.deepEqual(JSON.parse(cniConf(conf)), {
      cniVersion: '0.4.0',
      name: 'brume',
      plugins: [
        {
          type: 'bridge',
          bridge: 'brume0',
          mtu: 1500,
          isGateway: true,
          isDefaultGateway: true,
          hairpinMode: true,
          ipMasq: false,
          ipam: {
            type: 'host-local',
            dataDir: '/d/cni/state',
            ranges: [[{ subnet: '10.42.0.0/24' }], [{ subnet: 'fd00::/64' }]],
          },
        },
      ],
    })
  })
})

describe("the node's nft rules", () => {
  it('are of one table, bridge and range', () => {
    const rules = nodeRules({ table: 'brume', bridge: 'brume0', range: '10.42.0.0/24' })
    assert.ok(rules.includes('add rule ip brume guard iifname "brume0" ip daddr 127.0.0.0/8 drop\n'))
    assert.ok(
      rules.includes(
        'add rule ip brume postrouting ip saddr 10.42.0.0/24 oifname != "brume0" masquerade fully-random\n',
      ),
    )
    for (const line of rules.trim().split('\n')) assert.match(line, /^(add|flush) \w+ ip6? brume( |$)/)
    assert.equal(removalRules('brume'), 'add table ip brume\ndelete table ip brume\n')
  })

  it('replace all host ports at once, let the last of two have a port, and leave out addresses of IPv6', () => {
    const at = (podIp: string, hostIp?: string) =>
      ({ protocol: 'TCP', hostPort: 80, hostIp, podIp, containerPort: 8080 }) as const
    assert.equal(
      hostPortRules('brume', [at('10.42.0.2'), at('10.42.0.3', '0.0.0.0'), at('10.42.0.4', '192.0.2.2')]),
      `flush map ip brume ports
add element ip brume ports { tcp . 80 : 10.42.0.3 . 8080 }
flush map ip brume address-ports
add element ip brume address-ports { 192.0.2.2 . tcp . 80 : 10.42.0.4 . 8080 }
`,
    )
    assert.equal(
      hostPortRules('brume', [
        at('10.42.0.5', '010.0.0.1'),
        at('10.42.0.6', 'fd00::1'),
        at('10.42.0.7', '::'),
      ]),
      `flush map ip brume ports
add element ip brume ports { tcp . 80 : 10.42.0.7 . 8080 }
flush map ip brume address-ports
add element ip brume address-ports { 10.0.0.1 . tcp . 80 : 10.42.0.5 . 8080 }
`,
    )
    assert.equal(hostPortRules('brume', []), 'flush map ip brume ports\nflush map ip brume address-ports\n')
  })
})
