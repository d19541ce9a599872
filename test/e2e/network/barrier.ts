// Tells when the kernel has everything that the API was given so far: a change of its own goes down each way that other
// changes take, and is looked for at the end.

import { ENDPOINT_SLICES, NAMESPACES, NETWORK_POLICIES, PODS, SERVICES } from '@brume/client/builtin'
import { run } from '@brume/machine/run'
import { eventually } from '@brume/testkit/eventually'
import { podObject, podStatus, type World } from './world.ts'

const namespace = 'barrier'
/** RFC 5737: of nobody. */
const address = (n: number) => `203.0.113.${n % 250}`

export class Barrier {
  readonly #world: World
  #passed = 0

  static async make(world: World): Promise<Barrier> {
    const { client } = world
    await client.resource(SERVICES).create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name: 'barrier' },
      spec: { ports: [{ port: 9, targetPort: 9 }], externalIPs: [address(0)] },
    })
    await client.resource(ENDPOINT_SLICES).create({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace, name: 'barrier', labels: { 'kubernetes.io/service-name': 'barrier' } },
      addressType: 'IPv4',
      ports: [{ name: '', port: 9 }],
      endpoints: [{ addresses: [address(0)] }],
    })
    for (const name of ['guarded', 'marked']) {
      await client.resource(PODS).create(podObject({ namespace, name, labels: { app: name } }))
      await client.resource(PODS).patch(
        { namespace, name },
        {
          type: 'merge',
          subresource: 'status',
          body: { status: podStatus(name === 'guarded' ? '203.0.113.254' : '203.0.113.253') },
        },
      )
    }
    await client.resource(NETWORK_POLICIES).create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name: 'barrier' },
      spec: { podSelector: { matchLabels: { app: 'guarded' } } },
    })
    return new Barrier(world)
  }

  private constructor(world: World) {
    this.#world = world
  }

  /** One after the other, in the order in which an object of each kind may matter to another. */
  async pass(): Promise<void> {
    const { client } = this.#world
    const n = ++this.#passed
    const ip = address(n)
    const labels = { mark: String(n) }
    const name = 'barrier'
    const patch = (body: object, subresource?: string) => ({
      type: 'merge' as const,
      body,
      ...(subresource === undefined ? {} : { subresource }),
    })
    const from = [{ namespaceSelector: { matchLabels: labels }, podSelector: { matchLabels: labels } }]
    await Promise.all([
      client.resource(SERVICES).patch({ namespace, name }, patch({ spec: { externalIPs: [ip] } })),
      client
        .resource(ENDPOINT_SLICES)
        .patch({ namespace, name }, patch({ endpoints: [{ addresses: [ip] }] })),
      client.resource(NETWORK_POLICIES).patch({ namespace, name }, patch({ spec: { ingress: [{ from }] } })),
      client.resource(NAMESPACES).patch({ name: namespace }, patch({ metadata: { labels } })),
      client.resource(PODS).patch({ namespace, name: 'marked' }, patch({ metadata: { labels } })),
      client.resource(PODS).patch({ namespace, name: 'marked' }, patch({ status: podStatus(ip) }, 'status')),
    ])
    await eventually('the kernel has what the API has', async () => {
      const { stdout } = await run(['nft', 'list', 'ruleset'])
      const forwarded = stdout.includes(`${ip} . tcp . 9 . 0 : ${ip} . 9`)
      return forwarded && new RegExp(`ip saddr ({ )?${ip}( })? return`).test(stdout)
    })
  }
}
