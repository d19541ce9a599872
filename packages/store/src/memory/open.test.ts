import { contractSuite } from '../contract-suite.ts'
import { openMemoryStore } from './open.ts'

contractSuite('memory', async ({ clock }) => ({ store: openMemoryStore({ clock }), remove: async () => {} }))
