import { ApiError } from '../../client/errors.ts';
import { type ClusterContext, list, optional } from './cluster-context.ts';
import { type Deployment, type Settings, settingsFrom } from './settings.ts';

/** As the manifest and the chart label them. */
const controllerSelectors = [
  'component=kube-vip-cloud-provider',
  'app.kubernetes.io/name=kube-vip-cloud-provider',
];

/** What the Deployment of the controller says, where it can be read, and the flags. */
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

/** Where only the controller's own namespace may be read, that is enough. */
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
