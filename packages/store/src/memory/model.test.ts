import { modelSuite } from '../model-suite.ts'
import { openMemoryStore } from './open.ts'

modelSuite('a store in memory', {
  seeds: Array.from({ length: 20 }, (_, i) => i + 1),
  steps: 1_500,
  open: async () => openMemoryStore(),
})
