// Custom resources through kubectl: two versions, columns, subresources, validation, and the way they go.

import { fails, kubectlSuite, warns } from './steps.ts'

const CRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.g$V.example.com}
spec:
  group: g$V.example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget$V, kind: Widget, shortNames: [wd$V], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size, description: the size}
    - {name: Color, type: string, jsonPath: .spec.color, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
    selectableFields: [{jsonPath: .spec.color}]
    schema:
      openAPIV3Schema:
        type: object
        description: A widget.
        properties:
          spec:
            type: object
            description: What is wanted.
            required: [size]
            properties:
              size: {type: integer, minimum: 1, maximum: 10, description: How large.}
              color: {type: string, enum: [red, green], default: red}
              parts: {type: array, items: {type: object, properties: {name: {type: string}, count: {type: integer}}, required: [name]}, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name]}
          status: {type: object, properties: {size: {type: integer}, conditions: {type: array, items: {type: object, properties: {type: {type: string}, status: {type: string}}}}}}
  - name: v1beta1
    served: true
    storage: false
    deprecated: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

const WIDGET = `
apiVersion: g$V.example.com/v1
kind: Widget
metadata: {name: w1}
spec: {size: 3, parts: [{name: a, count: 1}]}
`
const changed = (from: string, to: string) => ({ stdin: WIDGET.replace(from, to).replace('w1', 'w2') })

kubectlSuite('kubectl and custom resources', [
  {
    name: 'custom',
    files: { 'crd.yaml': CRD, 'w.yaml': WIDGET },
    steps: [
      ['apply -f crd.yaml', 'customresourcedefinition.apiextensions.k8s.io/widgets.g$V.example.com created'],
      [
        'wait crd/widgets.g$V.example.com --for=condition=Established --timeout=10s',
        'customresourcedefinition.apiextensions.k8s.io/widgets.g$V.example.com condition met',
      ],
      [
        'apply -f crd.yaml',
        'customresourcedefinition.apiextensions.k8s.io/widgets.g$V.example.com unchanged',
      ],
      ['apply -f w.yaml', 'widget.g$V.example.com/w1 created'],
      ['apply -f w.yaml', 'widget.g$V.example.com/w1 unchanged'],
      ['get wd$V', /^NAME +SIZE +AGE\nw1 +3 +\S+$/],
      ['get widget$V -o wide', /^NAME +SIZE +COLOR +AGE\nw1 +3 +red +\S+$/],
      ['get all', /^NAME +SIZE +AGE\nwidget\.g\d\d.example.com\/w1 +3 /],
      [
        'get widgets.v1beta1.g$V.example.com',
        warns(
          'Warning: g$V.example.com/v1beta1 Widget is deprecated; use g$V.example.com/v1 Widget',
          /^NAME +AGE\nw1 /,
        ),
      ],
      ['get wd$V --field-selector spec.color=red -o name', 'widget.g$V.example.com/w1'],
      [
        'get wd$V --field-selector spec.size=3',
        fails(
          'Error from server (BadRequest): Unable to find "g$V.example.com/v1, Resource=widgets" that match label selector "", field selector "spec.size=3": field label not supported: spec.size',
        ),
      ],
      ['describe wd$V w1', /^Name: +w1\n[\s\S]*\nSpec:\n {2}Color: +red\n {2}Parts:\n {4}Count: +1\n/],
      [
        'explain wd$V',
        /^GROUP: {6}g\d\d.example.com\nKIND: {7}Widget\nVERSION: {4}v1\n\nDESCRIPTION:\n {4}A widget.\n[\s\S]*\n {2}spec\t<Object>\n {4}What is wanted.\n/,
      ],
      ['explain wd$V.spec', /\n {2}size\t<integer> -required-\n {4}How large.$/],
      ['explain wd$V.spec.parts', /\nFIELD: parts <\[\]Object>\n[\s\S]*\n {2}name\t<string> -required-\n/],
      [
        'explain wd$V --recursive',
        /\n {2}spec\t<Object>\n[\s\S]*\n {4}parts\t<\[\]Object>\n {6}count\t<integer>\n/,
      ],
      ['explain wd$V --api-version=g$V.example.com/v1beta1', /\nVERSION: {4}v1beta1\n/],
      [
        'edit wd$V w1',
        'widget.g$V.example.com/w1 edited',
        { env: { EDITOR: `sed -i 's/size: 3/size: 5/'` } },
      ],
      [`patch wd$V w1 --type=merge -p '{"spec":{"size":4}}'`, 'widget.g$V.example.com/w1 patched'],
      [
        `patch wd$V w1 --type=json -p '[{"op":"replace","path":"/spec/color","value":"green"}]'`,
        'widget.g$V.example.com/w1 patched',
      ],
      [
        `patch wd$V w1 -p '{"spec":{"size":4}}'`,
        fails(
          'error: application/strategic-merge-patch+json is not supported by g$V.example.com/v1, Kind=Widget: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
        ),
      ],
      [
        `patch wd$V w1 --type=merge -p '{"spec":{"size":11}}'`,
        fails(
          'The Widget "w1" is invalid: spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10',
        ),
      ],
      [
        `patch wd$V w1 --type=merge -p '{"spec":{"color":"blue"}}'`,
        fails(
          'The Widget "w1" is invalid: spec.color: Unsupported value: "blue": supported values: "red", "green"',
        ),
      ],
      [
        `patch wd$V w1 --type=merge -p '{"spec":{"foo":"blue"}}'`,
        warns('Warning: unknown field "spec.foo"', 'widget.g$V.example.com/w1 patched (no change)'),
      ],
      [
        `patch wd$V w1 --type=merge --subresource=status -p '{"status":{"size":5,"conditions":[{"type":"Ready","status":"True"}]}}'`,
        'widget.g$V.example.com/w1 patched',
      ],
      ['wait wd$V/w1 --for=condition=Ready --timeout=5s', 'widget.g$V.example.com/w1 condition met'],
      ['scale wd$V w1 --replicas=2', 'widget.g$V.example.com/w1 scaled'],
      ['scale wd$V w1 --replicas=2 --current-replicas=9', fails('error: Expected replicas to be 9, was 2')],
      ['get wd$V w1 --subresource=scale', /^NAME +DESIRED +AVAILABLE +AGE\nw1 +2 +5 /],
      [
        'apply --server-side -f w.yaml',
        fails(
          /^error: Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using g\d\d.example.com\/v1: .spec.size\n/,
        ),
      ],
      ['apply --server-side -f w.yaml --force-conflicts', 'widget.g$V.example.com/w1 serverside-applied'],
      ['diff -f w.yaml', ''],
      [
        'apply -f -',
        fails(
          'Error from server (BadRequest): error when creating "STDIN": Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.foo"',
        ),
        changed('size: 3', 'size: 3, foo: bar'),
      ],
      [
        'create -f - --validate=warn',
        warns('Warning: unknown field "spec.foo"', 'widget.g$V.example.com/w2 created'),
        changed('size: 3', 'size: 3, foo: bar'),
      ],
      [
        'apply --server-side -f -',
        fails(
          'Error from server: failed to create typed patch object ($NS/w2; g$V.example.com/v1, Kind=Widget): .spec.foo: field not declared in schema',
        ),
        changed('size: 3', 'size: 3, foo: bar'),
      ],
      ['delete wd$V w2', 'widget.g$V.example.com "w2" deleted'],
      [
        'create -f -',
        fails('The Widget "w2" is invalid: spec.size: Required value'),
        changed('size: 3, ', ''),
      ],
      [
        'create -f -',
        fails('The Widget "w2" is invalid: spec.parts[1]: Duplicate value: {"name":"a"}'),
        changed('{name: a, count: 1}', '{name: a}, {name: a}'),
      ],
      ['label wd$V w1 a=b', 'widget.g$V.example.com/w1 labeled'],
      ['annotate wd$V w1 a=b', /^widget.g\d\d.example.com\/w1 annotated?$/],
      ['replace -f -', /replaced$/, { stdin: WIDGET.replace('size: 3', 'size: 9') }],
      ['get crd widgets.g$V.example.com', /^NAME +CREATED AT\nwidgets/],
      [
        'describe crd widgets.g$V.example.com',
        /\n {4}Message: +the initial names have been accepted\n[\s\S]*\n {2}Stored Versions:\n {4}v1\n/,
      ],
      [
        'api-resources --api-group=g$V.example.com',
        /^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\nwidgets +wd\d\d +g\d\d.example.com\/v1 +true +Widget$/,
      ],
      ['__complete get wd$V w', { out: /^w1\n/, err: /^/ }],
      [
        'delete crd widgets.g$V.example.com',
        'customresourcedefinition.apiextensions.k8s.io "widgets.g$V.example.com" deleted',
      ],
      [
        'get widgets.g$V.example.com',
        fails(/could not find the requested resource|doesn't have a resource type/),
      ],
      [
        'create -f -',
        fails(
          'The CustomResourceDefinition "widget.g$V.example.com" is invalid: metadata.name: Invalid value: "widget.g$V.example.com": must be spec.names.plural+"."+spec.group',
        ),
        { stdin: CRD.replace('widgets.g', 'widget.g') },
      ],
    ],
  },
])
