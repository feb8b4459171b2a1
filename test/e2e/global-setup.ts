import { locateBinaries } from '../controlplane/binaries.ts';
import type { Etcd } from '../controlplane/etcd.ts';
import { startSharedEtcd } from '../controlplane/shared.ts';
import { type Bundle, buildSharedBundle } from './bundle.ts';

/** For `node --test --test-global-setup`: the resources that all test files of a run share. */

let etcd: Etcd | undefined;
let bundle: Bundle | undefined;

export async function globalSetup(): Promise<void> {
  const { folder, missing } = locateBinaries(process.env);
  if (missing.length > 0) return;
  bundle = await buildSharedBundle();
  etcd = await startSharedEtcd(folder);
}

export async function globalTeardown(): Promise<void> {
  await etcd?.stop();
  bundle?.remove();
}
