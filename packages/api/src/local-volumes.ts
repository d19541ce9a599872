// What the controller and the node agents say to each other about local volumes, all of it on API objects.

/** The provisioner of the storage class `local`. */
export const PROVISIONER = 'brume.dev/local'
/** On a Node, set by its agent: the absolute path of the directory under which its local volumes are. */
export const DIRECTORY = 'brume.dev/local-volumes'
/**
 * On a Node: names of volumes, with commas between them, whose directories are to be removed. The controller adds a name;
 * the agent removes the directory `DIRECTORY/<name>` and then takes the name away.
 */
export const TO_CLEAR = 'brume.dev/clear-local-volumes'
/** On a PersistentVolume: the node was told to clear it. */
export const CLEARING = 'brume.dev/clearing'
/** On a PersistentVolume, until its directory is gone. */
export const FINALIZER = 'brume.dev/local-volume'
/** On a PersistentVolume: who made it. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'
