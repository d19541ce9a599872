// Proofs for CAs as a source of the edge: the very path of the very host, over plain HTTP, answered by the edge itself.
// It comes before redirects and whatever else is behind the host, of which nothing is changed.

import { emptyModel, PLAIN_RULE } from '../model.ts'
import type { EdgeSource, GatewayPorts } from '../source.ts'
import type { Challenges } from './challenges.ts'

/** Also with TLS: a CA follows what sends it there (RFC 8555 section 8.3), such as a cache in front of this cloud. */
export function acmeSource(challenges: Challenges, ports: GatewayPorts): EdgeSource {
  return {
    name: 'acme',
    own: [],
    others: () => [],
    wanted() {
      const model = emptyModel()
      const shown = challenges.all()
      if (shown.length > 0) model.listeners.push({ port: ports.http, protocol: 'http' })
      for (const { host, token, answer } of shown) {
        model.routes.push({
          ports: [ports.http, ports.https],
          host,
          path: { type: 'exact', value: `/.well-known/acme-challenge/${token}` },
          method: undefined,
          headers: [],
          query: [],
          // Before all that people wrote.
          order: '',
          rule: {
            ...PLAIN_RULE,
            id: `acme/${host}/${token}`,
            targets: [],
            answer: { status: 200, contentType: 'application/octet-stream', body: answer },
          },
        })
      }
      return { model, problems: [] }
    },
    tell: async () => [],
  }
}
