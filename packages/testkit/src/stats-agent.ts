// The statistics of a node's agent without a node: an HTTPS server that shows the node's certificate and answers
// /stats/summary as a kubelet does.

import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import { buildCertificate } from '@brume/apiserver/auth/pki/certificate'
import { newEcKeyPair } from '@brume/apiserver/auth/pki/keys'
import type { TestControlPlane } from './control-plane.ts'

export interface PodStats {
  pod: KubeObject
  /** By container name. */
  containers: Record<string, { cpuMillis: number; memoryBytes: number }>
}

export interface StatsAgent {
  port: number
  /** For a Node's status. */
  status: object
  /** Requests so far. */
  asked: number
  stop(): Promise<void>
}

const HOUR_MS = 3_600_000

/** `stats` is asked at every request. */
export async function startStatsAgent(
  { plane }: Pick<TestControlPlane, 'plane'>,
  node: string,
  stats: () => { node: { cpuMillis: number; memoryBytes: number }; pods: PodStats[] },
): Promise<StatsAgent> {
  const { ca } = plane.pki
  const pair = await newEcKeyPair()
  const cert = buildCertificate({
    subject: { commonName: `system:node:${node}`, organizations: ['system:nodes'] },
    issuer: { subject: ca.subject, key: ca.privateKey },
    publicKey: pair.publicKey,
    isCa: false,
    keyUsages: ['digital signature'],
    extKeyUsages: ['server auth'],
    notBefore: Date.now() - HOUR_MS,
    notAfter: Date.now() + HOUR_MS,
  })
  const server = createServer(
    { key: pair.privatePem, cert, ca: ca.certificatePem, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      agent.asked++
      if (request.url !== '/stats/summary') {
        response.writeHead(404).end()
        return
      }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(summaryOf(node, stats())))
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const agent: StatsAgent = {
    port,
    asked: 0,
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return agent
}

type Stats = ReturnType<Parameters<typeof startStatsAgent>[2]>

function summaryOf(nodeName: string, { node, pods }: Stats): object {
  const time = new Date().toISOString()
  const use = ({ cpuMillis, memoryBytes }: Stats['node']) => ({
    cpu: { time, usageNanoCores: cpuMillis * 1e6 },
    memory: { time, workingSetBytes: memoryBytes },
  })
  return {
    node: { nodeName, ...use(node) },
    pods: pods.map(({ pod: { metadata }, containers }) => ({
      podRef: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
      containers: Object.entries(containers).map(([name, amounts]) => ({ name, ...use(amounts) })),
    })),
  }
}
