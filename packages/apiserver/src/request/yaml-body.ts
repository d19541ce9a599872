// Bodies that are said to be YAML. The parser, which costs megabytes and tens of milliseconds, is loaded for the first that
// is no JSON.

import type { ParsedBody } from '@brume/api/codec/json'
import { parseJsonAsYaml } from '@brume/api/codec/yaml-json'
import { lazyModule } from '@brume/base/lazy-module'

const yaml = lazyModule<typeof import('@brume/api/codec/yaml')>('@brume/api/codec/yaml', import.meta.url)

/** Throws DecodeError for anything that is not one YAML document of JSON values. */
export function parseYamlBody(bytes: Buffer | string): ParsedBody {
  const text = bytes.toString()
  return parseJsonAsYaml(text) ?? yaml().parseYamlBody(text)
}
