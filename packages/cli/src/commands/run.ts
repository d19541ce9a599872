// `brume run`: the shortest way from an image to a running app.

import { encodeYaml } from '@brume/api/codec/yaml'
import type { KubeObject } from '@brume/api/object'
import { EXIT_OK, type ParsedCommand, UsageError } from '@brume/base/command-line'
import { isStatus } from '@brume/base/errors'
import type { Client } from '@brume/client/client'
import { RegistryClient } from '@brume/images/client/registry-client'
import { CONNECTION_OPTIONS, type Command, CommandError, type Io } from '../command.ts'
import { connect } from '../connect.ts'
import { edgePlace, untilServed } from '../run/edge.ts'
import { resolveImage } from '../run/image.ts'
import { checkVolumes } from '../run/needed.ts'
import { type App, objectsOf } from '../run/objects.ts'
import { DEFAULT_SIZE, SIZE_NAMES, SIZES, type SizeName } from '../run/sizes.ts'
import { parseVolume } from '../run/volumes.ts'
import { lastLines, waitForApp } from '../run/wait.ts'
import { explained } from './image/registry.ts'

const NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const MAX_NAME_LETTERS = 63
const DEFAULT_TIMEOUT_SECONDS = 300

const sizes = SIZE_NAMES.map((name) => `${name} ${SIZES[name].cpu} CPU and ${SIZES[name].memory}`).join(', ')

export const runApp: Command = {
  spec: {
    name: 'run',
    usage: 'NAME --image IMAGE [-- ARGUMENTS]',
    summary: 'Run an app from an image, and wait until it runs',
    details: `Makes a Deployment, a Service when there is a --port, and claims for what it keeps. Sizes: ${sizes}.
CPU is promised and more is used when it is free; memory is promised and the limit.

A short image name, such as postgresql, is the cloud's own when its registry has it (./brume image list), else
docker.io's; which one it is, is said. A volume is ${'/PATH'} (as long as the pod), SIZE:/PATH (kept), CLAIM:/PATH,
configmap:NAME:/PATH, secret:NAME:/PATH or host:/DIR:/PATH, with :ro for read-only.`,
    options: [
      { name: 'image', value: 'IMAGE', help: 'What to run' },
      { name: 'port', value: 'PORT', help: 'The port that it listens on' },
      { name: 'public', help: 'Serve it to browsers under a name of its own; wants --port' },
      { name: 'size', value: 'SIZE', help: 'How much it gets', choices: SIZE_NAMES, default: DEFAULT_SIZE },
      { name: 'group', value: 'NAME', help: 'The group of nodes to run on' },
      { name: 'spread', help: 'On as many nodes as there are' },
      { name: 'pack', help: 'On as few nodes as it takes' },
      { name: 'replicas', value: 'N', help: 'How many of it', default: '1' },
      { name: 'env', short: 'e', value: 'NAME=VALUE', help: 'A variable; may be repeated', repeats: true },
      { name: 'volume', short: 'v', value: 'VOLUME', help: 'A volume; may be repeated', repeats: true },
      { name: 'command', help: "ARGUMENTS replace the image's command, not only its arguments" },
      {
        name: 'timeout',
        value: 'SECONDS',
        help: 'How long to wait',
        default: String(DEFAULT_TIMEOUT_SECONDS),
      },
      { name: 'dry-run', help: 'Print the objects, make nothing' },
      { name: 'output', short: 'o', value: 'FORMAT', help: 'Print the objects', choices: ['yaml', 'json'] },
      { name: 'namespace', short: 'n', value: 'NAME', help: 'The namespace', default: "the context's" },
      ...CONNECTION_OPTIONS,
    ],
    maxArguments: 1,
    takesRest: true,
  },
  async run(parsed, io) {
    const wanted = appOf(parsed)
    const { client, connection } = connect(parsed, io)
    try {
      const registry = new RegistryClient(client.transport)
      const { image, note } = await explained(
        () => resolveImage(registry, wanted.image),
        './brume run --help',
      )
      const namespace = parsed.options['namespace'] ?? connection.namespace
      const isPublic = parsed.options['public'] !== undefined
      const place = isPublic ? await edgePlace(client, { name: wanted.name, namespace }) : undefined
      const app = { ...wanted, image, namespace, host: place?.host }
      if (note !== undefined) io.err.write(`${note}\n`)
      const objects = objectsOf(app)
      if (parsed.options['dry-run'] !== undefined) {
        io.out.write(printed(objects, parsed.options['output'] ?? 'yaml'))
        return EXIT_OK
      }
      await checkVolumes(client, app)
      const made = await make(client, objects)
      await follow(client, app, { io, limitMs: secondsOf(parsed) * 1000 })
      if (place !== undefined) {
        await untilServed(client, app)
        io.err.write(`public:  ${place.http}   (and ${place.https} with the cloud's own CA)\n`)
      }
      const output = parsed.options['output']
      io.out.write(output === undefined ? '' : printed(made, output))
      return EXIT_OK
    } finally {
      client.transport.close()
    }
  },
}

/** All but the namespace, and with the image as it was written. Throws UsageError. */
function appOf(parsed: ParsedCommand): App {
  const { options, lists, words, rest } = parsed
  const [name] = words
  if (name === undefined || options['image'] === undefined) {
    throw new UsageError('run wants a NAME and an --image. Next: ./brume run web --image nginx --port 80')
  }
  if (!NAME.test(name) || name.length > MAX_NAME_LETTERS) {
    throw new UsageError(
      `"${name}" is no name: letters a to z, digits and dashes, a letter first, at most ${MAX_NAME_LETTERS}. See: ./brume run --help`,
    )
  }
  if (options['spread'] !== undefined && options['pack'] !== undefined) {
    throw new UsageError('--spread and --pack contradict each other. See: ./brume run --help')
  }
  const placement =
    options['spread'] === undefined ? (options['pack'] === undefined ? undefined : 'pack') : 'spread'
  if (options['public'] !== undefined && options['port'] === undefined) {
    throw new UsageError('--public wants the --port that the app listens on. See: ./brume run --help')
  }
  const isCommand = options['command'] !== undefined
  return {
    name,
    namespace: '',
    image: options['image'],
    port: options['port'] === undefined ? undefined : whole('port', options['port'], 1, 65_535),
    size: (options['size'] ?? DEFAULT_SIZE) as SizeName,
    group: options['group'],
    placement,
    replicas: whole('replicas', options['replicas'] ?? '1', 0, 100_000),
    env: (lists['env'] ?? []).map(variableOf),
    volumes: (lists['volume'] ?? []).map(parseVolume),
    command: isCommand ? rest : [],
    args: isCommand ? [] : rest,
  }
}

function secondsOf({ options }: ParsedCommand): number {
  return whole('timeout', options['timeout'] ?? String(DEFAULT_TIMEOUT_SECONDS), 1, 86_400)
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(
    `--${option} is a whole number from ${least} to ${most}, not "${text}". See: ./brume run --help`,
  )
}

function variableOf(text: string): { name: string; value: string } {
  const equals = text.indexOf('=')
  if (equals > 0) return { name: text.slice(0, equals), value: text.slice(equals + 1) }
  throw new UsageError(`--env ${text}: it is NAME=VALUE. See: ./brume run --help`)
}

function printed(objects: readonly KubeObject[], format: string): string {
  if (format === 'yaml') return objects.map((object) => encodeYaml(object)).join('---\n')
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  return `${JSON.stringify(objects.length === 1 ? objects[0] : list, null, 2)}\n`
}

/** A claim that is there already is kept data: it is used. */
async function make(client: Client, objects: readonly KubeObject[]): Promise<KubeObject[]> {
  const made: KubeObject[] = []
  const ends = `deployment,service${objects.some(({ kind }) => kind === 'Ingress') ? ',ingress' : ''}`
  for (const object of objects) {
    const { name = '', namespace = '' } = object.metadata
    const kind = object.kind ?? ''
    const resource = await client.resourceFor({ apiVersion: object.apiVersion ?? '', kind })
    try {
      made.push(await resource.create(object))
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error
      if (kind !== 'PersistentVolumeClaim') {
        throw new CommandError(
          `there is a ${kind} ${name} in ${namespace} already`,
          `kubectl delete ${ends} ${name} -n ${namespace}   (or kubectl set image, scale, edit)`,
          { cause: error },
        )
      }
      made.push(await resource.get({ namespace, name }))
    }
  }
  return made
}

/** Throws CommandError with the sentence that says what stops it. */
async function follow(client: Client, app: App, { io, limitMs }: { io: Io; limitMs: number }): Promise<void> {
  const { clock, err } = io
  const since = clock.now()
  const onProgress = (line: string) => err.write(`${app.name}: ${line}\n`)
  const end = await waitForApp({ client, clock, app, limitMs, onProgress })
  if (end.type === 'stopped') {
    const lines = end.logsOf === undefined ? '' : await lastLines(client, app, end.logsOf)
    const said = lines === '' ? '' : `. Its last lines:\n${lines.replace(/^/gm, '    ')}`
    throw new CommandError(`${app.name} does not run: ${end.why}${said}`, `${end.next}\n${removal(app)}`)
  }
  const seconds = ((clock.now() - since) / 1000).toFixed(1)
  const count = end.pods.length === 1 ? '' : ` ${end.pods.length} times`
  err.write(`${app.name} runs${count}, after ${seconds} s\n`)
  err.write(reach(app, end.pods))
  err.write(`${removal(app)}\n`)
}

function reach({ name, namespace, port }: App, pods: readonly KubeObject[]): string {
  if (port === undefined) return `logs:    kubectl logs -f -n ${namespace} deployment/${name}\n`
  const local = port < 1024 ? port + 8000 : port
  const addresses = pods
    .flatMap((pod) => pod['status'].podIP ?? [])
    .map((ip: string) => `http://${hostOf(ip)}:${port}`)
  return [
    `inside:  http://${name}.${namespace}:${port}   (from other apps)\n`,
    `here:    ${addresses.join('  ')}   (from the machines of the cloud)\n`,
    `there:   kubectl port-forward -n ${namespace} service/${name} ${local}:${port}   (then http://localhost:${local})\n`,
  ].join('')
}

function hostOf(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip
}

function removal({ name, namespace, port, host, volumes }: App): string {
  const more = [...(port === undefined ? [] : ['service']), ...(host === undefined ? [] : ['ingress'])]
  const kinds = ['deployment', ...more].join(',')
  const kept = volumes.some(({ source }) => source.type === 'new')
  const claims = kept ? `   (its data stays: kubectl delete pvc -n ${namespace} -l app=${name})` : ''
  return `remove:  kubectl delete -n ${namespace} ${kinds} ${name}${claims}`
}
