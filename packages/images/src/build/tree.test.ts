import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAlternatives } from '../apt/alternatives.ts'
import { upstreamVersion } from './build.ts'
import { matchesAny } from './distribution.ts'
import { directoryNode, FileTree, fileNode, linkNode } from './tree.ts'

describe('the tree of an image', () => {
  it('follows links among the parents of a path, as a disk would', () => {
    const tree = new FileTree()
    tree.set('bin', linkNode('usr/bin'))
    tree.set('usr/bin', directoryNode())
    tree.set('bin/sh', fileNode('x'))
    assert.deepEqual([...tree.paths()].sort(), ['bin', 'usr', 'usr/bin', 'usr/bin/sh'])
    assert.equal(tree.resolve('bin/sh')?.path, 'usr/bin/sh')
  })

  it('keeps everything inside, wherever links lead', () => {
    const tree = new FileTree()
    tree.set('out', linkNode('../../../etc'))
    tree.set('out/passwd', fileNode('x'))
    assert.deepEqual([...tree.paths()].sort(), ['etc', 'etc/passwd', 'out'])
  })

  it('refuses links without end, and files below files', () => {
    const tree = new FileTree()
    tree.set('a', linkNode('b'))
    tree.set('b', linkNode('a'))
    assert.throws(() => tree.set('a/x', fileNode('')), /too many links/)
    assert.equal(tree.resolve('a'), undefined)
    tree.set('file', fileNode('x'))
    assert.throws(() => tree.set('file/x', fileNode('')), /no directory/)
  })

  it('hands the content of a removed file to its hard links', () => {
    const tree = new FileTree()
    tree.set('d/a', fileNode('content'))
    for (const name of ['b', 'c']) tree.set(name, { ...fileNode(''), type: 'hardlink', linkPath: 'd/a' })
    tree.remove('d')
    assert.equal(tree.get('b')?.type, 'file')
    assert.equal(tree.get('c')?.linkPath, 'b')
  })
})

describe('packages', () => {
  it('match patterns by their parts', () => {
    assert.ok(matchesAny('libllvm14', ['libllvm*']))
    assert.ok(matchesAny('/usr/lib/postgresql/15/bin/psql', ['/usr/lib/postgresql/*/bin/*']))
    assert.ok(!matchesAny('perl-base', ['perl']))
    assert.ok(!matchesAny('ab', ['a*bb']))
  })

  it('give images their version', () => {
    assert.equal(upstreamVersion('1:18.20.4+dfsg-1~deb12u3', 1), '18')
    assert.equal(upstreamVersion('5:7.0.15-1~deb12u10', 2), '7.0')
    assert.equal(upstreamVersion('15+248+deb12u2', 1), '15')
    assert.equal(upstreamVersion('1.36.1-r29', 3), '1.36.1')
  })

  it('say in their scripts which alternatives they are', () => {
    const script = `#!/bin/sh
basedir=/usr/lib/jvm/java-17
tools='java
  keytool'
priority="17\${none}"
case "$1" in configure)
  update-alternatives --quiet --install /usr/bin/awk awk /usr/bin/mawk 5 \\
    --slave /usr/share/man/man1/awk.1.gz awk.1.gz /usr/share/man/man1/mawk.1.gz
  update-alternatives --install "/bin/nc" "nc" "/bin/nc.openbsd" 50 || true
  for i in $tools; do
    update-alternatives \\
      --install /usr/bin/$i $i $basedir/bin/\${i} 1711 $slave
  done
  update-alternatives --install /usr/bin/x x /usr/bin/y $priority
  update-alternatives --install $dir/x x /usr/bin/$(uname) 10`
    assert.deepEqual(
      parseAlternatives(script).map(({ link, path, priority, slaves }) => [
        link,
        path,
        priority,
        slaves.length,
      ]),
      [
        ['/usr/bin/awk', '/usr/bin/mawk', 5, 1],
        ['/bin/nc', '/bin/nc.openbsd', 50, 0],
        ['/usr/bin/java', '/usr/lib/jvm/java-17/bin/java', 1711, 0],
        ['/usr/bin/keytool', '/usr/lib/jvm/java-17/bin/keytool', 1711, 0],
      ],
    )
  })
})
