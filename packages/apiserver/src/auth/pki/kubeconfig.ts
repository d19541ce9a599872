// A kubeconfig that carries all it needs, so that one file is enough to reach the cloud.

import type { Pki } from './ensure.ts'
import type { Leaf } from './leaf.ts'

/** YAML of a kubeconfig for the admin (group system:masters): whoever can read it owns the cloud; write it 0600. */
export function adminKubeconfig(pki: Pki, serverUrl: string): string {
  return clientKubeconfig(pki, { serverUrl, userName: 'brume-admin', client: pki.admin })
}

/** YAML of a kubeconfig with the given client certificate. */
export function clientKubeconfig(
  pki: Pki,
  { serverUrl, userName, client }: { serverUrl: string; userName: string; client: Leaf },
): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  // JSON strings are YAML strings.
  const [server, user, context] = [serverUrl, userName, `${userName}@brume`].map((text) =>
    JSON.stringify(text),
  )
  return `apiVersion: v1
kind: Config
clusters:
- name: brume
  cluster:
    server: ${server}
    certificate-authority-data: ${base64(pki.ca.certificatePem)}
contexts:
- name: ${context}
  context:
    cluster: brume
    user: ${user}
current-context: ${context}
preferences: {}
users:
- name: ${user}
  user:
    client-certificate-data: ${base64(client.certificatePem)}
    client-key-data: ${base64(client.privateKeyPem)}
`
}
