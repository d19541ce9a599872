// Ingresses through a real kubectl: what their annotations ask for is what requests get, and what is wrong is said.

import assert from 'node:assert/strict'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { edgeDir } from '@brume/server/local-edge'
import { eventually } from '@brume/testkit/eventually'
import { EdgeCloud } from '../gateway-api/cloud.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
/** ann, with `password`. */
const USERS = 'ann:$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1\nbob:$apr1$x$y\n'

describe('an Ingress', { skip, timeout: 180_000 }, () => {
  let cloud: EdgeCloud
  before(async () => {
    cloud = await EdgeCloud.start()
    await cloud.namespace('shop')
    await cloud.serve('shop', 'web')
    await cloud.serve('shop', 'next')
  })
  after(() => cloud.stop())

  const ingress = (name: string, annotations: Record<string, string>, path = '/') =>
    JSON.stringify({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        name,
        namespace: 'shop',
        annotations: Object.fromEntries(
          Object.entries(annotations).map(([key, value]) => [`brume.dev/${key}`, value]),
        ),
      },
      spec: {
        rules: [
          {
            host: `${name}.example`,
            http: {
              paths: [
                { path, pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } },
              ],
            },
          },
        ],
      },
    })
  const told = (name: string) => cloud.kubectl(`-n shop describe ingress ${name}`)
  const status = async (host: string, headers = {}) => (await cloud.ask(host, '/', { headers })).status

  it('lets in whom a Secret names, from when it is there on, and says which lines are no good', async () => {
    await cloud.apply(ingress('staff', { 'basic-auth': 'people' }))
    await eventually('nobody comes in', async () => (await status('staff.example')) === 500)
    await eventually('it is said', async () => /Secret "people" does not exist/.test(await told('staff')))
    const metadata = { name: 'people', namespace: 'shop' }
    await cloud.apply(
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { auth: USERS } }),
    )
    await cloud.served('a password is asked for', async () => (await status('staff.example')) === 401)
    const authorization = `Basic ${Buffer.from('ann:password').toString('base64')}`
    assert.equal(await status('staff.example', { authorization }), 200)
    await eventually('the bad line is said', async () =>
      /line 2 is hashed in a way of Apache/.test(await told('staff')),
    )
  })

  it('changes headers and paths, limits, and shares with another Service, as it is told to', async () => {
    await cloud.apply(
      ingress(
        'all',
        {
          'request-headers': 'X-Edge: brume',
          'rewrite-prefix': '/',
          canary: 'next:80 100%',
          'max-body': '1Ki',
        },
        '/api',
      ),
    )
    const answer = await eventually('it is served', async () => {
      const found = await cloud.ask('all.example', '/api/cart?x')
      return found.status === 200 ? JSON.parse(found.text) : undefined
    })
    assert.deepEqual([answer.service, answer.url, answer.headers['x-edge']], ['next', '/cart?x', 'brume'])
    const { status: tooMuch } = await cloud.ask('all.example', '/api', {
      method: 'POST',
      headers: { 'content-length': '2000' },
    })
    assert.equal(tooMuch, 413)
  })

  it('goes on being served when the configuration is edited by hand', async () => {
    await cloud.apply(ingress('plain', {}))
    await eventually('it is served', async () => (await status('plain.example')) === 200)
    const file = join(edgeDir(cloud.plane.dir), 'haproxy.cfg')
    appendFileSync(file, 'nonsense\n')
    await eventually('the line is gone', () => !readFileSync(file, 'utf8').includes('nonsense'))
    assert.equal(await status('plain.example'), 200)
  })
})
