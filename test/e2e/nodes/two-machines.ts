// A cloud of two machines: `brume up` on the first, what `brume node token` prints on the second, each with a network,
// a data directory and a containerd of its own.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brume } from '@brume/cli/testing'
import { Client } from '@brume/client/client'
import { connectTransport, loadConnection } from '@brume/client/kubeconfig'
import { runtimePaths } from '@brume/node/runtime/paths'
import { importBusybox } from '@brume/testkit/busybox-image'
import { type CommandResult, runMain, type ServerProcess, startServer } from '../crash/server-process.ts'
import { kubectls } from '../kubectl/kubectls.ts'
import { type Result, runCommand } from '../kubectl/session.ts'
import { Lan, type Machine } from './lan.ts'

export interface Host extends Machine {
  dataDir: string
  process: ServerProcess
}

export interface TwoMachines {
  lan: Lan
  one: Host
  two: Host
  client: Client
  /** Of an administrator, from outside of both. */
  kubeconfig: string
  /** What `brume node token` prints, as arguments of the server's entry. */
  token(): Promise<string[]>
  /** `brume join` on the second machine; resolves when it says that it is ready. */
  join(args: readonly string[]): Promise<void>
  /** A `brume join` on the second machine, with a data directory of its own, that is to fail. */
  failToJoin(args: readonly string[]): Promise<CommandResult>
  kubectl(args: readonly string[], stdin?: string): Promise<Result>
  /** Standard output of a command in a pod; with its errors when it fails. */
  exec(pod: string, command: string): Promise<string>
  stop(): Promise<void>
}

const PORT = 6443

/** `options`: of `up` and `join`; `upOptions`: of `up` alone. `before`: done in each machine before anything is started. */
export async function startTwoMachines({
  options = [],
  upOptions = [],
  before = async () => {},
}: {
  options?: readonly string[]
  upOptions?: readonly string[]
  before?(machine: Machine, dataDir: string): Promise<void>
} = {}): Promise<TwoMachines> {
  const folder = mkdtempSync(join(tmpdir(), 'brume-machines-'))
  const kubeconfig = join(folder, 'kubeconfig')
  const lan = new Lan()
  const hosts: Host[] = []
  let client: Client | undefined
  const stop = async () => {
    client?.transport.close()
    await Promise.all(hosts.map(removeHost))
    await lan.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await lan.make()
    const [first, second] = [await lan.machine(), await lan.machine()]
    const dataDirs = [join(folder, 'one'), join(folder, 'two')] as const
    await before(first, dataDirs[0])
    await before(second, dataDirs[1])
    const listen = ['--listen', `0.0.0.0:${PORT}`]
    const up = ['up', '--data-dir', dataDirs[0], ...listen, '--node-name', 'one', ...options, ...upOptions]
    const one: Host = {
      ...first,
      dataDir: dataDirs[0],
      process: startServer(dataDirs[0], { args: up, netns: first.netns }),
    }
    hosts.push(one)
    await one.process.printed('ready')
    const text = readFileSync(join(one.dataDir, 'kubeconfig'), 'utf8')
    writeFileSync(kubeconfig, text.replace(/https:\/\/[^\s"]+/, `https://${one.address}:${PORT}`))
    const connection = loadConnection({ paths: [kubeconfig], env: {} })
    client = new Client({ transport: connectTransport(connection) })
    const token = async () => {
      const { code, out, err } = await brume(['node', 'token', '--kubeconfig', kubeconfig])
      if (code !== 0) throw new Error(`brume node token: ${err}`)
      return out.trim().split(' ').slice(1)
    }
    const start = async (args: readonly string[]) => {
      const all = [...args, '--data-dir', dataDirs[1]]
      const started = startServer(dataDirs[1], { args: all, netns: second.netns })
      two.process = started
      await started.printed('ready')
    }
    const two: Host = { ...second, dataDir: dataDirs[1], process: one.process }
    hosts.push(two)
    await start([...(await token()), '--node-name', 'two', ...options])
    await Promise.all(dataDirs.map((dataDir) => importBusybox(runtimePaths(dataDir))))
    const env = { HOME: folder, KUBECONFIG: kubeconfig, PATH: process.env['PATH'] ?? '' }
    const kubectl = (args: readonly string[], stdin = '') =>
      runCommand(kubectls().at(-1)!.path, args, { cwd: folder, env, stdin })
    return {
      lan,
      one,
      two,
      client,
      kubeconfig,
      token,
      join: start,
      failToJoin: (args) => runMain([...args, '--data-dir', join(folder, 'three')], second.netns),
      kubectl,
      async exec(pod, command) {
        const { stdout, stderr } = await kubectl(['exec', pod, '--', 'sh', '-c', command])
        return (stdout + stderr).trim()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function removeHost({ process, dataDir, netns }: Host): Promise<void> {
  await process.kill('SIGKILL')
  await runMain(['reset', '--data-dir', dataDir, '--yes'], netns).catch(() => {})
}
