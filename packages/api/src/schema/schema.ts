// The one runtime form of a type, for built-in kinds (compiled from facts/) and for CRDs (compiled from their
// structural OpenAPI schema). The walker, the protobuf codec, OpenAPI, patches and apply all read this form.

export type ScalarType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'number'
  /** base64 text in JSON, bytes in protobuf */
  | 'bytes'
  /** resource.Quantity: text in JSON; canonicalized on decode; a JSON number is accepted */
  | 'quantity'
  | 'intOrString'
  /** metav1.Time: RFC 3339 seconds, or null */
  | 'time'
  | 'microTime'
  /** metav1.Duration: Go duration text */
  | 'duration'

interface SchemaBase {
  nullable?: boolean
  /** Applied where the field is absent: CRD `default`, or the fact `+default`. Deep-cloned on use. */
  default?: unknown
  /** One sentence of our own, for `kubectl explain`; CRDs carry their author's. */
  description?: string
  /** Value rules, CRDs only: built-in kinds validate in code. */
  constraints?: Constraints
  /** CRDs only: the OpenAPI schema this was compiled from, for publishing. */
  source?: unknown
}

/** OpenAPI value validation as structural schemas allow it. `pattern` is compiled with a ReDoS-free engine. */
export interface Constraints {
  enum?: unknown[]
  pattern?: { source: string; test(text: string): boolean }
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  exclusiveMaximum?: boolean
  multipleOf?: number
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  minProperties?: number
  maxProperties?: number
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  not?: Schema
  /** x-kubernetes-validations, kept for the CEL engine that comes later. */
  rules?: { rule: string; message?: string; [key: string]: unknown }[]
}

export interface ScalarSchema extends SchemaBase {
  kind: 'scalar'
  scalar: ScalarType
  /** Built-in kinds: the type as Go prints it in errors, e.g. `v1.Protocol`. */
  goType?: string
  /** Built-in kinds: the known values, for publishing. Not enforced by the walk. */
  enum?: readonly string[]
}

export interface FieldSchema {
  /** JSON name. */
  name: string
  schema: Schema
  /** Protobuf field number; 0 where there is none (CRDs). */
  number: number
  required: boolean
  /** Built-in kinds: the zero value is left out of JSON (`omitempty`). */
  omitEmpty?: boolean
  /** Built-in kinds: absent and zero differ (a Go pointer). */
  pointer?: boolean
  /** Strategic merge: 'merge', 'replace', 'retainKeys', 'merge,retainKeys', 'replace,retainKeys'. */
  patchStrategy?: string
  /** Strategic merge key, e.g. 'name', 'containerPort'. */
  patchMergeKey?: string
  /**
   * This protobuf message field is inlined in JSON (volumeSource, probe handler, template metadata...): its
   * fields appear among the parent's own in `fields` with `protoPath` set. Only the protobuf codec looks here.
   */
  protoPath?: number[]
}

export interface ObjectSchema extends SchemaBase {
  kind: 'object'
  /** OpenAPI definition name, e.g. `io.k8s.api.core.v1.PodSpec`; absent for anonymous CRD objects. */
  name?: string
  /** Built-in kinds: the type as Go prints it in errors, e.g. `v1.PodSpec`. */
  goType?: string
  /** JSON name -> field, in the order of Go's JSON output, or in the CRD author's order. May be recursive. */
  fields: ReadonlyMap<string, FieldSchema>
  /** Field names that must be present (CRD `required`). */
  required?: readonly string[]
  /** x-kubernetes-preserve-unknown-fields: unknown fields are kept, not pruned or rejected. */
  preserveUnknown?: boolean
  /** additionalProperties beside known fields (CRDs only; a pure map is a MapSchema). */
  additional?: Schema
  /** x-kubernetes-map-type: atomic. */
  atomic?: boolean
  /** x-kubernetes-embedded-resource. */
  embedded?: boolean
}

export interface MapSchema extends SchemaBase {
  kind: 'map'
  values: Schema
  goType?: string
  atomic?: boolean
}

export interface ListSchema extends SchemaBase {
  kind: 'list'
  items: Schema
  listType: 'atomic' | 'set' | 'map'
  /** x-kubernetes-list-map-keys, for listType 'map'. */
  listKeys?: readonly string[]
  goType?: string
  /** On the wire the list is a message of its own: `{ repeated items = 1 }` (ExtraValue, Verbs). */
  wrapped?: boolean
}

/** Free-form JSON: RawExtension, apiextensions JSON, FieldsV1, an untyped CRD field with preserve-unknown-fields. */
export interface AnySchema extends SchemaBase {
  kind: 'any'
  /** How protobuf carries it: RawExtension{raw=1}, FieldsV1{Raw=1}, JSON{raw=1}, Unknown. All are bytes of JSON. */
  proto?: 'rawExtension' | 'fieldsV1' | 'json' | 'union'
  goType?: string
  /** With proto 'union': apiextensions' JSONSchemaPropsOrBool and its like. An object is of this schema. */
  union?: { of: () => ObjectSchema; or: 'boolean' | 'schemas' | 'strings' }
}

export type Schema = ScalarSchema | ObjectSchema | MapSchema | ListSchema | AnySchema
