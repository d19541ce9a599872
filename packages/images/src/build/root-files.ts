// What packages count on and none of them contains: directories, accounts, name resolution, certificate authorities.

import type { RecipeUser } from '../recipe/types.ts'
import { readWhole } from './content.ts'
import { directoryNode, type FileTree, fileNode, linkNode } from './tree.ts'

const NOBODY = 65_534
const DIRECTORIES: readonly [path: string, mode: number][] = [
  ['dev', 0o755],
  ['etc', 0o755],
  ['proc', 0o555],
  ['root', 0o700],
  ['run', 0o755],
  ['sys', 0o555],
  ['tmp', 0o1777],
  ['var/tmp', 0o1777],
]
const CA_BUNDLE = 'etc/ssl/certs/ca-certificates.crt'
const CA_SOURCES = 'usr/share/ca-certificates/'
/** Where Debian's OpenSSL looks for a bundle; the directory of hashed names that it else reads is made by a script. */
const OPENSSL_BUNDLE = 'usr/lib/ssl/cert.pem'

export function addDirectories(tree: FileTree): void {
  for (const [path, mode] of DIRECTORIES) tree.set(path, directoryNode(mode))
  // Packages that bring something below the old name bring it to the new one.
  tree.set('var/run', linkNode('/run'))
  tree.set('var/lock', linkNode('/run/lock'))
}

export async function addRootFiles(tree: FileTree, users: readonly RecipeUser[]): Promise<void> {
  addAccounts(tree, users)
  if (tree.get('etc/nsswitch.conf') === undefined) {
    tree.set('etc/nsswitch.conf', fileNode('passwd: files\ngroup: files\nhosts: files dns\n'))
  }
  await addAuthorities(tree)
}

function addAccounts(tree: FileTree, users: readonly RecipeUser[]): void {
  const shell = tree.resolve('bin/sh') === undefined ? '/sbin/nologin' : '/bin/sh'
  const accounts: RecipeUser[] = [
    { name: 'root', id: 0, group: 0, home: '/root', shell },
    ...users,
    { name: 'nobody', id: NOBODY, group: NOBODY, home: '/nonexistent', shell: '/sbin/nologin' },
  ]
  const passwd = accounts.map((u) => `${u.name}:x:${u.id}:${u.group}:${u.name}:${u.home}:${u.shell}\n`)
  const groups = accounts.filter((u) => u.group === u.id).map((u) => `${groupName(u)}:x:${u.group}:\n`)
  tree.set('etc/passwd', fileNode(passwd.join('')))
  tree.set('etc/group', fileNode(groups.join('')))
  for (const { home, id, group } of users) {
    const path = home.slice(1)
    if (path !== '' && tree.get(path) === undefined)
      tree.set(path, directoryNode(0o755, { uid: id, gid: group }))
  }
}

const groupName = ({ name }: RecipeUser) => (name === 'nobody' ? 'nogroup' : name)

/** One file of all authorities that the package ca-certificates brings. */
async function addAuthorities(tree: FileTree): Promise<void> {
  const sources = [...tree.paths()]
    .filter((path) => path.startsWith(CA_SOURCES) && path.endsWith('.crt'))
    .sort()
  if (sources.length === 0) return
  const texts: string[] = []
  for (const path of sources) {
    const { content } = tree.get(path)!
    if (content !== undefined) texts.push((await readWhole(content)).toString().trim())
  }
  tree.set(CA_BUNDLE, fileNode(`${texts.join('\n')}\n`))
  tree.set(OPENSSL_BUNDLE, linkNode(`/${CA_BUNDLE}`))
}
