import { ApiError } from '../../client/errors.ts';
import {
  claimsPath,
  cleanupSource,
  configMapSource,
  servicesSource,
} from '../../controller/watched-resources.ts';
import { readConfig } from '../../core/config/config.ts';
import { type Claim, claimOf, namesAddress } from '../../core/ledger/claim.ts';
import type { ConfigMap, KubeObject, ManagedFieldsEntry, Service } from '../../core/model/objects.ts';
import type { Options } from '../../core/model/options.ts';
import { keyOf, type ServiceKey, type ServiceView, viewOf } from '../../core/model/service-view.ts';
import { Interner } from '../../core/text/interner.ts';
import { type ClusterContext, explained, type Listed, list, optional } from './cluster-context.ts';
import type { ClusterFacts, FactSelection } from './cluster-facts.ts';
import { readClusterNetworks } from './cluster-networks.ts';
import { readSettings } from './controller-settings.ts';
import { readLeadership } from './leadership.ts';

/**
 * Reads a cluster with the user's rights. Services and the ConfigMap are needed; what else may not be read is left out
 * and remarked on. Rejects with a sentence that says what is missing.
 */
export async function readCluster(context: ClusterContext, needs: FactSelection): Promise<ClusterFacts> {
  const remarks: string[] = [];
  const [{ items: services, resourceVersion }, settings] = await Promise.all([
    readServices(context, needs),
    readSettings(context, remarks),
  ]);
  const { options } = settings;
  const [configMap, leadership, claims, leftovers, named, networks] = await Promise.all([
    readConfigMap(context, options),
    readLeadership(context, settings),
    options.claims ? optional(readClaims(context, options), [], remarks) : [],
    needs.cleanup === true ? optional(readLeftovers(context), [], remarks) : [],
    readNamed(context, missingIn(needs.named ?? [], services)),
    needs.networks === true ? readClusterNetworks(context, remarks) : undefined,
  ]);
  return {
    snapshot: {
      services: services.map(({ view }) => view),
      config: readConfig(configMap),
      claims,
      resourceVersion,
    },
    options,
    origin: settings.origin,
    configMap,
    others: [...leftovers, ...named],
    managedFields: new Map(services.map(({ view, managedFields }) => [keyOf(view), managedFields])),
    leadership,
    networks,
    remarks: [...settings.remarks, ...remarks],
  };
}

type Read = { view: ServiceView; managedFields: readonly ManagedFieldsEntry[] };

/** All of type LoadBalancer. */
export async function readServices(context: ClusterContext, needs: FactSelection): Promise<Listed<Read>> {
  const { path, fieldSelector = '', matches, project } = servicesSource(new Interner());
  const read = (object: KubeObject): Read | undefined =>
    matches?.(object) === false
      ? undefined
      : { view: project(object), managedFields: object.metadata.managedFields ?? [] };
  const wanted = needs.managedFields === true;
  const { items, resourceVersion } = await list(context, path, { fieldSelector }, read, wanted).catch(
    (error: unknown) => {
      // API servers before 1.31 refuse the selector.
      if (error instanceof ApiError && error.status === 400) return list(context, path, {}, read, wanted);
      throw explained(error, 'Services of all namespaces', 'list services');
    },
  );
  return { items: items.filter((one) => one !== undefined), resourceVersion };
}

async function readConfigMap(context: ClusterContext, options: Options): Promise<ConfigMap | undefined> {
  const { path } = configMapSource(options);
  const { namespace, name } = options.configMap;
  try {
    return await context.api.get<ConfigMap>(`${path}/${name}`, context.signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw explained(error, `the ConfigMap ${namespace}/${name}`, `get configmaps in ${namespace}`);
  }
}

async function readClaims(context: ClusterContext, options: Options): Promise<Claim[]> {
  const project = (object: KubeObject): Claim | undefined =>
    namesAddress(object) ? claimOf(object, options.controller) : undefined;
  const { items } = await list(context, claimsPath, {}, project);
  return items.filter((claim) => claim !== undefined);
}

async function readLeftovers(context: ClusterContext): Promise<ServiceView[]> {
  const { path, labelSelector, matches, project } = cleanupSource(new Interner());
  const read = (object: KubeObject): ServiceView | undefined =>
    matches?.(object) === false ? undefined : project(object);
  const { items } = await list(context, path, { labelSelector }, read);
  return items.filter((view) => view !== undefined);
}

function missingIn(keys: readonly ServiceKey[], services: readonly Read[]): ServiceKey[] {
  const listed = new Set(services.map(({ view }) => keyOf(view)));
  return keys.filter((key) => !listed.has(key));
}

/** Those of other types: one that is not there is left out. */
async function readNamed(
  { api, signal }: ClusterContext,
  keys: readonly ServiceKey[],
): Promise<ServiceView[]> {
  const found = keys.map(async (key) => {
    const [namespace = '', name = ''] = key.split('/').map(encodeURIComponent);
    try {
      return [viewOf(await api.get<Service>(`/api/v1/namespaces/${namespace}/services/${name}`, signal))];
    } catch (error) {
      if (error instanceof ApiError) return [];
      throw error;
    }
  });
  return (await Promise.all(found)).flat();
}
