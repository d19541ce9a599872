// Ingresses for tests.

export const backend = (name: string, number = 80) => ({ service: { name, port: { number } } })

export function ingress(
  name: string,
  spec: object,
  more: { annotations?: Record<string, string>; created?: string } = {},
) {
  const creationTimestamp = more.created ?? '2026-01-01T00:00:00Z'
  const metadata = { namespace: 'd', name, creationTimestamp, annotations: more.annotations ?? {} }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec }
}

export const rule = (host: string | undefined, ...paths: object[]) => ({
  ...(host === undefined ? {} : { host }),
  http: { paths },
})

export const prefix = (path: string, to = 'web') => ({ path, pathType: 'Prefix', backend: backend(to) })
