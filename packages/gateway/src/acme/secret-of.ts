// The Secret that a certificate is wanted in, of whatever type, as the API has it now.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { SECRETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { Want } from './wants.ts'

export async function secretOf(client: Client, { namespace, secret }: Want): Promise<KubeObject | undefined> {
  try {
    return await client.resource(SECRETS).get({ namespace, name: secret })
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}
