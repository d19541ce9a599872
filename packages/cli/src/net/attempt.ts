// A real connection from a pod, by whatever tool it has.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { Connection } from '@brume/client/kubeconfig'
import { execInPod } from './exec.ts'

export type Attempt = 'connected' | 'refused' | 'silent' | 'unknown-name' | { notTried: string }

const LIMIT_S = 3
/** $1: host, $2: port. The first tool that is there; what it says is the answer. */
const SCRIPT = `
if command -v bash >/dev/null; then timeout ${LIMIT_S} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" && echo brume:connected
elif command -v nc >/dev/null && nc -h 2>&1 </dev/null | grep -q -e '-z'; then timeout ${LIMIT_S} nc -z "$1" "$2" && echo brume:connected
elif command -v nc >/dev/null; then timeout ${LIMIT_S} nc -w ${LIMIT_S} "$1" "$2" -e true && echo brume:connected
else echo brume:no-tool; exit 0; fi
exit 0`

export async function attempt(
  connection: Connection,
  pod: KubeObject,
  { host, port }: { host: string; port: number },
): Promise<Attempt> {
  const { namespace = '', name = '' } = pod.metadata
  const container = String(listOf(pod['spec'].containers)[0]?.name)
  const command = ['sh', '-c', SCRIPT, 'sh', host, String(port)]
  const { output, code } = await execInPod(connection, { namespace, name, container }, command)
  if (code === undefined) return { notTried: output.trim().split('\n')[0] ?? '' }
  return outcomeOf(output)
}

/** Of what the script printed, standard error included. */
export function outcomeOf(output: string): Attempt {
  if (output.includes('brume:connected')) return 'connected'
  if (output.includes('brume:no-tool')) return { notTried: 'its image has neither bash nor nc' }
  if (/invalid option|unrecognized option|usage:/i.test(output))
    return { notTried: 'its nc knows no such options' }
  if (/refused/i.test(output)) return 'refused'
  if (/bad address|not known|resolve|resolution/i.test(output)) return 'unknown-name'
  return 'silent'
}
