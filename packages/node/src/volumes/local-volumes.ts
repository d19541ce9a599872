// The agent's half of local volumes: says on its Node where they are, and clears the directories of those that went.
// A directory itself is made when the first pod that uses it is, as for every hostPath of type DirectoryOrCreate.

import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { DIRECTORY, TO_CLEAR } from '@brume/api/local-volumes'
import type { KubeObject } from '@brume/api/object'
import { NODES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { removeTree } from '@brume/machine/remove-tree'
import type { NodeContext } from '../contract.ts'

/** Names of volumes as the controller makes them: nothing that leads out of the directory. */
const VOLUME_NAME = /^pvc-[0-9a-f][0-9a-f-]{0,60}$/

export type LocalVolumesContext = Pick<NodeContext, 'nodeName' | 'client' | 'logger'> & {
  dirs: Pick<NodeContext['dirs'], 'root'>
}

type LocalVolumesAction = { type: 'announce' } | { type: 'clear'; node: KubeObject; names: string[] }

export function localVolumesDirectory({ root }: { root: string }): string {
  return join(root, 'local-volumes')
}

/** `nodes` watches (at least) this agent's own Node. Run it with `runController`. */
export function localVolumes(context: LocalVolumesContext, nodes: Informer): ControllerSpec {
  const { nodeName, client, dirs } = context
  const directory = localVolumesDirectory(dirs)
  const patch = (metadata: object) =>
    client.resource(NODES).patch({ name: nodeName }, { type: 'merge', body: { metadata } })
  return defineController<KubeObject, LocalVolumesAction>({
    name: 'local-volumes',
    sources: [fromInformer(nodes, ({ metadata }) => (metadata.name === nodeName ? [nodeName] : []))],
    observe: () => nodes.store.get('', nodeName),
    decide: (node) => ({ actions: actionsFor(node, directory) }),
    async act(action) {
      if (action.type === 'announce') {
        await mkdir(directory, { recursive: true, mode: 0o711 })
        await patch({ annotations: { [DIRECTORY]: directory } })
        return
      }
      const { node, names } = action
      for (const name of names) await clear(context, directory, name)
      const { uid, resourceVersion } = node.metadata
      await patch({ uid, resourceVersion, annotations: { [TO_CLEAR]: null } })
    },
  })
}

function actionsFor(node: KubeObject, directory: string): LocalVolumesAction[] {
  const { annotations = {} } = node.metadata
  const actions: LocalVolumesAction[] = []
  if (annotations[DIRECTORY] !== directory) actions.push({ type: 'announce' })
  const names = (annotations[TO_CLEAR] ?? '').split(',').filter((name) => name !== '')
  // The announcement changes the Node: its next event brings the rest.
  if (actions.length === 0 && names.length > 0) actions.push({ type: 'clear', node, names })
  return actions
}

/** Out of the way at once, then removed: a pod that comes back by mistake never sees half of its data. */
async function clear({ logger }: LocalVolumesContext, directory: string, name: string): Promise<void> {
  if (!VOLUME_NAME.test(name)) {
    logger.warn('a local volume with a name of another kind is left alone', { name })
    return
  }
  const doomed = join(directory, `.going-${name}`)
  try {
    await rename(join(directory, name), doomed)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
  await removeTree(doomed)
  await removeTree(join(directory, name))
}
