import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hasCapability } from './capabilities.ts'
import { parseDistribution } from './distribution.ts'
import { cgroupFacts } from './facts.ts'
import { mounts, mountsBelow } from './mounts.ts'
import { ownNames } from './own-names.ts'
import { parseListening } from './ports.ts'

describe('what a machine tells', () => {
  it('is its distribution, by os-release', () => {
    const debian = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
    assert.deepEqual(parseDistribution(debian), { name: 'Debian GNU/Linux 12 (bookworm)', installer: 'apt' })
    assert.equal(parseDistribution('ID=linuxmint\nID_LIKE="ubuntu debian"\n').installer, 'apt')
    assert.equal(parseDistribution("ID='postmarketos'\nID_LIKE='alpine'\n").installer, 'apk')
    assert.deepEqual(parseDistribution('ID=fedora\nNAME=Fedora\n'), { name: 'Fedora', installer: undefined })
    assert.deepEqual(parseDistribution(''), { name: 'unknown', installer: undefined })
  })

  it('is which ports are listened on', () => {
    const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid'
    const listens = '   0: 0100007F:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0'
    const talks = '   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0'
    assert.deepEqual(parseListening(`${head}\n${listens}\n${talks}\n`), [6443])
  })

  it('is its mounts, with blanks in their paths, innermost first below a directory', () => {
    const text = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,discard
30 22 0:26 / /a\\040b rw,nosuid - tmpfs tmpfs rw,size=1k
31 30 0:27 / /a\\040b/c rw - tmpfs tmp\\303\\244 rw
32 22 0:28 / /a\\040bc rw - tmpfs tmpfs rw
33 22 0:29 / /ü\\040ü rw - tmpfs tmpfs rw
`
    const all = mounts(Buffer.from(text).toString('latin1'))
    assert.equal(all.at(-1)!.path, '/ü ü')
    assert.deepEqual(all[0], {
      path: '/',
      type: 'ext4',
      source: '/dev/sda1',
      options: ['rw', 'relatime', 'rw', 'discard'],
    })
    assert.deepEqual(
      mountsBelow('/a b', all).map(({ path, source }) => [path, source]),
      [
        ['/a b/c', 'tmpä'],
        ['/a b', 'tmpfs'],
      ],
    )
  })

  it('is that no control groups are there, or those of version 1', () => {
    assert.deepEqual(cgroupFacts([]), { version: 0, controllers: [], writable: false })
    const one = { path: '/', type: 'cgroup', source: 'cgroup', options: ['rw', 'memory'] }
    const named = { path: '/', type: 'cgroup', source: 'cgroup', options: ['rw', 'name=systemd'] }
    const two = { path: '/nowhere', type: 'cgroup2', source: 'cgroup2', options: ['rw'] }
    assert.deepEqual(cgroupFacts([one, named, two]).controllers, ['memory'])
    assert.equal(cgroupFacts([one, named, two]).version, 1)
    // systemd's own hierarchy has no controllers: those are in version 2.
    assert.equal(cgroupFacts([named, two]).version, 2)
  })

  it('is which capabilities this process has', () => {
    assert.equal(hasCapability('CAP_SYS_RESOURCE', 'CapEff:\t000001fffeffffff\n'), false)
    assert.equal(hasCapability('CAP_SYS_ADMIN', 'CapEff:\t000001fffeffffff\n'), true)
    assert.equal(hasCapability('CAP_NET_ADMIN', 'CapEff:\t0000000000000000\n'), false)
  })
})

describe('the names of a cloud on its machine', () => {
  it('are plain for the usual directory, and differ for every other', () => {
    assert.deepEqual(ownNames('/var/lib/brume'), {
      bridge: 'brume0',
      table: 'brume',
      cgroup: '/brume',
      shortDir: '/run/brume',
      tunnel: 'brume-tunnel',
      wireguard: 'brume-wg',
    })
    const [a, b] = [ownNames('/srv/a'), ownNames('/srv/b')]
    assert.notEqual(a.bridge, b.bridge)
    assert.deepEqual(ownNames('/srv/x/../a/'), a)
    // The kernel's limit for names of interfaces.
    assert.ok([a.bridge, a.tunnel, a.wireguard].every(({ length }) => length <= 15))
  })
})
