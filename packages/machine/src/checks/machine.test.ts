import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type MachineFacts, observeMachine } from '../facts.ts'
import { printFindings, problemsOf } from './finding.ts'
import { checkMachine } from './machine.ts'

const GIB = 1024 ** 3

const FIT: MachineFacts = {
  root: true,
  architecture: 'arm64',
  kernel: '6.1.0-28-arm64',
  distribution: { name: 'Debian', installer: 'apt' },
  memoryBytes: 4 * GIB,
  nowMs: Date.UTC(2026, 5, 1),
  capabilities: { CAP_NET_ADMIN: true, CAP_SYS_ADMIN: true, CAP_SYS_RESOURCE: true },
  namespaces: ['ipc', 'mnt', 'net', 'pid', 'uts', 'user', 'cgroup'],
  seccomp: true,
  sysctlsWritable: true,
  cgroups: { version: 2, controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'], writable: true },
  disk: {
    dataDir: '/var/lib/brume',
    path: '/var/lib',
    type: 'ext4',
    freeBytes: 50 * GIB,
    freeFiles: 1e6,
    options: ['rw', 'relatime'],
  },
  busyPorts: [22],
  otherRuntimes: [],
  maxOpenFiles: 65536,
  inotifyInstances: 512,
}

const PORTS = [{ port: 6443, what: 'the API', next: './brume up --listen ADDR:PORT' }]

const about = (facts: Partial<MachineFacts>, nodeName?: string) =>
  checkMachine({ facts: { ...FIT, ...facts }, nodeName, ports: PORTS })
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check, message }) => `${level} ${check}: ${message}`)

describe('a machine', () => {
  it('on which containers can run has no findings', () => {
    assert.deepEqual(about({}), [])
    const hybrid = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids']
    assert.deepEqual(about({ cgroups: { version: 1, controllers: hybrid, writable: true } }), [])
  })

  const disk = (more: Partial<MachineFacts['disk']>) => ({ disk: { ...FIT.disk, ...more } })
  const cases: [string, Partial<MachineFacts>, string][] = [
    ['without root', { root: false }, 'problem rights: containers need root'],
    [
      'that is a container without rights',
      { capabilities: { ...FIT.capabilities, CAP_SYS_ADMIN: false } },
      'problem rights: this is a container without CAP_SYS_ADMIN: it cannot hold containers of its own',
    ],
    [
      'whose settings are read-only',
      { sysctlsWritable: false },
      'problem rights: this is a container with /proc/sys read-only: it cannot hold containers of its own',
    ],
    [
      'with an old kernel',
      { kernel: '4.18.0-553.el8' },
      'problem kernel: Linux 4.18.0-553.el8 is older than 4.19',
    ],
    [
      'of another architecture',
      { architecture: 'riscv64' },
      'problem kernel: riscv64 is neither x86-64 nor arm64',
    ],
    [
      'without namespaces',
      { namespaces: ['mnt', 'uts', 'ipc', 'net'] },
      'problem kernel: the kernel has no pid namespaces',
    ],
    [
      'whose clock stands at the epoch',
      { nowMs: 0 },
      'problem clock: the clock says 1970-01-01: certificates would not be valid',
    ],
    [
      'without seccomp',
      { seccomp: false },
      'warning kernel: no seccomp: containers may make every system call',
    ],
    [
      'without control groups',
      { cgroups: { version: 0, controllers: [], writable: false } },
      'problem control groups: no control groups are mounted',
    ],
    [
      'whose kernel leaves memory out',
      { cgroups: { version: 2, controllers: ['cpu', 'pids'], writable: true } },
      'problem control groups: version 2 without memory',
    ],
    [
      'whose control groups are read-only',
      { cgroups: { ...FIT.cgroups, writable: false } },
      'problem control groups: they cannot be written to: this is a container without the right to',
    ],
    ['with a full disk', disk({ freeBytes: GIB / 2 }), 'problem disk: only 0.5 GiB are free at /var/lib'],
    [
      'with little room',
      disk({ freeBytes: 2 * GIB }),
      'warning disk: only 2.0 GiB are free at /var/lib: a few images fill them',
    ],
    [
      'whose data directory has a name that cannot be mounted',
      disk({ dataDir: '/srv/a,b' }),
      'problem disk: the path "/srv/a,b" has a ",", which mounts cannot hold',
    ],
    ['without inodes', disk({ freeFiles: 12 }), 'problem disk: only 12 files fit at /var/lib'],
    [
      'whose data directory is noexec',
      disk({ options: ['rw', 'noexec'] }),
      'problem disk: /var/lib is mounted noexec: no program can run there',
    ],
    [
      'whose data directory is remote',
      disk({ type: 'nfs4' }),
      'problem disk: /var/lib is on nfs4: the store needs a local disk',
    ],
    [
      'whose port is taken',
      { busyPorts: [6443] },
      'problem ports: port 6443 for the API is in use by another program',
    ],
    [
      'with a kubelet',
      { otherRuntimes: ['kubelet', 'containerd'] },
      'warning neighbours: kubelet runs here too: both promise the whole machine to their pods',
    ],
    [
      'with little memory',
      { memoryBytes: GIB / 2 },
      'warning memory: 512 MiB leave little room for containers',
    ],
    ['that opens few files', { maxOpenFiles: 1024 }, 'warning limits: at most 1024 open files a process'],
    ['that watches few files', { inotifyInstances: 64 }, 'warning limits: at most 64 inotify instances'],
  ]
  for (const [title, facts, finding] of cases) {
    it(`${title} is told so, with how to mend it`, () => {
      assert.deepEqual(about(facts), [finding])
      const findings = checkMachine({ facts: { ...FIT, ...facts }, ports: PORTS })
      for (const one of findings.filter(({ level }) => level !== 'ok'))
        assert.ok(one.next !== undefined && one.next !== '')
    })
  }

  it('is not given a name that no node can have', () => {
    assert.deepEqual(about({}, 'my-box.lan'), [])
    assert.deepEqual(about({}, 'My_Box'), [
      'problem name: "My_Box" is no name for a node: it takes small letters, digits, "-" and "."',
    ])
  })

  it('says that other runtimes are left alone', () => {
    const findings = checkMachine({ facts: { ...FIT, otherRuntimes: ['dockerd', 'containerd'] }, ports: [] })
    assert.deepEqual(problemsOf(findings), [])
    assert.match(printFindings(findings, true), /dockerd, containerd run here too, and are left alone/)
  })

  it('is printed as one line a finding, with the next step below', () => {
    const findings = checkMachine({ facts: { ...FIT, root: false }, ports: [] })
    assert.equal(
      printFindings(findings),
      'problem  rights: containers need root\n         next: sudo ./brume up, or ./brume up --no-node   (the control plane alone needs no root)\n',
    )
  })

  it('is observed without touching anything: this one has a kernel, a disk and a name', () => {
    const facts = observeMachine('/nowhere/at/all')
    assert.equal(facts.disk.path, '/')
    assert.ok(facts.disk.freeBytes > 0 && facts.namespaces.includes('net'))
    assert.match(facts.kernel, /^\d+\.\d+/)
  })
})
