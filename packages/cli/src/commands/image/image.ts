// `brume image`: images of the built-in registry, and where they come from.

import { suggest, UsageError } from '@brume/base/command-line'
import type { Command } from '../../command.ts'
import { imageBuild } from './build.ts'
import { imageExport } from './export.ts'
import { imageImport } from './import.ts'
import { imageList } from './list.ts'
import { imagePush } from './push.ts'
import { imageRm } from './rm.ts'

const VERBS: readonly Command[] = [imageBuild, imageList, imageImport, imageExport, imagePush, imageRm]
const NAMES = VERBS.map(({ spec }) => spec.name.slice('image '.length))

export const image: Command = {
  spec: {
    name: 'image',
    usage: NAMES.join('|'),
    summary: "Build images, and keep them in the cloud's own registry",
    details: `${VERBS.map(({ spec }) => `  ${spec.name.padEnd(14)}${spec.summary}`).join('\n')}

Pods name images of this registry as registry.brume.internal/library/NAME:TAG.
Help of one: ./brume image build --help`,
    maxArguments: 99,
    argumentChoices: NAMES,
  },
  verbs: VERBS,
  async run({ words }) {
    const [word] = words
    const meant = word === undefined ? undefined : suggest(word, NAMES)
    const what = word === undefined ? 'say what to do' : `there is no "image ${word}"`
    throw new UsageError(`${what}. Next: ./brume image ${meant ?? '--help'}`)
  },
}
