// Puts together who asks and whether they may, from the keys of the control plane and the state it sees.

import type { Clock } from '@brume/base/clock'
import type { ObjectReader } from '../../registry/reader.ts'
import { bootstrapTokenAuthenticator } from '../authenticators/bootstrap-token.ts'
import { clientCertificateAuthenticator } from '../authenticators/client-certificate.ts'
import { removedNodes } from '../authenticators/removed-nodes.ts'
import { serviceAccountTokenAuthenticator } from '../authenticators/service-account-token.ts'
import { unionAuthenticator } from '../authenticators/union.ts'
import { nodeAuthorizer } from '../authorizers/node.ts'
import { createNodeGraph } from '../authorizers/node-graph.ts'
import { rbacAuthorizer } from '../authorizers/rbac.ts'
import { createRbacIndex, type RbacIndex } from '../authorizers/rbac-index.ts'
import { superuserAuthorizer, unionAuthorizer } from '../authorizers/union.ts'
import type { Pki } from '../pki/ensure.ts'
import type { ReviewDeps } from '../reviews/types.ts'
import { createTokenVerifier, type TokenVerifier } from '../tokens/verifier.ts'
import type { Authenticator, Authorizer } from '../types.ts'

/** Issuer and audience of service account tokens, as in a cluster that kubeadm made. */
export const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local'

export interface AuthOptions {
  pki: Pki
  reader: ObjectReader
  clock: Clock
  /** Default: DEFAULT_ISSUER. */
  issuer?: string
}

export interface Auth {
  authenticator: Authenticator
  authorizer: Authorizer
  rbac: RbacIndex
  verifier: TokenVerifier
  reviews: ReviewDeps
  close(): void
}

export function createAuth({ pki, reader, clock, issuer = DEFAULT_ISSUER }: AuthOptions): Auth {
  const { publicKeys, privateKey } = pki.serviceAccount
  const verifier = createTokenVerifier({ publicKeys, issuers: [issuer], audiences: [issuer], reader, clock })
  const otherTokens = bootstrapTokenAuthenticator({ reader, clock })
  const authenticator = unionAuthenticator([
    clientCertificateAuthenticator({ ca: pki.ca.certificate, clock, removed: removedNodes(reader) }),
    serviceAccountTokenAuthenticator(verifier),
    otherTokens,
  ])
  const rbac = createRbacIndex(reader)
  const graph = createNodeGraph(reader)
  const authorizer = unionAuthorizer([superuserAuthorizer, nodeAuthorizer(graph), rbacAuthorizer(rbac)])
  const signingKey = privateKey
  const reviews = { authorizer, rbac, verifier, otherTokens, reader, clock, issuer, signingKey }
  function close(): void {
    rbac.close()
    graph.close()
  }
  return { authenticator, authorizer, rbac, verifier, reviews, close }
}
