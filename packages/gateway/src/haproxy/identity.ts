// Who HAProxy's workers are, and where they live: they read what clients write, and are nobody on the machine. Its master
// stays who started it, since it opens ports and reads keys for each next worker.

import { readFileSync } from 'node:fs'

/** Numbers that are nobody else's. */
export interface Identity {
  uid: number
  gid: number
}

/** The user that Debian's package makes. */
const USER = 'haproxy'
/** Where there is none: of numbers that neither distributions nor systemd give out (its "Users, Groups, UIDs and GIDs"). */
const NAMELESS: Identity = { uid: 61_080, gid: 61_080 }

/** undefined: this process is nobody itself, and cannot become another one. */
export function workerIdentity(): Identity | undefined {
  return process.getuid?.() === 0 ? identityIn(readFileSync('/etc/passwd', 'utf8')) : undefined
}

/** `passwd`: see passwd(5). */
export function identityIn(passwd: string): Identity {
  const line = passwd.split('\n').find((one) => one.startsWith(`${USER}:`))
  const [uid = 0, gid = 0] = (line ?? '').split(':').slice(2, 4).map(Number)
  return uid > 0 && gid > 0 ? { uid, gid } : NAMELESS
}

/** All that workers see of the machine's files; in it only what they open for each other. */
export function jailOf(dir: string): string {
  return `${dir}/jail`
}

export function identityLines(dir: string, identity: Identity | undefined): string[] {
  return identity === undefined ? [] : [`chroot ${jailOf(dir)}`, `uid ${identity.uid}`, `gid ${identity.gid}`]
}

/** A socket between workers. `bind`: as the master makes it; `server`: as workers reach it. */
export function innerSocket(
  dir: string,
  name: string,
  identity: Identity | undefined,
): { bind: string; server: string } {
  const { uid, gid } = identity ?? { uid: 'own', gid: '' }
  // Workers hand a socket on as it was made: somebody else's is another one.
  const file = `${name}.${uid}.sock`
  const path = `${jailOf(dir)}/${file}`
  return identity === undefined
    ? { bind: `unix@${path} mode 600`, server: `unix@${path}` }
    : { bind: `unix@${path} uid ${uid} gid ${gid} mode 600`, server: `unix@/${file}` }
}
