// What an app's volumes name and nothing would make: said before the app is made, not when its pod has waited for long.

import { isStatus } from '@brume/base/errors'
import { CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, SECRETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'
import { CommandError } from '../command.ts'
import type { App } from './objects.ts'
import type { VolumeSource } from './volumes.ts'

interface Needed {
  ref: ResourceRef
  /** How it is made. */
  next(name: string, namespace: string): string
}

const NEEDED: Readonly<Partial<Record<VolumeSource['type'], Needed>>> = {
  configmap: {
    ref: CONFIG_MAPS,
    next: (name, namespace) => `kubectl create configmap ${name} -n ${namespace} --from-file FILE`,
  },
  secret: {
    ref: SECRETS,
    next: (name, namespace) => `kubectl create secret generic ${name} -n ${namespace} --from-file FILE`,
  },
  claim: {
    ref: PERSISTENT_VOLUME_CLAIMS,
    next: () => './brume run ... --volume SIZE:/PATH   (makes a claim of its own)',
  },
}

/** Throws CommandError for the first that is missing. Whoever may not look goes on. */
export async function checkVolumes(client: Client, { volumes, namespace }: App): Promise<void> {
  for (const { source } of volumes) {
    const needed = NEEDED[source.type]
    if (needed === undefined || !('name' in source)) continue
    const { name } = source
    try {
      await client.resource(needed.ref).get({ namespace, name })
    } catch (error) {
      if (isStatus(error, 'Forbidden')) continue
      if (!isStatus(error, 'NotFound')) throw error
      const what = `there is no ${needed.ref.kind} ${name} in ${namespace}, which --volume names`
      throw new CommandError(what, needed.next(name, namespace), { cause: error })
    }
  }
}
