import type { Clock, HttpRequest, HttpResponse, Random, Transport } from '../client/transport.ts';
import type { KubeObject } from '../core/model/objects.ts';
import { type ApiRoute, route } from './api-route.ts';
import { isObject, type Json } from './json.ts';
import { list, selectableFields, selects } from './list-objects.ts';
import { readListOptions } from './query.ts';
import type { Resource } from './resource.ts';
import { resources } from './resources.ts';
import { badRequest, noSuchPath, notFound, notOffered, StatusError, type StatusObject } from './status.ts';
import { type Backup, keyAt, Store } from './store.ts';
import type { Target } from './target.ts';
import { watch } from './watch.ts';
import { ObjectWriter } from './writer.ts';

/**
 * A small Kubernetes API in this process, for the sandbox and for fast tests: Services, ConfigMaps, Events, Leases,
 * Nodes and IPAddresses. The contract suite (test/contract) checks it and kube-apiserver alike. Unlike kube-apiserver, it has every
 * namespace, allocates no node ports, authorizes every request, and does not restore a deleted IPAddress of a cluster IP.
 */
export interface EmbeddedApi {
  /** Responds to one request; server.ts serves it over HTTP. */
  transport: Transport;
  /**
   * Stores an object from a file or a dump with its own uid, times, status and deletionTimestamp. Throws a StatusError
   * with the API server's message if Kubernetes would reject the object.
   */
  load(object: unknown): KubeObject;
  /** All objects of a resource (`services`), ordered by namespace and name. They are frozen. */
  objects(plural: string): readonly KubeObject[];
  /** Drops the history: an earlier watch or list gets 410 Expired. */
  compact(): void;
  /** What a later API can start with, as if etcd had been restored. */
  backup(): Backup;
}

export interface EmbeddedApiOptions {
  clock: Clock;
  random: Random;
  /** The minimum number of past changes of each resource that a watch can start from. */
  history?: number;
  /** What it starts with; nothing by default. */
  from?: Backup;
}

/** A real server has written its own objects before the first client connects. */
const empty: Backup = { revision: 1000, objects: new Map() };

const mergePatchType = 'application/merge-patch+json';

export function createEmbeddedApi({
  clock,
  random,
  history = 10_000,
  from = empty,
}: EmbeddedApiOptions): EmbeddedApi {
  const known = resources();
  const plurals = known.map(({ plural }) => plural);
  const store = new Store(plurals, from, history);
  for (const resource of known)
    for (const object of store.collection(resource.plural).all()) resource.written(object, undefined);
  const writer = new ObjectWriter(store, clock, random);

  const read = (at: ApiRoute, query: URLSearchParams, signal: AbortSignal): HttpResponse => {
    const { resource, namespace, name } = at;
    if (name !== undefined) {
      const object = store.collection(resource.plural).get(keyAt(namespace, name));
      if (object === undefined) throw notFound(resource, name);
      return jsonResponse(200, object);
    }
    const options = readListOptions(query, selectableFields(resource));
    const selected = selects(resource, namespace, options);
    if (!options.watch) return jsonResponse(200, list(store, resource, selected, options));
    const body = watch({ store, clock, random }, resource, selected, options, signal);
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  };

  const change = (request: HttpRequest, at: ApiRoute, query: URLSearchParams): HttpResponse => {
    if (query.has('dryRun')) throw notOffered('dryRun');
    const { resource, namespace, name, subresource } = at;
    const manager = managerOf(request, query);
    if (resource.isNamespaced && namespace === undefined) throw methodNotAllowed();
    if (name === undefined) {
      if (request.method !== 'POST') throw methodNotAllowed();
      return jsonResponse(
        201,
        writer.create(resource, { namespace, name: '', subresource, manager }, bodyOf(request)),
      );
    }
    const target: Target = { namespace, name, subresource, manager };
    switch (request.method) {
      case 'PUT': {
        const { object, created } = writer.replace(resource, target, bodyOf(request));
        return jsonResponse(created ? 201 : 200, object);
      }
      case 'PATCH':
        return jsonResponse(200, writer.patch(resource, target, patchOf(request)));
      case 'DELETE': {
        if (subresource !== undefined) throw methodNotAllowed();
        const options = request.body ? bodyOf(request) : {};
        const last = writer.delete(resource, target, isObject(options) ? options : {});
        const isGone = store.collection(resource.plural).get(keyAt(namespace, name)) === undefined;
        return jsonResponse(200, isGone && !resource.returnsDeleted ? deletedStatus(resource, last) : last);
      }
      default:
        throw methodNotAllowed();
    }
  };

  return {
    async transport(request, signal) {
      signal.throwIfAborted();
      const [path = '', search = ''] = request.path.split('?', 2);
      const query = new URLSearchParams(search);
      try {
        const at = route(path, known);
        if (at === undefined) throw noSuchPath();
        return request.method === 'GET' ? read(at, query, signal) : change(request, at, query);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        return errorResponse(error);
      }
    },
    load(object) {
      const { kind, apiVersion } = isObject(object) ? object : {};
      const resource = known.find((one) => one.kind === kind && one.apiVersion === apiVersion);
      if (resource === undefined)
        throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
      return writer.load(resource, object as Json);
    },
    objects: (plural) => store.collection(plural).all(),
    compact: () => store.compact(),
    backup: () => store.backup(),
  };
}

/** The manager in managedFields: apiserver's pkg/endpoints/handlers/fieldmanager. */
function managerOf({ headers }: HttpRequest, query: URLSearchParams): string {
  const agent = (headers['user-agent'] ?? '').split('/')[0] ?? '';
  return query.get('fieldManager') || agent.slice(0, 128) || 'unknown';
}

function mediaType({ headers }: HttpRequest): string {
  return (headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? '';
}

function bodyOf(request: HttpRequest): Json {
  if (mediaType(request) !== 'application/json') throw unsupportedMediaType();
  const text = request.body ?? '';
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized: couldn't get version/kind; json parse error: ${error}`,
    );
  }
}

function patchOf(request: HttpRequest): Json {
  if (mediaType(request) !== mergePatchType) throw unsupportedMediaType();
  try {
    return JSON.parse(request.body ?? '') as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error}`);
  }
}

function unsupportedMediaType(): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: application/json, ${mergePatchType}`;
  return new StatusError(415, 'UnsupportedMediaType', message);
}

function methodNotAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError(405, 'MethodNotAllowed', message, {});
}

function deletedStatus({ plural, group }: Resource, { metadata: { name, uid } }: KubeObject): StatusObject {
  const details = {
    name,
    ...(group === '' ? {} : { group }),
    kind: plural,
    ...(uid === undefined ? {} : { uid }),
  };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

function jsonResponse(status: number, json: unknown): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: once(JSON.stringify(json)) };
}

function errorResponse({ status }: StatusError): HttpResponse {
  const response = jsonResponse(status.code ?? 500, status);
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.headers['retry-after'] = String(retryAfter);
  return response;
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
