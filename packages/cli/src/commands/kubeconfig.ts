// `brume kubeconfig`: the administrator's kubeconfig of the cloud on this machine, printed or merged into one's own.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { EXIT_OK } from '@brume/base/command-line'
import type { Environment } from '@brume/client/kubeconfig'
import {
  formatKubeconfig,
  type Kubeconfig,
  mergeKubeconfigs,
  parseKubeconfig,
} from '@brume/client/kubeconfig-file'
import { USUAL_DIR } from '@brume/machine/own-names'
import { type Command, CommandError } from '../command.ts'

export const kubeconfig: Command = {
  spec: {
    name: 'kubeconfig',
    summary: 'Print the kubeconfig of the cloud on this machine, or merge it into your own',
    details: `Without --merge it is printed. With --merge its cluster, user and context are written into the first file of
KUBECONFIG, or ~/.kube/config, and become the current context; everything else in there stays.`,
    options: [
      { name: 'merge', help: 'Write it into your own kubeconfig' },
      { name: 'data-dir', value: 'DIR', help: 'Where the cloud keeps its state', default: USUAL_DIR },
      { name: 'server', value: 'URL', help: 'The address to use instead, e.g. from another machine' },
    ],
  },
  async run({ options }, { out, err, env }) {
    const dataDir = options['data-dir'] ?? USUAL_DIR
    const own = withServer(readOwn(join(dataDir, 'kubeconfig')), options['server'])
    if (options['merge'] === undefined) {
      out.write(formatKubeconfig(own))
      return EXIT_OK
    }
    const path = targetPath(env)
    if (resolve(path) === resolve(dataDir, 'kubeconfig')) {
      const what = `KUBECONFIG names ${path}, the cloud's own file: there is nothing to merge`
      throw new CommandError(what, 'unset KUBECONFIG   (then run this again, for ~/.kube/config)')
    }
    const before = readText(path)
    const { clusters, users, contexts, 'current-context': current } = own
    const entries: Kubeconfig = {
      clusters,
      users,
      contexts,
      ...(current === undefined ? {} : { 'current-context': current }),
    }
    const merged = mergeKubeconfigs([entries, before === undefined ? {} : parseKubeconfig(before, path)])
    writeAtomically(path, formatKubeconfig(merged))
    err.write(`merged context ${current} into ${path}\nnext: kubectl get namespaces\n`)
    return EXIT_OK
  },
}

function readOwn(path: string): Kubeconfig {
  const text = readText(path)
  if (text === undefined) {
    throw new CommandError(
      `there is no cloud at ${dirname(path)}: ${path} does not exist`,
      `./brume up   (or, for another directory, ./brume kubeconfig --data-dir DIR)`,
    )
  }
  return parseKubeconfig(text, path)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code !== 'EACCES') throw cause
    throw new CommandError(`you may not read ${path}`, `sudo ./brume kubeconfig > my.kubeconfig`, { cause })
  }
}

function withServer(config: Kubeconfig, server: string | undefined): Kubeconfig {
  if (server === undefined) return config
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:') {
    throw new CommandError(
      `--server ${server} is not an https URL`,
      './brume kubeconfig --server https://HOST:6443',
    )
  }
  const clusters = (config.clusters ?? []).map(({ name, cluster }) => ({
    name,
    cluster: { ...cluster, server },
  }))
  return { ...config, clusters }
}

function targetPath(env: Environment): string {
  const first = (env['KUBECONFIG'] ?? '').split(':').find((path) => path !== '')
  if (first !== undefined) return first
  if (!env['HOME']) throw new CommandError('HOME is not set', 'KUBECONFIG=FILE ./brume kubeconfig --merge')
  return join(env['HOME'], '.kube', 'config')
}

/** Whoever reads it owns the cloud, so it is for its owner alone. */
function writeAtomically(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.new`
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
  renameSync(temporary, path)
}
