// Who may come in and what they may do: authenticators, authorizers and reviews of one control plane.

import { bootstrapTokenAuthenticator } from '@brume/apiserver/auth/authenticators/bootstrap-token'
import { clientCertificateAuthenticator } from '@brume/apiserver/auth/authenticators/client-certificate'
import { type RemovedNodes, removedNodes } from '@brume/apiserver/auth/authenticators/removed-nodes'
import { serviceAccountTokenAuthenticator } from '@brume/apiserver/auth/authenticators/service-account-token'
import { unionAuthenticator } from '@brume/apiserver/auth/authenticators/union'
import { nodeAuthorizer } from '@brume/apiserver/auth/authorizers/node'
import { createNodeGraph } from '@brume/apiserver/auth/authorizers/node-graph'
import { rbacAuthorizer } from '@brume/apiserver/auth/authorizers/rbac'
import { createRbacIndex, type RbacIndex } from '@brume/apiserver/auth/authorizers/rbac-index'
import { superuserAuthorizer, unionAuthorizer } from '@brume/apiserver/auth/authorizers/union'
import type { Pki } from '@brume/apiserver/auth/pki/ensure'
import { reviewHandlers } from '@brume/apiserver/auth/reviews/handlers'
import { LEGACY_ISSUER } from '@brume/apiserver/auth/tokens/issue'
import { createTokenVerifier } from '@brume/apiserver/auth/tokens/verifier'
import type { Authenticator, Authorizer, UserInfo } from '@brume/apiserver/auth/types'
import type { ReviewAnswer } from '@brume/apiserver/handlers/context'
import type { ObjectReader } from '@brume/apiserver/registry/reader'
import type { Clock } from '@brume/base/clock'

export const ISSUER = 'https://kubernetes.default.svc.cluster.local'

/** The controllers that run in this process. They are authorized like everybody, as the cloud's administrators. */
export const SYSTEM_USER: UserInfo = {
  name: 'system:kube-controller-manager',
  groups: ['system:masters', 'system:authenticated'],
}

export interface Identity {
  authenticator: Authenticator
  authorizer: Authorizer
  rbac: RbacIndex
  removed: RemovedNodes
  review(id: string): ReviewAnswer | undefined
}

export function createIdentity({
  pki,
  reader,
  clock,
}: {
  pki: Pki
  reader: ObjectReader
  clock: Clock
}): Identity {
  const verifier = createTokenVerifier({
    publicKeys: pki.serviceAccount.publicKeys,
    issuers: [ISSUER, LEGACY_ISSUER],
    audiences: [ISSUER],
    reader,
    clock,
  })
  const otherTokens = bootstrapTokenAuthenticator({ reader, clock })
  const rbac = createRbacIndex(reader)
  const removed = removedNodes(reader)
  const authorizer = unionAuthorizer([
    superuserAuthorizer,
    nodeAuthorizer(createNodeGraph(reader)),
    rbacAuthorizer(rbac),
  ])
  const deps = {
    authorizer,
    rbac,
    verifier,
    otherTokens,
    reader,
    clock,
    issuer: ISSUER,
    signingKey: pki.serviceAccount.privateKey,
  }
  return {
    authenticator: unionAuthenticator([
      clientCertificateAuthenticator({ ca: pki.ca.certificate, clock, removed }),
      serviceAccountTokenAuthenticator(verifier),
      otherTokens,
    ]),
    authorizer,
    rbac,
    removed,
    review(id) {
      const handler = Object.hasOwn(reviewHandlers, id) ? reviewHandlers[id] : undefined
      return handler && ((request) => handler(request, deps))
    },
  }
}
