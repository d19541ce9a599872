// The image commands as data: what help and completion need, without loading what does the work.

import type { CommandSpec } from '@brume/base/command-line'
import { CONNECTION_OPTIONS, OUTPUT_OPTION } from '../../command.ts'

export const BUILD: CommandSpec = {
  name: 'image build',
  usage: '[RECIPE | DIRECTORY]',
  summary: 'Build an image from a recipe or a Dockerfile',
  details: `RECIPE is the name of one that comes with Brume (./brume image build --list) or a YAML file; docs/guide/images.md says
what it may hold. A DIRECTORY (default: this one) holds a recipe.yaml, a Dockerfile or a Containerfile. The image goes
to the registry of the cloud, or with --output to a file, for which no cloud is needed.

Recipes are built from the packages of this machine's distribution; nothing of them is run, so no rights are needed.
Dockerfiles are built with buildah, as root; it is installed when it is missing.`,
  options: [
    { name: 'file', short: 'f', value: 'FILE', help: 'The recipe (.yaml) or Dockerfile' },
    {
      name: 'tag',
      short: 't',
      value: 'NAME[:TAG]',
      help: "What to call it, instead of the recipe's name and version",
    },
    { name: 'output', short: 'o', value: 'FILE', help: 'Write an archive instead of using the registry' },
    {
      name: 'arch',
      value: 'ARCH',
      help: "Of recipes; default: this machine's",
      choices: ['amd64', 'arm64'],
    },
    {
      name: 'compression',
      value: 'KIND',
      help: 'Of recipes; Docker before 23 reads gzip alone',
      choices: ['zstd', 'gzip'],
      default: 'zstd',
    },
    {
      name: 'from',
      value: 'DISTRIBUTION',
      help: 'Of recipes; where packages come from',
      choices: ['debian', 'alpine'],
    },
    { name: 'target', value: 'STAGE', help: 'Of Dockerfiles: the stage to build' },
    { name: 'cache-dir', value: 'DIR', help: 'Where downloads are kept' },
    { name: 'list', help: 'Show the recipes that come with Brume' },
    ...CONNECTION_OPTIONS,
  ],
  maxArguments: 1,
}

export const LIST: CommandSpec = {
  name: 'image list',
  usage: '[NAME]',
  summary: 'Show the images of the registry',
  options: [...CONNECTION_OPTIONS, OUTPUT_OPTION],
  maxArguments: 1,
}

export const IMPORT: CommandSpec = {
  name: 'image import',
  usage: 'FILE [NAME[:TAG]]',
  summary: 'Take the images of a tar archive into the registry',
  details: `FILE is an OCI archive or what "docker save" writes, packed with gzip or zstd or not at all. Digests, sizes and the
contents of layers are checked first: paths that lead out of the image, and devices, are refused. Without NAME the
names in the archive are used, whatever registry they were of.`,
  options: CONNECTION_OPTIONS,
  maxArguments: 2,
}

export const EXPORT: CommandSpec = {
  name: 'image export',
  usage: 'NAME[:TAG] FILE',
  summary: 'Write an image of the registry to a file',
  details: `An OCI archive that "docker load" (23 and newer), "podman load", "ctr images import" and "./brume image import"
take. FILE must not exist.`,
  options: CONNECTION_OPTIONS,
  maxArguments: 2,
}

export const PUSH: CommandSpec = {
  name: 'image push',
  usage: 'NAME[:TAG] REGISTRY/NAME[:TAG]',
  summary: 'Copy an image of the registry to another registry',
  details:
    'Logins are those that "docker login" or "podman login" left. The other registry is spoken to over HTTPS.',
  options: CONNECTION_OPTIONS,
  maxArguments: 2,
}

export const RM: CommandSpec = {
  name: 'image rm',
  usage: 'NAME:TAG | NAME@DIGEST',
  summary: 'Remove an image from the registry',
  details: `A tag is removed alone; what it stood for goes with its last tag, a digest with all its tags. Running containers
keep running. The disk space is given back within about an hour.`,
  options: CONNECTION_OPTIONS,
  maxArguments: 1,
}
