// The built-in controllers inside this process, over the same API as everybody else's.

import type { Pki } from '@brume/apiserver/auth/pki/ensure'
import { isBuiltinSigner, SignerRefusal, signCertificateRequest } from '@brume/apiserver/auth/pki/signers'
import { serviceAccountTokenFor } from '@brume/apiserver/auth/tokens/issue'
import type { ApiServer } from '@brume/apiserver/server'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { Client } from '@brume/client/client'
import { type RunningControllers, startControllers } from '@brume/controllers/start'
import { SYSTEM_USER } from './identity.ts'
import { inProcessTransport } from './in-process-transport.ts'

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
}

export function runControllers(options: ControllersOptions): RunningControllers {
  const { server, pki, clock, logger, url, port, addresses, serviceIp } = options
  const client = new Client({ transport: inProcessTransport(server, SYSTEM_USER), clock })
  return startControllers({
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
  })
}
