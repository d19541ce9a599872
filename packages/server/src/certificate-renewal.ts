// Certificates are renewed while the cloud runs: looked at each day, so that none ends under a server that nobody
// restarts, and a machine that got another address is known by it.

import { ensurePki, type Pki } from '@brume/apiserver/auth/pki/ensure'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'

const LOOK_EVERY_MS = 24 * 3600_000

export interface RenewalOptions {
  /** As it was when the server started. */
  pki: Pki
  /** Names and addresses of this machine as they are now. */
  hosts(): readonly string[]
  clock: Clock
  logger: Logger
  /** The server's certificate or the administrator's is a new one; their files are written. */
  onRenewed(pki: Pki): void
}

/** Runs until stopped. What fails is logged and tried again the next day: the old certificates may still do. */
export function renewCertificates(options: RenewalOptions): { stop(): void } {
  const { clock, logger, onRenewed } = options
  let current = options.pki
  let isStopped = false
  const look = async () => {
    try {
      const pki = await ensurePki(current.dir, { hosts: options.hosts(), clock })
      if (isStopped) return
      const isNew =
        pki.server.certificatePem !== current.server.certificatePem ||
        pki.admin.certificatePem !== current.admin.certificatePem ||
        pki.nodeClient.certificatePem !== current.nodeClient.certificatePem
      current = pki
      if (isNew) {
        logger.info('certificates were renewed', { until: new Date(pki.server.notAfter).toISOString() })
        onRenewed(pki)
      }
    } catch (error) {
      logger.error('certificates could not be renewed', { error })
    }
    if (!isStopped) timer = clock.after(LOOK_EVERY_MS, () => void look())
  }
  let timer = clock.after(LOOK_EVERY_MS, () => void look())
  return {
    stop() {
      isStopped = true
      timer.cancel()
    },
  }
}
