// Whether this machine can carry what a cloud with both families wants of it.

import { existsSync } from 'node:fs'
import { RuntimeError } from '../runtime/error.ts'

/** Throws RuntimeError on a machine whose kernel has no IPv6. */
export function needIpv6(): void {
  if (existsSync('/proc/sys/net/ipv6/conf/all')) return
  throw new RuntimeError(
    'the pods of this cloud have addresses of IPv6, and the kernel of this machine has it switched off',
    'remove ipv6.disable=1 from the command line of the kernel and boot again; or a cloud with --ip-families IPv4',
  )
}
