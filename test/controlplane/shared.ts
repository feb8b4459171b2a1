import { type Etcd, startEtcd } from './etcd.ts';

/** Set by the global setup of a test run, for the processes of its test files. */
const variable = 'KVCP_TEST_ETCD';

/** Starts the one etcd of a test run; test files find it by the environment that they inherit. */
export async function startSharedEtcd(binaries: string): Promise<Etcd> {
  const etcd = await startEtcd(binaries);
  process.env[variable] = etcd.url;
  return etcd;
}

/** The etcd of the test run, or one of its own for a file that is run alone. */
export async function sharedEtcd(binaries: string): Promise<Etcd> {
  const url = process.env[variable];
  if (url === undefined) return startEtcd(binaries);
  return { url, stop: () => Promise.resolve() };
}
