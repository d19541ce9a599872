// Network namespaces that stand for machines and pods, with programs that listen and ask in them. For child processes of
// tests that run in a namespace of their own (`unshare --net`).

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCniPlugins } from '@brume/machine/executables'
import { run } from '@brume/machine/run'

/** What is not answered by then is taken for dropped. */
const CONNECT_LIMIT_MS = 2_000

/** Greets whoever connects with the address it sees, after a name. */
const SERVER = `
const [name, port, host] = process.argv.slice(1)
require('node:net').createServer((socket) => socket.end(name + ' sees ' + socket.remoteAddress)).listen(Number(port), host, () => console.log('listening'))`

const HTTP_SERVER = `
require('node:http').createServer((_, answer) => answer.end('ok')).listen(Number(process.argv[1]), '0.0.0.0', () => console.log('listening'))`

/** Connects so often, one after the other, and prints what it hears, a line each: a greeting, an error's code, or `nothing`. */
const CLIENT = `
const [host, port, times, localAddress] = process.argv.slice(1)
const ask = (left) => {
  if (left === 0) return
  let said = false
  const say = (text) => { if (!said) { said = true; process.stdout.write(text + '\\n'); socket.destroy(); ask(left - 1) } }
  const socket = require('node:net').connect({ host, port: Number(port), localAddress, timeout: ${CONNECT_LIMIT_MS} })
  socket.on('data', (text) => say(String(text))).on('error', (e) => say(e.code)).on('timeout', () => say('nothing'))
}
ask(Number(times))`

export class Namespaces {
  readonly #children: ChildProcess[] = []

  /** The process that keeps it. */
  async make(): Promise<number> {
    const child = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#children.push(child)
    await once(child.stdout!, 'data')
    return child.pid!
  }

  async serve(pid: number, name: string, port: number, host = '0.0.0.0'): Promise<void> {
    const argv = [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', SERVER, name, String(port), host]
    const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.push(child)
    await once(child.stdout!, 'data')
  }

  async serveHttp(pid: number, port: number): Promise<void> {
    const argv = [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', HTTP_SERVER, String(port)]
    const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.push(child)
    await once(child.stdout!, 'data')
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }
}

export async function inside(pid: number, argv: string[]): Promise<string> {
  return (await run(['nsenter', `--net=/proc/${pid}/ns/net`, ...argv])).stdout
}

/** A cable from the device `up0` here to `eth0` of another namespace; addresses with their lengths: `198.51.100.2/24`. */
export async function wire({
  dev = 'up0',
  pid,
  here,
  there,
}: {
  dev?: string
  pid: number
  here: string
  there: readonly string[]
}): Promise<void> {
  // An address of IPv6 is of use at once: nobody else on the cable has it.
  const add = (address: string, to: string) =>
    ['ip', 'address', 'add', address, 'dev', to].concat(address.includes(':') ? 'nodad' : [])
  await run(['ip', 'link', 'add', dev, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)])
  await run(add(here, dev))
  await run(['ip', 'link', 'set', dev, 'up'])
  for (const address of there) await inside(pid, add(address, 'eth0'))
  await inside(pid, ['ip', 'link', 'set', 'eth0', 'up'])
}

/** `as`: one of the asker's addresses. */
export async function ask(from: number, host: string, port: number, as?: string): Promise<string> {
  return (await askOften(from, host, { port, times: 1, as }))[0]!
}

export async function askOften(
  from: number,
  host: string,
  { port, times, as }: { port: number; times: number; as?: string | undefined },
): Promise<string[]> {
  const argv = [process.execPath, '-e', CLIENT, host, String(port), String(times)]
  if (as !== undefined) argv.push(as)
  return (await inside(from, argv)).trim().split('\n')
}

/** Gives the pod's address. */
export async function addPod(conflist: string, pod: number): Promise<string> {
  return (await plugPod(conflist, pod)).ips[0]!.address.split('/')[0]!
}

/** What the plugin answers. As a container runtime calls it (the CNI specification, "Execution protocol"). */
export async function plugPod(conflist: string, pod: number): Promise<{ ips: { address: string }[] }> {
  const { cniVersion, name, plugins } = JSON.parse(readFileSync(conflist, 'utf8'))
  const bin = findCniPlugins()!
  const { stdout } = await run([join(bin, 'bridge')], {
    input: JSON.stringify({ cniVersion, name, ...plugins[0] }),
    env: {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: `pod-${pod}`,
      CNI_NETNS: `/proc/${pod}/ns/net`,
      CNI_IFNAME: 'eth0',
      CNI_PATH: bin,
    },
  })
  return JSON.parse(stdout)
}
