import { ApiError } from '../../client/errors.ts';
import { type ClusterContext, list, optional } from './cluster-context.ts';
import { type Deployment, type Settings, settingsFrom } from './settings.ts';

/** The labels that the manifest and the chart set. */
const controllerSelectors = [
  'component=kube-vip-cloud-provider',
  'app.kubernetes.io/name=kube-vip-cloud-provider',
];

/** The settings in the controller's Deployment, if it can be read, overridden by flags. */
export async function readSettings(context: ClusterContext, remarks: string[]): Promise<Settings> {
  const { flags } = context;
  const named = flags.deployment;
  if (named !== undefined) {
    const found = await deployment(context, named);
    return settingsFrom(found === undefined ? [] : [found], flags);
  }
  const found = await optional(
    Promise.all(controllerSelectors.map((labelSelector) => deployments(context, labelSelector))),
    [],
    remarks,
  );
  return settingsFrom(found.flat(), flags);
}

/** Falls back to the controller's own namespace if the user cannot list Deployments in all namespaces. */
async function deployments(context: ClusterContext, labelSelector: string): Promise<Deployment[]> {
  const within = (scope: string) =>
    list(context, `/apis/apps/v1${scope}/deployments`, { labelSelector }, (object) => object as Deployment);
  const { items } = await within('').catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
    return within('/namespaces/kube-system');
  });
  return items;
}

async function deployment(
  { api, signal }: ClusterContext,
  { namespace, name }: { namespace: string; name: string },
): Promise<Deployment | undefined> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  return api.get<Deployment>(path, signal).catch((error: unknown) => {
    if (error instanceof ApiError) return undefined;
    throw error;
  });
}
