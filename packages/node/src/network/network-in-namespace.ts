// A child process of network.test.ts, in a network namespace of its own that stands for a machine: with a way out to
// another namespace, and a pod's. Prints what it saw as JSON.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@brume/base/log'
import { findCniPlugins } from '@brume/machine/executables'
import { run } from '@brume/machine/run'
import { CNI_CONF_FILE } from './cni-conf.ts'
import { ensureNetwork } from './network.ts'
import { removeNetwork } from './remove.ts'

const MACHINE = '198.51.100.2'
const OUTSIDE = '198.51.100.1'
const HOST_PORT = 8080
const CONNECT_LIMIT_MS = 2_000

/** Greets whoever connects with the address it sees, after a name. */
const SERVER = `
const [name, port, host] = process.argv.slice(1)
require('node:net').createServer((socket) => socket.end(name + ' sees ' + socket.remoteAddress)).listen(Number(port), host, () => console.log('listening'))`

/** Connects, and prints what it hears. */
const CLIENT = `
const [host, port] = process.argv.slice(1)
const socket = require('node:net').connect({ host, port: Number(port), timeout: ${CONNECT_LIMIT_MS} })
socket.on('data', (text) => process.stdout.write(text)).on('error', (e) => process.stdout.write(e.code)).on('timeout', () => { process.stdout.write('nothing'); socket.destroy() })`

const children: ChildProcess[] = []
const dataDir = mkdtempSync(join(tmpdir(), 'brume-network-'))

try {
  await run(['ip', 'link', 'set', 'lo', 'up'])
  const outside = await namespace()
  const pod = await namespace()
  await run(['ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(outside)])
  await run(['ip', 'address', 'add', `${MACHINE}/24`, 'dev', 'up0'])
  await run(['ip', 'link', 'set', 'up0', 'mtu', '1400', 'up'])
  await inside(outside, ['ip', 'address', 'add', `${OUTSIDE}/24`, 'dev', 'eth0'])
  await inside(outside, ['ip', 'link', 'set', 'eth0', 'up'])
  await run(['ip', 'route', 'add', 'default', 'via', OUTSIDE])

  const options = { dataDir, logger: silentLogger }
  const network = await ensureNetwork(options)
  const podIp = await addPod(join(network.cniConfDir, CNI_CONF_FILE), pod)
  await serve(pod, 'the pod', 80)
  await serve(outside, 'the outside', 7000)
  await serve(process.pid, 'the machine alone', 7001, '127.0.0.1')
  const hostPort = { protocol: 'TCP', hostPort: HOST_PORT, podIp, containerPort: 80 } as const
  await network.setHostPorts([hostPort])
  const seen = {
    podIp,
    range: network.range,
    mtu: await podMtu(pod),
    out: await ask(pod, OUTSIDE, 7000),
    in: await ask(outside, MACHINE, HOST_PORT),
    loopback: await hear('127.0.0.1', HOST_PORT),
    itself: await ask(pod, MACHINE, HOST_PORT),
  }
  const before = await rules()
  const again = await ensureNetwork(options)
  const same = (await rules()) === before && again.range === network.range
  await again.setHostPorts([])
  await reachForLoopback(pod, network.range!)
  const guarded = await ask(pod, '127.0.0.1', 7001)
  await run(['nft', 'flush', 'chain', 'ip', network.bridge!, 'guard'])
  const unguarded = await ask(pod, '127.0.0.1', 7001)
  const closed = await ask(outside, MACHINE, HOST_PORT)
  await removeNetwork(dataDir)
  await removeNetwork(dataDir)
  const left = { rules: await rules(), links: (await run(['ip', '-br', 'link'])).stdout }
  process.stdout.write(
    JSON.stringify({ ...seen, same, closed, guarded, unguarded, left, bridge: network.bridge }),
  )
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true })
}

async function namespace(): Promise<number> {
  const child = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  await once(child.stdout!, 'data')
  return child.pid!
}

async function inside(pid: number, argv: string[]): Promise<string> {
  return (await run(['nsenter', `--net=/proc/${pid}/ns/net`, ...argv])).stdout
}

async function serve(pid: number, name: string, port: number, host = '0.0.0.0'): Promise<void> {
  const argv = [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', SERVER, name, String(port), host]
  const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout!, 'data')
}

function ask(from: number, host: string, port: number): Promise<string> {
  return inside(from, [process.execPath, '-e', CLIENT, host, String(port)])
}

async function hear(host: string, port: number): Promise<string> {
  const socket = connect({ host, port })
  const [text] = await once(socket, 'data')
  return String(text)
}

async function rules(): Promise<string> {
  return (await run(['nft', 'list', 'ruleset'])).stdout
}

async function podMtu(pod: number): Promise<number> {
  return JSON.parse(await inside(pod, ['ip', '-json', 'link', 'show', 'dev', 'eth0']))[0].mtu
}

/** What a hostile pod with NET_ADMIN does to reach what listens on the node's 127.0.0.1 alone. */
async function reachForLoopback(pod: number, range: string): Promise<void> {
  const gateway = range.replace(/\.0\/24$/, '.1')
  await inside(pod, ['ip', 'address', 'flush', 'dev', 'lo'])
  await inside(pod, ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet'])
  await inside(pod, ['ip', 'route', 'add', '127.0.0.1/32', 'via', gateway, 'dev', 'eth0'])
}

/** As a container runtime calls the plugin (the CNI specification, "Execution protocol"). */
async function addPod(conflist: string, pod: number): Promise<string> {
  const { cniVersion, name, plugins } = JSON.parse(readFileSync(conflist, 'utf8'))
  const bin = findCniPlugins()!
  const { stdout } = await run([join(bin, 'bridge')], {
    input: JSON.stringify({ cniVersion, name, ...plugins[0] }),
    env: {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: 'pod',
      CNI_NETNS: `/proc/${pod}/ns/net`,
      CNI_IFNAME: 'eth0',
      CNI_PATH: bin,
    },
  })
  return JSON.parse(stdout).ips[0].address.split('/')[0]
}
