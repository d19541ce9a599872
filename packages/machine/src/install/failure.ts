// Why a package manager failed, in a sentence with what helps. Pure.

import type { Installer } from '../distribution.ts'
import type { RunError } from '../run.ts'

export class InstallError extends Error {
  override name = 'InstallError'
  readonly next: string

  constructor(message: string, next: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.next = next
  }
}

interface Cause {
  pattern: RegExp
  message: string
  next: string
}

const CAUSES: Readonly<Record<Installer, readonly Cause[]>> = {
  apt: [
    {
      pattern:
        /Temporary failure resolving|Could not resolve|Could not connect|Unable to connect|Connection timed out|Failed to fetch|Network is unreachable/,
      message: 'the package registry is not reachable',
      next: 'check the network, /etc/apt/sources.list* and the proxy (http_proxy, or Acquire::http::Proxy), then run this again',
    },
    {
      pattern: /Could not get lock|Unable to acquire the dpkg frontend lock/,
      message: 'another package manager is at work',
      next: 'wait until it is done, then run this again',
    },
    {
      pattern: /dpkg was interrupted/,
      message: 'an earlier installation was broken off',
      next: 'dpkg --configure -a',
    },
    {
      pattern: /Unable to locate package|has no installation candidate/,
      message: 'the package lists lack what is needed',
      next: 'see that /etc/apt/sources.list* name the whole distribution (component main; Ubuntu: universe)',
    },
    {
      pattern: /No space left|enough free space/,
      message: 'the disk is full',
      next: 'free some space, then run this again',
    },
    {
      pattern: /unmet dependencies|held broken packages|conflicts with/i,
      message: 'packages on this machine exclude what is needed',
      next: 'apt-get -f install   (and see what it says)',
    },
  ],
  apk: [
    {
      pattern: /temporary error|network error|DNS|could not connect|Host is unreachable|timed out/i,
      message: 'the package registry is not reachable',
      next: 'check the network, /etc/apk/repositories and the proxy (http_proxy), then run this again',
    },
    {
      pattern: /no such package/,
      message: 'the package lists lack what is needed',
      next: 'uncomment the line that ends with /community in /etc/apk/repositories, then run this again',
    },
    {
      pattern: /Unable to lock database/,
      message: 'another package manager is at work',
      next: 'wait until it is done',
    },
    { pattern: /No space left/, message: 'the disk is full', next: 'free some space, then run this again' },
  ],
}

export function explainFailure(installer: Installer, error: RunError): InstallError {
  const text = `${error.stdout}\n${error.stderr}`
  const cause = CAUSES[installer].find(({ pattern }) => pattern.test(text))
  if (cause === undefined)
    return new InstallError(error.message, `run it by hand: ${error.argv.join(' ')}`, { cause: error })
  const line = text.split('\n').find((one) => cause.pattern.test(one)) ?? ''
  return new InstallError(`${cause.message} (${line.trim()})`, cause.next, { cause: error })
}
