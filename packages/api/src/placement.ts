// The names of brume.dev that the scheduler, the API server and people's tools share about where pods run.

/** On a Binding and then on its pod (annotation): why the scheduler chose the node, in words. */
export const PLACED_BECAUSE = 'brume.dev/placed-because'
