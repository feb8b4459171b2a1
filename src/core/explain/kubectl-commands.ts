import type { Options } from '../model/options.ts';

/** Commands for a user's shell. Names in Kubernetes need no quotes there. */

interface NamespacedName {
  readonly name: string;
  readonly namespace: string;
}

/** `annotation` in kubectl's syntax: `key=value`, or `key-` to remove it. */
export function annotate({ name, namespace }: NamespacedName, annotation: string): string {
  return `kubectl annotate service ${name} --namespace ${namespace} --overwrite ${annotation}`;
}

export function patchService({ name, namespace }: NamespacedName, patch: object): string {
  return `kubectl patch service ${name} --namespace ${namespace} --type merge --patch ${inShell(patch)}`;
}

/** `json` is RFC 6902, `merge` RFC 7396. */
export function patchConfigMap(
  { configMap: { name, namespace } }: Options,
  type: 'json' | 'merge',
  patch: object,
): string {
  return `kubectl patch configmap ${name} --namespace ${namespace} --type ${type} --patch ${inShell(patch)}`;
}

/** Sets one key of the ConfigMap. */
export function patchPools(options: Options, key: string, value: string): string {
  return patchConfigMap(options, 'merge', { data: { [key]: value } });
}

/** Keys and values are untrusted text: nothing in them may end the quotes. */
function inShell(patch: object): string {
  return `'${JSON.stringify(patch).replaceAll("'", "'\\''")}'`;
}

/** Escapes a key for a JSON pointer (RFC 6901 section 3). */
export function pointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
