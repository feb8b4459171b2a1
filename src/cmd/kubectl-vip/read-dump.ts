import type { Clock, Random } from '../../client/transport.ts';
import { readConfig } from '../../core/config/config.ts';
import type { AddressMap } from '../../core/ip/address-map.ts';
import { externalIPsOf } from '../../core/ledger/external-ips.ts';
import { namesByAddress } from '../../core/model/node.ts';
import type { ConfigMap, Service } from '../../core/model/objects.ts';
import { keyOf, viewOf } from '../../core/model/service-view.ts';
import { printable } from '../../core/text/quote.ts';
import { createEmbeddedApi } from '../../embedded/embedded-api.ts';
import { nodesIn } from '../../manifest/cluster-objects.ts';
import { type Manifests, type ManifestText, readManifests } from '../../manifest/manifests.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import type { SettingFlags } from './setting-flags.ts';
import { settingsFrom } from './settings.ts';

export interface FilesContext {
  readonly texts: readonly ManifestText[];
  readonly flags: SettingFlags;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Reads Services, Nodes and the ConfigMap from a dump instead of a cluster, with the defaults that an API server would set. If
 * anything cannot be read, throws one error with all messages.
 */
export function readFiles({ texts, flags, clock, random }: FilesContext): ClusterFacts {
  const { options, origin, remarks: settingsRemarks } = settingsFrom(undefined, flags);
  const { objects, remarks, errors, skipped } = readManifests(texts, { configMap: options.configMap });
  const embedded = createEmbeddedApi({ clock, random });
  const rejected: string[] = [];
  for (const object of objects) {
    try {
      embedded.load(object);
    } catch (error) {
      const { kind, metadata } = object;
      const reason = error instanceof Error ? error.message : String(error);
      rejected.push(
        `${kind} ${metadata.namespace}/${metadata.name}: Kubernetes would reject it: ${printable(reason)}`,
      );
    }
  }
  const failures = [...errors, ...rejected];
  if (failures.length > 0) throw new Error(failures.join('\n'));
  const services = embedded.objects('services') as readonly Service[];
  const configMap = (embedded.objects('configmaps') as readonly ConfigMap[])[0];
  const read = services.map((service) => ({
    view: viewOf(service),
    managedFields: service.metadata.managedFields ?? [],
  }));
  const views = read.map(({ view }) => view);
  return {
    snapshot: {
      services: views.filter(({ type }) => type === 'LoadBalancer'),
      config: readConfig(configMap),
      claims: [],
      externalIPs: services.filter(({ spec }) => spec?.type !== 'LoadBalancer').map(externalIPsOf),
      nodes: nodeNamesIn(skipped),
      resourceVersion: views.reduce(
        (newest, { resourceVersion }) =>
          Number(resourceVersion) > Number(newest) ? resourceVersion : newest,
        '0',
      ),
    },
    options,
    origin,
    configMap,
    otherServices: views.filter(({ type }) => type !== 'LoadBalancer'),
    managedFields: new Map(read.map(({ view, managedFields }) => [keyOf(view), managedFields])),
    leadership: undefined,
    networks: undefined,
    readAt: undefined,
    lacksIPAddresses: false,
    otherPoolConfigMaps: [],
    remarks: [...settingsRemarks, ...remarks],
  };
}

/** The name of the Node that has an address, if there are Nodes among the objects of a file. */
export function nodeNamesIn(objects: Manifests['skipped']): AddressMap<string> | undefined {
  const nodes = nodesIn(objects);
  return nodes.length === 0 ? undefined : namesByAddress(nodes);
}
