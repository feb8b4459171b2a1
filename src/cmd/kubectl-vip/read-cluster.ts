import { ApiError } from '../../client/errors.ts';
import {
  claimsPath,
  cleanupSource,
  configMapSource,
  externalIPsSource,
  servicesSource,
} from '../../controller/watched-resources.ts';
import { readConfig } from '../../core/config/config.ts';
import { explainOtherPools } from '../../core/explain/explain-config.ts';
import type { ExternalIPs } from '../../core/ledger/external-ips.ts';
import { hasStatusOnly, stateOf } from '../../core/ledger/service-state.ts';
import { type Claim, claimOf, namesAddress } from '../../core/model/claim.ts';
import type { ConfigMap, KubeObject, ManagedFieldsEntry, Service } from '../../core/model/objects.ts';
import type { Options } from '../../core/model/options.ts';
import { keyOf, type ServiceKey, type ServiceView, viewOf } from '../../core/model/service-view.ts';
import { Interner } from '../../core/text/interner.ts';
import { type ClusterContext, type Listed, list, optional, readError } from './cluster-context.ts';
import type { ClusterFacts, FactSelection } from './cluster-facts.ts';
import { readClusterNetworks, readNodeNames } from './cluster-networks.ts';
import { readOtherPoolConfigMaps } from './control-plane.ts';
import { readSettings } from './controller-settings.ts';
import { readLeadership } from './leadership.ts';
import { readOtherAllocator, readServiceEvents } from './service-events.ts';

/**
 * Reads a cluster with the user's permissions. Services and the ConfigMap are required: rejects with a message that names
 * the missing permission. Anything else that cannot be read is skipped with a remark.
 */
export async function readCluster(context: ClusterContext, selection: FactSelection): Promise<ClusterFacts> {
  const remarks: string[] = [];
  const [{ items: services, resourceVersion }, settings] = await Promise.all([
    readServices(context, selection, remarks),
    readSettings(context, remarks),
  ]);
  const { options } = settings;
  // Before it writes such an adoption, the controller compares it with the Nodes as well.
  const needsNodes = services.some(({ view }) => hasStatusOnly(stateOf(view, options)));
  const readingOtherAllocator = selection.otherAllocator === true ? readOtherAllocator(context) : undefined;
  const [configMap, leadership, claims, cleanupCandidates, named, networks, nodes, events, externalIPs] =
    await Promise.all([
      readConfigMap(context, options),
      readLeadership(context, settings),
      options.claims ? readClaims(context, options, remarks) : [],
      selection.cleanup === true ? optional(readCleanupCandidates(context), [], remarks) : [],
      readByKey(context, keysMissingFrom(selection.named ?? [], services)),
      selection.networks === true ? readClusterNetworks(context, remarks) : undefined,
      needsNodes || (selection.nodeNames === true && services.some(({ view }) => showsOtherAddress(view)))
        ? readNodeNames(context, remarks)
        : undefined,
      readServiceEvents(context, selection.events === true ? (selection.named ?? []) : []),
      readExternalIPs(context),
    ]);
  const config = readConfig(configMap);
  const hasNoPools = config.pools.size === 0;
  const otherPoolConfigMaps =
    hasNoPools || selection.networks === true
      ? await readOtherPoolConfigMaps(context, options.configMap, hasNoPools)
      : [];
  // `check` reports them itself.
  if (hasNoPools && selection.networks !== true)
    remarks.push(...otherPoolConfigMaps.map((other) => explainOtherPools(other, options.configMap)));
  return {
    snapshot: {
      services: services.map(({ view }) => view),
      config,
      claims: claims ?? [],
      externalIPs,
      nodes,
      resourceVersion,
      readAt: context.wallMs,
    },
    options,
    origin: settings.origin,
    configMap,
    otherServices: [...cleanupCandidates, ...named],
    managedFields: new Map(services.map(({ view, managedFields }) => [keyOf(view), managedFields])),
    events,
    otherAllocator: await readingOtherAllocator,
    leadership,
    networks,
    readAt: context.wallMs,
    otherPoolConfigMaps,
    lacksIPAddresses: claims === undefined,
    remarks: [...settings.remarks, ...remarks],
  };
}

/** Whether the status shows an address that is not in the annotation. */
function showsOtherAddress({ statusIPs, annotation = '' }: ServiceView): boolean {
  return statusIPs.some((ip) => !annotation.includes(ip));
}

const noTypeSelector =
  'This API server cannot select Services by type, which needs Kubernetes 1.31. The controller lists and watches all Services of the cluster instead.';

type ListedService = { view: ServiceView; managedFields: readonly ManagedFieldsEntry[] };

/** Lists all Services of type LoadBalancer. */
export async function readServices(
  context: ClusterContext,
  selection: FactSelection,
  remarks: string[] = [],
): Promise<Listed<ListedService>> {
  const { path, fieldSelector = '', matches, project } = servicesSource(new Interner());
  const listed = (object: KubeObject): ListedService | undefined =>
    matches?.(object) === false
      ? undefined
      : { view: project(object), managedFields: object.metadata.managedFields ?? [] };
  const withManagedFields = selection.managedFields === true;
  const { items, resourceVersion } = await list(
    context,
    path,
    { fieldSelector },
    listed,
    withManagedFields,
  ).catch((error: unknown) => {
    // API servers before 1.31 reject the selector.
    if (error instanceof ApiError && error.status === 400) {
      // `check` asks for the networks, and is about what differs from the usual.
      if (selection.networks === true) remarks.push(noTypeSelector);
      return list(context, path, {}, listed, withManagedFields);
    }
    throw readError(error, 'Services in all namespaces', 'list services in all namespaces');
  });
  return { items: items.filter((one) => one !== undefined), resourceVersion };
}

async function readConfigMap(context: ClusterContext, options: Options): Promise<ConfigMap | undefined> {
  const { path } = configMapSource(options);
  const { namespace, name } = options.configMap;
  try {
    return await context.api.get<ConfigMap>(`${path}/${name}`, context.signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw readError(error, `the ConfigMap ${namespace}/${name}`, `get configmaps in ${namespace}`);
  }
}

/** Undefined if the API server does not know IPAddress. */
export async function readClaims(
  context: ClusterContext,
  options: Options,
  remarks: string[],
): Promise<Claim[] | undefined> {
  const project = (object: KubeObject): Claim | undefined =>
    namesAddress(object) ? claimOf(object, options.controller) : undefined;
  const reading = list(context, claimsPath, {}, project).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  });
  const none: Pick<Listed<Claim | undefined>, 'items'> = { items: [] };
  const listed = await optional(reading, none, remarks);
  return listed?.items.filter((claim) => claim !== undefined);
}

async function readCleanupCandidates(context: ClusterContext): Promise<ServiceView[]> {
  const { path, labelSelector, matches, project } = cleanupSource(new Interner());
  const read = (object: KubeObject): ServiceView | undefined =>
    matches?.(object) === false ? undefined : project(object);
  const { items } = await list(context, path, { labelSelector }, read);
  return items.filter((view) => view !== undefined);
}

async function readExternalIPs(context: ClusterContext): Promise<ExternalIPs[]> {
  const { path, fieldSelector, matches, project } = externalIPsSource;
  const read = (object: KubeObject): ExternalIPs | undefined => {
    const service = matches?.(object) === false ? undefined : project(object);
    return service === undefined || service.addresses.length === 0 ? undefined : service;
  };
  const listed = await list(context, path, { fieldSelector }, read).catch((error: unknown) => {
    // API servers before 1.31 reject the selector.
    if (error instanceof ApiError && error.status === 400) return list(context, path, {}, read);
    throw readError(error, 'Services in all namespaces', 'list services in all namespaces');
  });
  return listed.items.filter((service) => service !== undefined);
}

function keysMissingFrom(keys: readonly ServiceKey[], services: readonly ListedService[]): ServiceKey[] {
  const listed = new Set(services.map(({ view }) => keyOf(view)));
  return keys.filter((key) => !listed.has(key));
}

/** Reads Services of other types. Those that do not exist are omitted. */
async function readByKey(
  { api, signal }: ClusterContext,
  keys: readonly ServiceKey[],
): Promise<ServiceView[]> {
  const reads = keys.map(async (key) => {
    const [namespace = '', name = ''] = key.split('/').map(encodeURIComponent);
    try {
      return [viewOf(await api.get<Service>(`/api/v1/namespaces/${namespace}/services/${name}`, signal))];
    } catch (error) {
      if (error instanceof ApiError) return [];
      throw error;
    }
  });
  return (await Promise.all(reads)).flat();
}
