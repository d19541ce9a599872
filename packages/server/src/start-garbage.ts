// What starting leaves behind. Every object was read and parsed, and V8 sees no reason to collect what became of that
// while nobody asks for anything: with 10,000 pods it is as much as what stays. Its memory reducer would do it, in small
// steps and at rest, when told that there may be garbage; a JavaScript context that came and went tells it so.

import { runInNewContext } from 'node:vm'

export function collectStartGarbage(started: Promise<void>): void {
  // A start that failed is told elsewhere.
  started.then(
    () => runInNewContext(''),
    () => {},
  )
}
