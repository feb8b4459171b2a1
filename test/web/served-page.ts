import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/client/clock.ts';
import { createSandbox, type Sandbox } from '../../src/cmd/sandbox/sandbox.ts';
import type { KubeObject, Service } from '../../src/core/model/objects.ts';
import { readManifests } from '../../src/manifest/manifests.ts';
import { serveWeb, type WebPage } from '../../src/web/serve.ts';
import { options } from '../core/assigned-services.ts';
import { eventually } from '../e2e/eventually.ts';
import { silentLog } from './silent-log.ts';

/** The page of a real controller that runs on the embedded API. */
export interface ServedPage {
  readonly url: string;
  readonly sandbox: Sandbox;
  /** Resolves once the page's server has the Service. */
  create(service: Service): Promise<void>;
  remove(namespace: string, name: string): Promise<void>;
  close(): Promise<void>;
}

export async function servePage(objects: readonly KubeObject[]): Promise<ServedPage> {
  let page: WebPage | undefined;
  const sandbox = await createSandbox({
    objects,
    options,
    log: silentLog,
    version: '1.2.3',
    onUpdate: () => page?.changed(),
    onRejected(object, why) {
      throw new Error(`${object.metadata.name}: ${why}`);
    },
  });
  const { allocator } = sandbox;
  const context = {
    allocator,
    options,
    clock: systemClock,
    version: '1.2.3',
    role: () => 'leader' as const,
  };
  page = await serveWeb(context, 0);
  await sandbox.settled();
  const pageUrl = page.url;
  const serviceUrl = (namespace: string, name = ''): string =>
    `${sandbox.url}/api/v1/namespaces/${namespace}/services/${name}`.replace(/\/$/, '');
  const send = async (url: string, init: RequestInit): Promise<void> => {
    const response = await fetch(url, init);
    if (!response.ok) throw new Error(`${init.method} ${url}: ${response.status} ${await response.text()}`);
  };
  return {
    url: page.url,
    sandbox,
    async create(service) {
      const { namespace = 'default', name } = service.metadata;
      await send(serviceUrl(namespace), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiVersion: 'v1', kind: 'Service', ...service }),
      });
      // An earlier request would get 404, which the browser writes to its console.
      const detail = `${pageUrl}api/service/${namespace}/${name}`;
      await eventually(async () => assert.equal((await fetch(detail)).status, 200, detail));
    },
    remove: (namespace, name) => send(serviceUrl(namespace, name), { method: 'DELETE' }),
    async close() {
      page?.close();
      await sandbox.close();
    },
  };
}

/** The objects of `npm start`. */
export function exampleWorld(): readonly KubeObject[] {
  const name = 'examples/world.yaml';
  const text = readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
  return readManifests([{ name, text }], { configMap: options.configMap }).objects;
}
