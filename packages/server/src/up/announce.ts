// What `up` says when it runs: the lines of the outside contract, and files for others on this machine.

import { flushCompileCache } from 'node:module'
import { adminKubeconfig } from '@brume/apiserver/auth/pki/kubeconfig'
import type { ControlPlane } from '../control-plane.ts'
import type { DataDir } from '../data-dir.ts'
import { writeRunning } from '../running.ts'
import { writeAtomically } from '../write-atomically.ts'
import { tryNext } from './try-next.ts'

export function announce(plane: ControlPlane, dir: DataDir): void {
  writeAtomically(dir.kubeconfig, adminKubeconfig(plane.pki, plane.url))
  writeRunning(dir, plane.url)
  process.stdout.write(`api: ${plane.url}\nconsole: ${plane.url}/\nkubeconfig: ${dir.kubeconfig}\n`)
}

export function announceReady(dir: DataDir): void {
  process.stdout.write('ready\n')
  if (process.stdout.isTTY) process.stdout.write(tryNext(dir))
  // So that the next start is quick even if this process is killed. Does nothing when all of it is kept already.
  setImmediate(flushCompileCache)
}
