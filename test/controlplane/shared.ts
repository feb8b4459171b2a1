import { type Etcd, startEtcd } from './etcd.ts';

/** Set by the global setup of a test run for its test files. */
const variable = 'KVCP_TEST_ETCD';

/** Starts the etcd that all test files of a run share through an environment variable. */
export async function startSharedEtcd(binaries: string): Promise<Etcd> {
  const etcd = await startEtcd(binaries);
  process.env[variable] = etcd.url;
  return etcd;
}

/** The shared etcd, or a new one if the test file runs alone. */
export async function sharedEtcd(binaries: string): Promise<Etcd> {
  const url = process.env[variable];
  if (url === undefined) return startEtcd(binaries);
  return { url, stop: () => Promise.resolve() };
}
