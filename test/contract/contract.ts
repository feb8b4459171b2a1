import { clusterIPs } from './cluster-ips.ts';
import { deleting } from './deletions.ts';
import type { Server } from './http.ts';
import { addressNames, ipAddresses, parents } from './ip-addresses.ts';
import { configMaps, events, leases, nodes } from './kinds.ts';
import { listing, selecting } from './lists.ts';
import { managedFields } from './managed-fields.ts';
import { creating, replacing } from './objects.ts';
import { oldServers } from './old-servers.ts';
import { patching } from './patches.ts';
import { statusWrites } from './service-status.ts';
import { validating } from './service-validation.ts';
import { defaulting, typeChanges } from './services.ts';
import { selectedWatching, watchBeginning, watchEnding, watching } from './watches.ts';
import { type SuiteOptions, suite } from './world.ts';

/**
 * The behavior of a Kubernetes API that the controller and its tests rely on. It runs on the embedded API and on
 * kube-apiserver: if the two differ, the embedded API is wrong.
 */
export function contract(title: string, connect: () => Promise<Server>, options: SuiteOptions = {}): void {
  const groups = {
    ...{ watchEnding, watching, selectedWatching, watchBeginning },
    ...{ creating, replacing, patching, deleting, managedFields },
    ...{ listing, selecting, configMaps, leases, events, nodes },
    ...{ ipAddresses, addressNames, parents, clusterIPs, oldServers },
    ...{ defaulting, typeChanges, statusWrites, validating },
  };
  suite(title, connect, groups, options);
}
