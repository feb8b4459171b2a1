import type { Clock, Random } from '../../client/transport.ts';
import { readConfig } from '../../core/config/config.ts';
import type { ConfigMap, Service } from '../../core/model/objects.ts';
import { keyOf, viewOf } from '../../core/model/service-view.ts';
import { printable } from '../../core/text/quote.ts';
import { createEmbeddedApi } from '../../embedded/embedded-api.ts';
import { type ManifestText, readManifests } from '../../manifest/manifests.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { type SettingFlags, settingsFrom } from './settings.ts';

export interface FilesContext {
  readonly texts: readonly ManifestText[];
  readonly flags: SettingFlags;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Reads a dump in place of a cluster: Services and the ConfigMap, with the defaults that an API server would give them.
 * Throws, with all of its sentences, where something cannot be read.
 */
export function readFiles({ texts, flags, clock, random }: FilesContext): ClusterFacts {
  const { options, origin, remarks: doubts } = settingsFrom(undefined, flags);
  const { objects, remarks, errors } = readManifests(texts, { configMap: options.configMap });
  const embedded = createEmbeddedApi({ clock, random });
  const refused: string[] = [];
  for (const object of objects) {
    try {
      embedded.load(object);
    } catch (error) {
      const { kind, metadata } = object;
      const why = error instanceof Error ? error.message : String(error);
      refused.push(
        `${kind} ${metadata.namespace}/${metadata.name}: Kubernetes refuses it: ${printable(why)}`,
      );
    }
  }
  const wrong = [...errors, ...refused];
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
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
      resourceVersion: views.reduce(
        (newest, { resourceVersion }) =>
          Number(resourceVersion) > Number(newest) ? resourceVersion : newest,
        '0',
      ),
    },
    options,
    origin,
    configMap,
    others: views.filter(({ type }) => type !== 'LoadBalancer'),
    managedFields: new Map(read.map(({ view, managedFields }) => [keyOf(view), managedFields])),
    leadership: undefined,
    networks: undefined,
    remarks: [...doubts, ...remarks],
  };
}
