import type { Api } from '../../client/api.ts';
import { ApiError } from '../../client/errors.ts';
import type { KubeObject } from '../../core/model/objects.ts';

/** Whether the user may write what a move writes, asked before the first write. */

interface AccessReview extends KubeObject {
  spec: { resourceAttributes: ResourceAttributes };
  status?: { allowed?: boolean };
}

interface ResourceAttributes {
  readonly verb: string;
  readonly resource: string;
  /** Empty for all namespaces. */
  readonly namespace: string;
  readonly name?: string;
}

/** Rejects with what to grant if the user may not annotate Services in one of the namespaces. */
export async function requireServiceWrites(
  api: Api,
  namespaces: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const patch = { verb: 'patch', resource: 'services' };
  if (await isAllowed(api, { ...patch, namespace: '' }, signal)) return;
  for (const namespace of namespaces)
    if (!(await isAllowed(api, { ...patch, namespace }, signal)))
      throw new Error(
        `You do not have permission to patch Services in namespace ${namespace}. Nothing was changed. An administrator can grant it:\n${grant('services', namespace)}`,
      );
}

/** The same for the ConfigMap with the pools. */
export async function requireConfigMapWrite(
  api: Api,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  if (await isAllowed(api, { verb: 'patch', resource: 'configmaps', namespace, name }, signal)) return;
  throw new Error(
    `You do not have permission to patch the ConfigMap ${namespace}/${name}, which --exclude needs. Nothing was changed. An administrator can grant it:\n${grant('configmaps', namespace, name)}`,
  );
}

function grant(resource: string, namespace: string, name?: string): string {
  const role = `kube-vip-move-${resource}`;
  const only = name === undefined ? '' : ` --resource-name ${name}`;
  return `kubectl create role ${role} --namespace ${namespace} --verb patch --resource ${resource}${only}\nkubectl create rolebinding ${role} --namespace ${namespace} --role ${role} --user USER`;
}

async function isAllowed(
  api: Api,
  resourceAttributes: ResourceAttributes,
  signal: AbortSignal,
): Promise<boolean> {
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const review: AccessReview = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: { name: '' },
    spec: { resourceAttributes },
  };
  try {
    const { status } = await api.create<AccessReview>(path, review, signal);
    return status?.allowed === true;
  } catch (error) {
    // A server without such reviews, such as the sandbox, answers the write itself.
    if (error instanceof ApiError && error.status === 404) return true;
    throw error;
  }
}
