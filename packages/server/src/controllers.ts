// The built-in controllers inside this process, over the same API as everybody else's.

import { flushCompileCache } from 'node:module'
import type { Pki } from '@brume/apiserver/auth/pki/ensure'
import { isBuiltinSigner, SignerRefusal, signCertificateRequest } from '@brume/apiserver/auth/pki/signers'
import { serviceAccountTokenFor } from '@brume/apiserver/auth/tokens/issue'
import type { ApiServer } from '@brume/apiserver/server'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { Client } from '@brume/client/client'
import type { ControllerSpec } from '@brume/client/controller'
import type { Dependencies } from '@brume/controllers/dependencies'
import { firstControllers } from '@brume/controllers/first'
import { type RunningControllers, type StartOptions, startInPhases } from '@brume/controllers/phases'
import { SYSTEM_USER } from './identity.ts'
import { inProcessTransport } from './in-process-transport.ts'
import { collectStartGarbage } from './start-garbage.ts'

export type { RunningControllers }

export interface ControllersOptions {
  server: ApiServer
  pki: Pki
  clock: Clock
  logger: Logger
  /** https://host:port */
  url: string
  port: number
  /** Where pods and other machines reach the API server. */
  addresses: readonly string[]
  /** Of the Service `kubernetes`. */
  serviceIp: string
  podRanges?: readonly string[] | undefined
  serviceRanges: readonly string[]
}

export function runControllers(options: ControllersOptions): RunningControllers {
  const { server, pki, clock, logger, url, port, addresses, serviceIp, podRanges, serviceRanges } = options
  const client = new Client({ transport: inProcessTransport(server, SYSTEM_USER), clock })
  const all: StartOptions = {
    client,
    clock,
    logger,
    rootCaPem: pki.ca.certificatePem,
    issueServiceAccountToken: async ({ namespace, serviceAccount, secret }) =>
      serviceAccountTokenFor(
        { serviceAccount: { namespace, ...serviceAccount }, secretName: secret.name },
        pki.serviceAccount.privateKey,
      ),
    signCertificate: async ({ requestPem, signerName, usages, durationSeconds }) => {
      if (!isBuiltinSigner(signerName)) throw new SignerRefusal(`${signerName} is no signer of this server`)
      return signCertificateRequest(pki, {
        csrPem: requestPem,
        signerName,
        usages,
        ttlSeconds: durationSeconds,
      })
    },
    apiServer: { addresses, port, serviceIp, publicUrl: url },
    ...(podRanges === undefined ? {} : { podRanges, serviceRanges }),
  }
  const running = startInPhases(all, { first: firstControllers, others })
  collectStartGarbage(running.ready)
  return running
}

/** Most of what runs in here is not needed to be of use, and is loaded when that is so. */
async function others(dependencies: Dependencies): Promise<ControllerSpec[]> {
  // Loading takes its time in one piece: whoever waits for the cloud to be of use comes first.
  await new Promise(setImmediate)
  const { otherControllers } = await import('@brume/controllers/registry')
  // So that the next start is quick even if this process is killed.
  setImmediate(flushCompileCache)
  return otherControllers(dependencies)
}
