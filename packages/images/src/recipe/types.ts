// What a recipe says: an image as data. docs/guide/images.md is its reference.

export interface Recipe {
  name: string
  /** A text, or the version of the first of these packages that is there, cut after so many parts. */
  version: string | { packages: readonly string[]; parts: number }
  summary: string
  /** Names of distributions that it is known to build with; the first is preferred when none is asked for. */
  packages: PackageLists
  without: PackageLists
  /** Patterns of paths that are left out. */
  remove: string[]
  /** Commands of busybox to link: `all`, or their names. */
  busybox: 'all' | string[]
  users: RecipeUser[]
  files: RecipeFile[]
  env: Record<string, string>
  user: string
  entrypoint: string[]
  command: string[]
  directory: string
  ports: string[]
  volumes: string[]
  labels: Record<string, string>
  stopSignal: string
}

/** By distribution; `any` holds for all. */
export type PackageLists = Readonly<Record<string, readonly string[]>>

export interface RecipeUser {
  name: string
  id: number
  /** Default: a group of the same name and number. */
  group: number
  home: string
  shell: string
}

export interface RecipeFile {
  /** Absolute. */
  path: string
  mode: number | undefined
  uid: number
  gid: number
  source:
    | { type: 'content'; content: string }
    | { type: 'directory' }
    | { type: 'link'; target: string }
    /** In the directory `path`: a link to everything that matches the pattern. */
    | { type: 'links'; pattern: string }
    /** A file or a directory beside the recipe, with all in it. */
    | { type: 'copy'; from: string }
}
