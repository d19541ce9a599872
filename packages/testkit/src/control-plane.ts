// A whole control plane for a test: own data directory, port 0, gone afterwards.

import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditPolicy } from '@brume/apiserver/audit/types'
import { adminKubeconfig } from '@brume/apiserver/auth/pki/kubeconfig'
import { createLogger } from '@brume/base/log'
import { Client } from '@brume/client/client'
import { certificateCredentials } from '@brume/client/credentials'
import { HttpTransport } from '@brume/client/http-transport'
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '@brume/server/control-plane'
import { type DataDir, dataDirAt, ensureDataDir } from '@brume/server/data-dir'

export interface TestControlPlane {
  plane: ControlPlane
  dir: DataDir
  /** Path of an administrator's kubeconfig. */
  kubeconfig: string
  /** Over HTTPS, as an administrator. */
  client: Client
  /** Stops it and starts it again on the same data and port. */
  restart(): Promise<void>
  /** Stops it and removes its data. */
  stop(): Promise<void>
}

export interface TestOptions
  extends Partial<Pick<ControlPlaneOptions, 'logger' | 'host' | 'bookmarkEveryMs' | 'limits' | 'faults'>> {
  /** What is recorded in `dir.auditLog`; default: nothing. */
  auditPolicy?: AuditPolicy
}

const AUDIT_LIMITS = { maxBytes: 100 * 1024 * 1024, maxFiles: 0, maxAgeMs: 0 }

/** Starts a control plane and waits until its default objects exist. Errors and warnings of the server are printed. */
export async function startTestControlPlane(options: TestOptions = {}): Promise<TestControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-test-'))
  const dir = dataDirAt(join(folder, 'data'))
  ensureDataDir(dir)
  const { auditPolicy: policy, ...others } = options
  const logger = options.logger ?? createLogger('error')
  const start = async (port = 0) => {
    const plane = await startControlPlane({
      dir,
      host: '127.0.0.1',
      port,
      hosts: [],
      serviceRanges: ['10.96.0.0/16'],
      ...others,
      logger,
      ...(policy && { audit: { policy, path: dir.auditLog, limits: AUDIT_LIMITS } }),
    })
    await Promise.all([plane.ready, plane.settled])
    writeFileSync(dir.kubeconfig, adminKubeconfig(plane.pki, plane.url), { mode: 0o600 })
    return { plane, client: new Client({ transport: adminTransport(plane) }) }
  }
  const halt = async (running: { plane: ControlPlane; client: Client }) => {
    running.client.transport.close()
    await running.plane.close(1_000)
  }
  let running = await start()
  return {
    get plane() {
      return running.plane
    },
    get client() {
      return running.client
    },
    dir,
    kubeconfig: dir.kubeconfig,
    async restart() {
      const { port } = running.plane
      await halt(running)
      running = await start(port)
    },
    async stop() {
      await halt(running)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** HTTPS to the control plane with its administrator's certificate. */
export function adminTransport({ pki, url }: Pick<ControlPlane, 'pki' | 'url'>): HttpTransport {
  return new HttpTransport({
    server: url,
    ca: pki.ca.certificatePem,
    credentials: certificateCredentials({
      certificatePem: pki.admin.certificatePem,
      keyPem: pki.admin.privateKeyPem,
    }),
  })
}
