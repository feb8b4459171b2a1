import { ApiError } from '../../client/errors.ts';
import type { KubeObject } from '../../core/model/objects.ts';
import { type ClusterContext, list, readError } from './cluster-context.ts';
import type { LogSource } from './log-lines.ts';
import type { ControllerDeployment } from './settings.ts';

/** The fields that are read of a Pod. */
interface Pod extends KubeObject {
  readonly status?: {
    readonly containerStatuses?: readonly { readonly name?: string; readonly restartCount?: number }[];
  };
}

const instead = 'read a log with -f';

/**
 * The logs of the controller's Pods, and of the previous container in each Pod that was restarted. Those of Pods that no longer
 * exist are gone. Rejects with a message that names the missing permission.
 */
export async function podLogs(
  context: ClusterContext,
  { namespace, name, selector, container }: ControllerDeployment,
): Promise<LogSource[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const { items } = await list(context, path, { labelSelector: selector }, (object) => object as Pod).catch(
    (error: unknown) => {
      throw readError(error, `the Pods in ${namespace}`, `list pods in ${namespace}`, instead);
    },
  );
  if (items.length === 0)
    throw new Error(
      `Deployment ${name} has no Pods, so there is no log to read. If you have kept its log, read it with -f FILE.`,
    );
  return items.flatMap(({ metadata, status }) => {
    const log = (previous: boolean): LogSource => ({
      name: `Pod ${namespace}/${metadata.name}${previous ? ' before its restart' : ''}`,
      bytes: bytesOf(context, `${path}/${encodeURIComponent(metadata.name)}/log`, {
        container,
        previous: previous || undefined,
      }),
    });
    const statuses = status?.containerStatuses ?? [];
    const own = statuses.find((one) => one.name === container) ?? statuses[0];
    return (own?.restartCount ?? 0) > 0 ? [log(true), log(false)] : [log(false)];
  });
}

async function* bytesOf(
  { api, signal }: ClusterContext,
  path: string,
  query: { readonly container: string | undefined; readonly previous: true | undefined },
): AsyncGenerator<Uint8Array> {
  try {
    yield* api.read(path, query, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403)
      throw readError(error, 'the log of the controller', 'get pods/log', instead);
    throw error;
  }
}
